/* SPDX-License-Identifier: MIT */
/* Receive datagrams, many a system call. Each read has a 64 KiB slot of the batch's slab; a read
 * that the kernel coalesced (UDP_GRO) becomes views of its slot, in order and without a copy. How
 * many datagrams a read returns is not known before, so reads that find the batch full are copied
 * aside. */
#include "platform/linux/udp_linux.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/room.h"

#define ERRORS_MAX 16 /* drained from one socket in one pass */
/* Reads a call while each may return 64 KiB: limits what may have to be copied aside. */
#define READS_GRO 16

/* The local address to answer from; none for a multicast address. */
static void source_get(struct xt_path *path, const struct cmsghdr *cmsg, size_t len)
{
	if (cmsg->cmsg_level == IPPROTO_IP && len >= sizeof(struct in_pktinfo)) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
		path->local.family = 4;
		memcpy(path->local.b, &info.ipi_spec_dst, 4);
		path->ifindex = (uint32_t)info.ipi_ifindex;
	} else if (cmsg->cmsg_level == IPPROTO_IPV6 && len >= sizeof(struct in6_pktinfo)) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
		path->ifindex = info.ipi6_ifindex;
		if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
			return;
		path->local.family = 6;
		memcpy(path->local.b, &info.ipi6_addr, 16);
	}
}

static int number_get(const struct cmsghdr *cmsg, size_t len)
{
	int value = 0;

	if (len >= sizeof(value))
		memcpy(&value, CMSG_DATA(cmsg), sizeof(value));
	else if (len == 1)
		value = *CMSG_DATA(cmsg);
	return value;
}

static void control_get(struct udp_read *read, struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		int level = cmsg->cmsg_level, type = cmsg->cmsg_type;
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);

		if ((level == IPPROTO_IP && type == IP_PKTINFO) ||
		    (level == IPPROTO_IPV6 && type == IPV6_PKTINFO)) {
			source_get(&read->path, cmsg, len);
		} else if ((level == IPPROTO_IP && type == IP_TOS) ||
			   (level == IPPROTO_IPV6 && type == IPV6_TCLASS)) {
			read->ecn = (uint8_t)(number_get(cmsg, len) & 3);
		} else if (level == SOL_UDP && type == UDP_GRO) {
			int seg = number_get(cmsg, len);

			if (seg > 0 && (uint32_t)seg < read->len)
				read->seg = (uint32_t)seg;
		}
	}
}

/* Message i of those received. False: truncated, or without a source address. */
static bool read_get(struct udp_receiving *in, uint32_t i, bool old, struct udp_read *read)
{
	struct msghdr *msg = &in->msgs[i].msg_hdr;
	sa_family_t family = in->names[i].any.sa_family;

	if ((msg->msg_flags & MSG_TRUNC) != 0 || msg->msg_namelen < sizeof(struct sockaddr_in) ||
	    (family != AF_INET && family != AF_INET6))
		return false;
	memset(read, 0, sizeof(*read));
	read->data = in->vecs[i].iov_base;
	read->len = read->seg = in->msgs[i].msg_len;
	read->path.old_port = old;
	(void)udp_name_get(&read->path.remote, &in->names[i]);
	control_get(read, msg);
	return true;
}

/* The next len bytes of read, the last ones or not, as a packet of the batch: a view of the slot,
 * or a copy when they are in the spill. In a slot only the last datagram has room behind it. The
 * sanitizer needs poisoned bytes between coalesced datagrams, so it gets copies of them. */
static struct xt_pkt *datagram_append(struct xt_batch *batch, const struct udp_read *read,
				      uint32_t len, bool spilled)
{
	bool last = len == read->len, isolated = XT_ASAN && !last && !spilled;
	struct xt_pkt *pkt;

	if (!spilled && !isolated)
		return last ? xt_batch_view(batch, read->data, len)
			    : xt_batch_view_bare(batch, read->data, len);
	pkt = xt_batch_add(batch, len);
	if (!pkt)
		return NULL;
	memcpy(pkt->data, read->data, len);
	pkt->len = len;
	xt_batch_trim(batch);
	if (isolated)
		xt_pkt_isolate(pkt);
	return pkt;
}

/* Move as many datagrams of read to the batch as it has room for. Returns how many; *all: none is
 * left. */
static uint32_t read_append(struct xt_batch *batch, struct udp_read *read, bool spilled, bool *all)
{
	struct xt_path *path;
	uint32_t n = 0;

	*all = false;
	if (batch->n == batch->cap || batch->n_paths == batch->cap)
		return 0;
	path = &batch->paths[batch->n_paths];
	*path = read->path;
	do {
		uint32_t len = XT_MIN(read->len, read->seg);
		struct xt_pkt *pkt = datagram_append(batch, read, len, spilled);

		if (!pkt)
			break;
		pkt->from = path;
		pkt->ecn = read->ecn;
		read->data += len;
		read->len -= len;
		*all = read->len == 0;
		n++;
	} while (read->len > 0);
	if (n > 0)
		batch->n_paths++;
	return n;
}

static void spill_put(struct udp_linux *sock, const struct udp_read *read)
{
	struct udp_read *kept = &sock->spill[sock->spill_first + sock->spill_n++];

	*kept = *read;
	kept->data = sock->spill_slab + sock->spill_used;
	memcpy(kept->data, read->data, read->len);
	sock->spill_used += read->len;
}

static uint32_t spill_take(struct udp_linux *sock, struct xt_batch *batch)
{
	uint32_t n = 0;

	while (sock->spill_n > 0) {
		bool all;

		n += read_append(batch, &sock->spill[sock->spill_first], true, &all);
		if (!all)
			return n;
		sock->spill_first++;
		sock->spill_n--;
	}
	sock->spill_first = 0;
	sock->spill_used = 0;
	return n;
}

/* Set up slots for the next call at the free end of the slab: as many as bring wanted_bytes if the
 * reads are like the last ones. */
static uint32_t slots_offer(struct udp_linux *sock, struct xt_batch *batch, size_t wanted_bytes,
			    size_t *at)
{
	struct udp_receiving *in = &sock->in;
	uint32_t room = batch->cap - batch->n, n;

	*at = XT_ALIGN_UP(batch->slab_used, (size_t)64);
	if (room == 0 || *at + XT_SLOT_MAX > batch->slab_len)
		return 0;
	n = XT_MAX(room / sock->guess, 1u);
	n = (uint32_t)XT_MIN(n, 1 + (wanted_bytes - 1) / sock->guess_bytes);
	n = XT_MIN(n, sock->udp.gro ? READS_GRO : XT_UDP_READS);
	n = (uint32_t)XT_MIN(n, 1 + (batch->slab_len - *at - XT_SLOT_MAX) / XT_UDP_SLOT);
	for (uint32_t i = 0; i < n; i++) {
		struct msghdr *msg = &in->msgs[i].msg_hdr;

		in->vecs[i].iov_base = batch->slab + *at + i * (size_t)XT_UDP_SLOT + XT_HEADROOM;
		in->vecs[i].iov_len = XT_PACKET_MAX;
		memset(msg, 0, sizeof(*msg));
		msg->msg_name = &in->names[i];
		msg->msg_namelen = sizeof(in->names[i]);
		msg->msg_iov = &in->vecs[i];
		msg->msg_iovlen = 1;
		msg->msg_control = in->controls[i].bytes;
		msg->msg_controllen = sizeof(in->controls[i].bytes);
	}
	XT_UNPOISON(batch->slab + *at, n * (size_t)XT_UDP_SLOT);
	return n;
}

/* Poison what n reads did not use of the slots that were offered. */
static void slots_poison(const struct udp_linux *sock, const struct xt_batch *batch, size_t at,
			 int n, uint32_t offered)
{
	for (uint32_t i = 0; XT_ASAN && i < offered; i++) {
		size_t used = 0;

		if ((int)i < n)
			used = XT_HEADROOM + sock->in.msgs[i].msg_len + XT_TAILROOM;
		XT_POISON(batch->slab + at + i * (size_t)XT_UDP_SLOT + used, XT_UDP_SLOT - used);
	}
}

/* Move the n reads in the slots from at on to the batch, and those without room to the spill. The
 * slab is used up to the end of the last one. */
static uint32_t reads_take(struct udp_linux *sock, struct xt_batch *batch, size_t at, uint32_t n,
			   bool old, size_t *bytes)
{
	uint32_t taken = 0, most = 1, largest = 1;
	size_t end = at + (n - 1) * (size_t)XT_UDP_SLOT + XT_HEADROOM +
		     sock->in.msgs[n - 1].msg_len + XT_TAILROOM;

	batch->slab_used = XT_ALIGN_UP(end, (size_t)16);
	batch->slab_high = XT_MAX(batch->slab_high, batch->slab_used);
	for (uint32_t i = 0; i < n; i++) {
		struct udp_read read;
		uint32_t datagrams;
		bool all;

		if (!read_get(&sock->in, i, old, &read)) {
			sock->udp.errors++;
			continue;
		}
		*bytes += read.len;
		datagrams = read.seg > 0 ? (read.len + read.seg - 1) / read.seg : 1;
		most = XT_MAX(most, datagrams);
		largest = XT_MAX(largest, read.len);
		taken += read_append(batch, &read, false, &all);
		if (!all)
			spill_put(sock, &read);
	}
	sock->guess = most;
	sock->guess_bytes = largest;
	return taken;
}

/* old: it is the socket of the port before. */
static uint32_t socket_recv(struct udp_linux *sock, int fd, bool old, struct xt_batch *batch,
			    size_t *bytes, size_t budget_bytes)
{
	uint32_t taken = 0;
	int errors = 0;

	while (*bytes < budget_bytes && sock->spill_n == 0 && errors < ERRORS_MAX) {
		size_t at;
		uint32_t offered = slots_offer(sock, batch, budget_bytes - *bytes, &at);
		int n;

		if (offered == 0)
			break;
		n = recvmmsg(fd, sock->in.msgs, offered, MSG_DONTWAIT, NULL);
		slots_poison(sock, batch, at, n, offered);
		if (n > 0)
			taken += reads_take(sock, batch, at, (uint32_t)n, old, bytes);
		if (n >= 0 && (uint32_t)n < offered)
			break; /* nothing left, or an error that the next call returns */
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			errors++;
			sock->udp.errors += errno != EINTR && !udp_linux_error_from_network(errno);
		}
	}
	return taken;
}

int udp_linux_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	uint32_t n = spill_take(sock, batch);
	size_t bytes = 0;

	sock->first ^= 1;
	for (unsigned i = 0; i < 2; i++) {
		int fd = udp->fd[(sock->first + i) & 1];

		if (fd >= 0)
			n += socket_recv(sock, fd, false, batch, &bytes, budget_bytes);
	}
	for (unsigned i = 0; sock->old_port && i < 2; i++)
		if (sock->old_fd[i] >= 0)
			n += socket_recv(sock, sock->old_fd[i], true, batch, &bytes, budget_bytes);
	udp->pending = sock->spill_n > 0;
	return (int)n;
}
