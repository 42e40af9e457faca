/* SPDX-License-Identifier: MIT */
/* Receive datagrams, one read a system call. A read that Windows coalesced (URO) becomes views of
 * its slot, in order and without a copy; what finds the batch full is copied aside. */
#include "platform/windows/udp_windows.h"

#include <string.h>

#include "base/bytes.h"

#define ERRORS_MAX 16 /* drained from one socket in one pass */

/* The local address to answer from; none for a multicast address. */
static void source_get(struct xt_path *path, int level, const uint8_t *data, size_t len)
{
	if (level == IPPROTO_IP && len >= sizeof(IN_PKTINFO)) {
		IN_PKTINFO info;

		memcpy(&info, data, sizeof(info));
		path->ifindex = info.ipi_ifindex;
		if ((ntohl(info.ipi_addr.s_addr) & 0xf0000000u) == 0xe0000000u)
			return;
		path->local.family = 4;
		memcpy(path->local.b, &info.ipi_addr, 4);
	} else if (level == IPPROTO_IPV6 && len >= sizeof(IN6_PKTINFO)) {
		IN6_PKTINFO info;

		memcpy(&info, data, sizeof(info));
		path->ifindex = info.ipi6_ifindex;
		if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
			return;
		path->local.family = 6;
		memcpy(path->local.b, &info.ipi6_addr, 16);
	}
}

static uint32_t number_get(const uint8_t *data, size_t len)
{
	DWORD value = 0;

	if (len >= sizeof(value))
		memcpy(&value, data, sizeof(value));
	return value;
}

static void control_get(struct udp_read *read, WSAMSG *msg)
{
	const uint8_t *at = (const uint8_t *)msg->Control.buf, *data;
	size_t rest = msg->Control.len, len;
	WSACMSGHDR head;

	for (; rest >= UDP_CONTROL_HEAD; rest -= len, at += len) {
		int level, type;

		memcpy(&head, at, sizeof(head));
		if (head.cmsg_len < UDP_CONTROL_HEAD || head.cmsg_len > rest)
			break;
		level = head.cmsg_level;
		type = head.cmsg_type;
		data = at + UDP_CONTROL_HEAD;
		len = head.cmsg_len - UDP_CONTROL_HEAD;
		_Static_assert(IP_PKTINFO == IPV6_PKTINFO, "one number for both families");
		if ((level == IPPROTO_IP || level == IPPROTO_IPV6) && type == IP_PKTINFO) {
			source_get(&read->path, level, data, len);
		} else if ((level == IPPROTO_IP || level == IPPROTO_IPV6) && type == IP_OPT_ECN) {
			read->ecn = (uint8_t)(number_get(data, len) & 3);
		} else if (level == IPPROTO_UDP && type == UDP_OPT_RECV_SIZE) {
			uint32_t seg = number_get(data, len);

			if (seg > 0 && seg < read->len)
				read->seg = seg;
		}
		len = XT_MIN(UDP_CONTROL_ALIGN(head.cmsg_len), rest);
	}
}

/* > 0: a read, 0: nothing there, < 0: -errno. */
static int read_get(struct udp_windows *sock, int fd, struct udp_read *read)
{
	WSABUF vec = {.buf = (char *)read->data, .len = XT_PACKET_MAX};
	WSAMSG msg = {.name = &sock->name.any,
		      .namelen = sizeof(sock->name),
		      .lpBuffers = &vec,
		      .dwBufferCount = 1,
		      .Control = {sizeof(sock->control), (char *)sock->control.bytes}};
	DWORD len = 0;

	memset(&sock->name, 0, sizeof(sock->name));
	if (sock->recvmsg((SOCKET)fd, &msg, &len, NULL, NULL) != 0)
		return WSAGetLastError() == WSAEWOULDBLOCK
			   ? 0
			   : xt_win_error((unsigned long)WSAGetLastError());
	read->len = read->seg = len;
	(void)udp_name_get(&read->path.remote, &sock->name);
	if (read->path.remote.ip.family == 0 || (msg.dwFlags & MSG_TRUNC))
		return -1;
	control_get(read, &msg);
	return 1;
}

/* Move as many datagrams of read to the batch as it has room for. spilled: they are not in the
 * batch's slab. Of a slot only the last datagram has room behind it. */
static uint32_t read_append(struct xt_batch *batch, struct udp_read *read, bool spilled)
{
	struct xt_path *path;
	uint32_t n = 0;

	if (batch->n_paths == batch->cap)
		return 0;
	path = &batch->paths[batch->n_paths];
	*path = read->path;
	do {
		uint32_t len = XT_MIN(read->len, read->seg);
		struct xt_pkt *pkt;

		if (spilled)
			pkt = xt_batch_add(batch, len);
		else if (len == read->len)
			pkt = xt_batch_view(batch, read->data, len);
		else
			pkt = xt_batch_view_bare(batch, read->data, len);
		if (!pkt)
			break;
		if (spilled)
			memcpy(pkt->data, read->data, len);
		pkt->len = len;
		pkt->from = path;
		pkt->ecn = read->ecn;
		read->data += len;
		read->len -= len;
		n++;
	} while (read->len > 0);
	if (n > 0)
		batch->n_paths++;
	return n;
}

static uint32_t spill_take(struct udp_windows *sock, struct xt_batch *batch)
{
	return sock->spill.len > 0 ? read_append(batch, &sock->spill, true) : 0;
}

static void spill_put(struct udp_windows *sock, const struct udp_read *read)
{
	sock->spill = *read;
	sock->spill.data = sock->spill_bytes;
	memcpy(sock->spill_bytes, read->data, read->len);
}

/* The slot of a read belongs to its first packet, and that is replaced by views: what the read used
 * stays taken from the slab. */
static uint32_t slot_use(struct udp_windows *sock, struct xt_batch *batch, struct udp_read *read)
{
	size_t used;
	uint32_t n;

	batch->pkts[batch->n - 1].len = read->len;
	xt_batch_trim(batch);
	used = batch->slab_used;
	xt_batch_drop_last(batch);
	batch->slab_used = used;
	n = read_append(batch, read, false);
	if (read->len > 0)
		spill_put(sock, read);
	return n;
}

/* old: it is the socket of the port before. */
static uint32_t socket_recv(struct udp_windows *sock, int fd, bool old, struct xt_batch *batch,
			    size_t *bytes, size_t budget_bytes)
{
	uint32_t taken = 0;
	int errors = 0;

	while (*bytes < budget_bytes && sock->spill.len == 0 && errors < ERRORS_MAX &&
	       batch->n_paths < batch->cap) {
		struct udp_read read = {.path.old_port = old};
		struct xt_pkt *slot = xt_batch_add(batch, XT_PACKET_MAX);
		int rc;

		if (!slot)
			break;
		read.data = slot->data;
		rc = read_get(sock, fd, &read);
		if (rc > 0 && read.len > 0) {
			*bytes += read.len;
			taken += slot_use(sock, batch, &read);
			continue;
		}
		xt_batch_drop_last(batch);
		if (rc == 0)
			break;
		errors++;
		sock->udp.errors += rc < 0;
	}
	return taken;
}

int udp_windows_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);
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
	udp->pending = sock->spill.len > 0;
	return (int)n;
}
