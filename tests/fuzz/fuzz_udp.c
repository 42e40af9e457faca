/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* parses: src/platform/linux/udp_recv_linux.c src/platform/linux/udp_errors_linux.c */
/* What the kernel hands over with datagrams and with ICMP errors: recvmmsg is replaced by one that
 * takes sources, control messages and lengths from the input. Every datagram of the batch lies
 * inside its slot, and together they are the bytes that were read.
 * Input: a byte of flags (bit 0: a small batch, bit 1: offloads), then reads: source, control
 * messages, two bytes of length. Bit 7 of the first byte of a read ends a call. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "fuzz/input.h"
#include "platform/linux/udp_linux.h"

static struct {
	struct input in;
	size_t bytes;
} fake;

static void name_fill(struct msghdr *msg, uint8_t kind)
{
	union udp_name name = {.any = {.sa_family = kind & 2 ? AF_INET6 : AF_INET}};
	size_t len;
	uint8_t *bytes = input_bytes(&fake.in, kind & 2 ? 20 : 6, &len);

	if (kind & 2 && len == 20) {
		memcpy(&name.v6.sin6_port, bytes, 2);
		memcpy(&name.v6.sin6_addr, bytes + 2, 16);
		name.v6.sin6_scope_id = bytes[19];
	} else if (len == 6) {
		memcpy(&name.v4.sin_port, bytes, 2);
		memcpy(&name.v4.sin_addr, bytes + 2, 4);
	}
	free(bytes);
	if (kind & 4)
		name.any.sa_family = AF_UNIX;
	msg->msg_namelen = kind & 8 ? 2 : (socklen_t)(kind & 2 ? sizeof(name.v6) : sizeof(name.v4));
	memcpy(msg->msg_name, &name, sizeof(name));
}

/* Well-formed control messages of the kinds that are read, and of any. */
static void control_fill(struct msghdr *msg, uint8_t count)
{
	static const int kinds[][2] = {
	    {IPPROTO_IP, IP_PKTINFO},	  {IPPROTO_IPV6, IPV6_PKTINFO}, {IPPROTO_IP, IP_TOS},
	    {IPPROTO_IPV6, IPV6_TCLASS},  {SOL_UDP, UDP_GRO},		{IPPROTO_IP, IP_RECVERR},
	    {IPPROTO_IPV6, IPV6_RECVERR}, {SOL_SOCKET, SO_TIMESTAMP},
	};
	size_t room = msg->msg_controllen, used = 0;

	while (count--) {
		uint8_t kind = input_byte(&fake.in), n = input_byte(&fake.in) & 63;
		struct cmsghdr head = {.cmsg_len = CMSG_LEN(n),
				       .cmsg_level = kinds[kind & 7][0],
				       .cmsg_type = kinds[kind & 7][1]};
		uint8_t *bytes;
		size_t len;

		if (used + CMSG_SPACE(n) > room)
			break;
		bytes = input_bytes(&fake.in, n, &len);
		memset((uint8_t *)msg->msg_control + used, 0, CMSG_SPACE(n));
		memcpy((uint8_t *)msg->msg_control + used, &head, sizeof(head));
		memcpy((uint8_t *)msg->msg_control + used + CMSG_LEN(0), bytes, len);
		used += CMSG_SPACE(n);
		free(bytes);
	}
	msg->msg_controllen = used;
}

/* Of libc. */
int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags, struct timespec *timeout)
{
	unsigned i = 0;

	(void)fd;
	(void)timeout;
	for (bool last = false; i < n && fake.in.len > 0 && !last; i++) {
		struct msghdr *msg = &msgs[i].msg_hdr;
		uint8_t kind = input_byte(&fake.in);
		uint32_t len;

		name_fill(msg, kind);
		control_fill(msg, kind >> 4 & 3);
		last = kind & 0x80;
		msg->msg_flags = kind & 0x40 ? MSG_TRUNC : 0;
		if (flags & MSG_ERRQUEUE)
			continue;
		len = input_number(&fake.in);
		len = XT_MIN(len, (uint32_t)msg->msg_iov->iov_len);
		memset(msg->msg_iov->iov_base, (int)i, len);
		msgs[i].msg_len = len;
		fake.bytes += len;
	}
	if (i == 0)
		errno = EAGAIN;
	return i ? (int)i : -1;
}

static size_t batch_check(const struct xt_batch *batch)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		const struct xt_path *path = pkt->from;

		check(path && (path->remote.ip.family == 4 || path->remote.ip.family == 6));
		check(path->local.family == 0 || path->local.family == 4 ||
		      path->local.family == 6);
		check(pkt->len <= XT_PACKET_MAX && pkt->ecn <= 3);
		check(pkt->data >= batch->slab &&
		      pkt->data + pkt->len <= batch->slab + batch->slab_len);
		for (uint32_t j = 1; j < pkt->len; j++)
			check(pkt->data[j] == pkt->data[0]);
		bytes += pkt->len;
	}
	return bytes;
}

static void notes_check(struct xt_udp *udp)
{
	check(udp->n_notes <= XT_UDP_NOTES);
	for (uint32_t i = 0; i < udp->n_notes; i++)
		check(udp->notes[i].remote.ip.family == 4 || udp->notes[i].remote.ip.family == 6);
	udp->n_notes = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct xt_udp *udp;
	static struct xt_batch *batches[2];
	struct xt_batch *batch;
	size_t bytes = 0;

	if (!udp)
		check(!xt_udp_open(&udp, 0, 0) && !xt_batch_new(&batches[0], 512, 1u << 20) &&
		      !xt_batch_new(&batches[1], 16, 2 * XT_UDP_SLOT));
	fake.in = (struct input){data, len};
	fake.bytes = 0;
	batch = batches[input_byte(&fake.in) & 1];
	for (unsigned i = 0; (fake.in.len || udp->pending) && i < 1u << 18; i++) {
		xt_batch_reset(batch);
		(void)udp->ops->recv(udp, batch, 1u << 17);
		bytes += batch_check(batch);
		if (input_byte(&fake.in) & 1)
			udp->ops->take_errors(udp, 0);
		notes_check(udp);
	}
	fake.in.len = 0;
	for (unsigned i = 0; udp->pending && i < 1u << 18; i++) {
		xt_batch_reset(batch);
		(void)udp->ops->recv(udp, batch, 1u << 17);
		bytes += batch_check(batch);
	}
	check(!udp->pending && bytes <= fake.bytes);
	return 0;
}
