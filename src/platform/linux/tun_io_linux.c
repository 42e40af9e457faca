/* SPDX-License-Identifier: MIT */
/* Packets from and to the TUN device of Linux: one a read; several a write where io_uring is there;
 * super-packets whole where the device offloads. */
#include "platform/linux/tun_linux.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "packet/split.h"
#include "packet/vnet.h"

#define REFUSALS 3 /* consecutive, of one kind: this kernel does not support it */

static bool device_gone(int error)
{
	return error == EBADFD || error == ENODEV || error == EBADF;
}

/* One packet, its header in the headroom. Returns as read(2), without the header's length. */
static ssize_t packet_read(const struct tun_linux *dev, struct xt_pkt *pkt)
{
	size_t head = dev->vnet ? XT_VNET_LEN : 0;
	ssize_t len;

	_Static_assert(XT_VNET_LEN <= XT_HEADROOM, "the header must fit the headroom");
	do
		len = read(dev->fd, pkt->data - head, XT_PACKET_MAX + head);
	while (len < 0 && errno == EINTR);
	if (len < 0 || !dev->vnet)
		return len;
	if (len < (ssize_t)head)
		return 0;
	len -= (ssize_t)head;
	if (!xt_vnet_decode(&pkt->gso, pkt->data - head, (size_t)len))
		pkt->verdict = XT_DROP_MALFORMED;
	return len;
}

int tun_linux_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	const struct tun_linux *dev = XT_CONTAINER(tun, struct tun_linux, tun);
	size_t total = 0;
	int n = 0;

	while (total < budget_bytes) {
		struct xt_pkt *pkt = xt_batch_add(batch, XT_PACKET_MAX);
		ssize_t len;

		if (!pkt)
			break;
		len = packet_read(dev, pkt);
		if (len <= 0) {
			int error = len < 0 ? errno : EAGAIN;

			xt_batch_drop_last(batch);
			if (error == EAGAIN || error == ENOBUFS || error == ENOMEM)
				break;
			/* deliver what was read before: the next read returns the error again */
			return n > 0 ? n : -(device_gone(error) ? ENODEV : error);
		}
		pkt->len = (uint32_t)len;
		xt_batch_trim(batch);
		total += (size_t)len;
		n++;
	}
	return n;
}

/* The bytes to write for a packet: its header is in the headroom. */
static struct iovec packet_bytes(const struct tun_linux *dev, const struct xt_pkt *pkt)
{
	size_t head = dev->vnet ? XT_VNET_LEN : 0;

	if (dev->vnet)
		xt_vnet_encode(pkt->data - head, &pkt->gso);
	return (struct iovec){pkt->data - head, pkt->len + head};
}

/* 0, or the errno. */
static int packet_write(const struct tun_linux *dev, const struct xt_pkt *pkt)
{
	struct iovec vec = packet_bytes(dev, pkt);
	ssize_t len;

	do
		len = write(dev->fd, vec.iov_base, vec.iov_len);
	while (len < 0 && errno == EINTR);
	return len < 0 ? errno : len < (ssize_t)vec.iov_len ? EIO : 0;
}

/* Write a super-packet that the device refused as segments. How many it accepted; -ENODEV. */
static int segments_write(struct tun_linux *dev, const struct xt_pkt *pkt)
{
	struct xt_pkt copy = *pkt;
	struct xt_batch one = {.pkts = &copy, .n = 1, .cap = 1};
	struct xt_split at = {0};
	bool whole;
	int n = 0;

	do {
		xt_batch_reset(dev->segments);
		whole = xt_split(&at, &one, dev->segments);
		for (uint32_t i = 0; i < dev->segments->n; i++) {
			const struct xt_pkt *segment = &dev->segments->pkts[i];
			int error =
			    segment->verdict == XT_PASS ? packet_write(dev, segment) : EINVAL;

			if (device_gone(error))
				return -ENODEV;
			n += error == 0;
		}
	} while (!whole);
	return n;
}

static bool super_refused(int error)
{
	return error == EINVAL || error == EOPNOTSUPP || error == EMSGSIZE;
}

/* Repeated refusals of a kind that the device accepts as segments switch that offload off. */
static int super_retry(struct tun_linux *dev, struct xt_pkt *pkt)
{
	unsigned kind = pkt->gso.kind == XT_GSO_UDP ? XT_MERGE_UDP : XT_MERGE_TCP;
	int n = segments_write(dev, pkt);

	if (n > 0) {
		dev->tun.fallbacks++;
		if (++dev->refused[pkt->gso.kind] == REFUSALS)
			dev->tun.tx_offloads &= ~kind;
	}
	return n;
}

/* Judge a packet that was written (error 0) or refused. false: the device is gone. */
static bool packet_judge(struct tun_linux *dev, struct xt_pkt *pkt, int error)
{
	bool super = pkt->gso.kind != XT_GSO_NONE && pkt->gso.kind <= XT_GSO_UDP;
	int segments = 0;

	if (super && error == 0)
		dev->refused[pkt->gso.kind] = 0;
	else if (super && super_refused(error) && dev->segments)
		segments = super_retry(dev, pkt);
	/* EIO: not up; EAGAIN, ENOBUFS: its queue is full; EINVAL: no IP packet */
	if (error != 0 && segments == 0)
		pkt->verdict = XT_DROP_TUN;
	return !device_gone(error) && segments >= 0;
}

/* Write the packets of batch from *at on by one system call; *n counts those written. A ring that
 * failed is freed, and *at is where to continue without it. false: the device is gone. */
static bool ring_send(struct tun_linux *dev, struct xt_batch *batch, uint32_t *at, int *n)
{
	struct iovec vecs[XT_RING_MAX] = {0};
	uint32_t which[XT_RING_MAX];
	int results[XT_RING_MAX];
	unsigned k = 0, tried;
	bool failed;

	for (; *at < batch->n && k < XT_RING_MAX; ++*at) {
		if (batch->pkts[*at].verdict != XT_PASS)
			continue;
		vecs[k] = packet_bytes(dev, &batch->pkts[*at]);
		which[k++] = *at;
	}
	tried = xt_ring_write(dev->ring, dev->fd, vecs, k, results);
	failed = tried < k;
	for (unsigned i = 0; i < tried; i++) {
		struct xt_pkt *pkt = &batch->pkts[which[i]];
		int error = results[i] < 0			   ? -results[i]
			    : (size_t)results[i] < vecs[i].iov_len ? EIO
								   : 0;

		/* A kernel whose ring cannot write to a TUN device without waiting returns EAGAIN
		 * for every write. */
		if (error == EAGAIN && (error = packet_write(dev, pkt)) == 0)
			failed = true;
		if (!packet_judge(dev, pkt, error))
			return false;
		*n += pkt->verdict == XT_PASS;
	}
	if (failed) {
		*at = tried < k ? which[tried] : *at;
		xt_ring_free(dev->ring);
		dev->ring = NULL;
	}
	return true;
}

int tun_linux_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct tun_linux *dev = XT_CONTAINER(tun, struct tun_linux, tun);
	int n = 0;

	for (uint32_t i = 0; i < batch->n;) {
		struct xt_pkt *pkt = &batch->pkts[i];
		bool super = pkt->gso.kind != XT_GSO_NONE;

		if (dev->ring && batch->n - i > 1) {
			if (!ring_send(dev, batch, &i, &n))
				return -ENODEV;
			continue;
		}
		i++;
		if (pkt->verdict != XT_PASS)
			continue;
		if (!packet_judge(dev, pkt, super && !dev->vnet ? EINVAL : packet_write(dev, pkt)))
			return -ENODEV;
		n += pkt->verdict == XT_PASS;
	}
	return n;
}
