/* SPDX-License-Identifier: MIT */
/* Packets from and to the TUN devices of macOS, FreeBSD and OpenBSD, one a system call. The four
 * bytes of the address family stand in the headroom. */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/bsd/abi.h"
#include "platform/bsd/tun_bsd.h"

enum { FAMILY_LEN = 4, FAMILY_IPV4 = 2 };

static bool device_gone(int error)
{
	return error == ENXIO || error == ENODEV || error == EBADF;
}

/* Whether the family says what the first byte of the packet says. */
static bool family_agrees(const uint8_t *family, const uint8_t *packet, size_t len)
{
	uint32_t af = xt_be32_get(family);

	if (len == 0)
		return false;
	return (af == FAMILY_IPV4 && packet[0] >> 4 == 4) ||
	       (af == xt_abi.af_inet6 && packet[0] >> 4 == 6);
}

int tun_bsd_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	const struct tun_bsd *dev = XT_CONTAINER(tun, struct tun_bsd, tun);
	size_t total = 0;
	int n = 0;

	_Static_assert(FAMILY_LEN <= XT_HEADROOM, "the family must fit the headroom");
	while (total < budget_bytes) {
		struct xt_pkt *pkt = xt_batch_add(batch, XT_PACKET_MAX);
		ssize_t len;

		if (!pkt)
			break;
		do
			len = read(dev->fd, pkt->data - FAMILY_LEN, XT_PACKET_MAX + FAMILY_LEN);
		while (len < 0 && errno == EINTR);
		if (len <= 0) {
			int error = len < 0 ? errno : EAGAIN;

			xt_batch_drop_last(batch);
			if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS ||
			    error == ENOMEM)
				break;
			/* deliver what was read before: the next read returns the error again */
			return n > 0 ? n : -(device_gone(error) ? ENODEV : error);
		}
		pkt->len = len > FAMILY_LEN ? (uint32_t)(len - FAMILY_LEN) : 0;
		if (!family_agrees(pkt->data - FAMILY_LEN, pkt->data, pkt->len))
			pkt->verdict = XT_DROP_MALFORMED;
		xt_batch_trim(batch);
		total += pkt->len;
		n++;
	}
	return n;
}

/* 0, or the errno. The device takes no super-packets. */
static int packet_write(const struct tun_bsd *dev, struct xt_pkt *pkt)
{
	bool v6 = pkt->len > 0 && pkt->data[0] >> 4 == 6;
	ssize_t len;

	if (pkt->gso.kind != XT_GSO_NONE)
		return EINVAL;
	xt_be32_put(pkt->data - FAMILY_LEN, v6 ? xt_abi.af_inet6 : (uint32_t)FAMILY_IPV4);
	do
		len = write(dev->fd, pkt->data - FAMILY_LEN, pkt->len + FAMILY_LEN);
	while (len < 0 && errno == EINTR);
	return len < 0 ? errno : (size_t)len < pkt->len + FAMILY_LEN ? EIO : 0;
}

int tun_bsd_send(struct xt_tun *tun, struct xt_batch *batch)
{
	const struct tun_bsd *dev = XT_CONTAINER(tun, struct tun_bsd, tun);
	int n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];
		int error;

		if (pkt->verdict != XT_PASS)
			continue;
		error = packet_write(dev, pkt);
		/* ENETDOWN, EHOSTDOWN: not up; ENOBUFS, EAGAIN: its queue is full */
		if (error != 0)
			pkt->verdict = XT_DROP_TUN;
		if (device_gone(error))
			return -ENODEV;
		n += error == 0;
	}
	return n;
}
