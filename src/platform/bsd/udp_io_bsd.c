/* SPDX-License-Identifier: MIT */
/* Datagrams of macOS, FreeBSD and OpenBSD: one a message, several messages a call where the system
 * has such a call. */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/room.h"
#include "platform/bsd/udp_bsd.h"

#define ERRORS_MAX 16 /* drained from one socket in one pass */

/* --- receive --- */

static bool name_get(struct xt_endpoint *out, const struct msghdr *head, const union udp_name *name)
{
	size_t least = name->any.sa_family == AF_INET ? sizeof(name->v4) : sizeof(name->v6);

	return head->msg_namelen >= least && udp_name_get(out, name);
}

/* The local address to answer from; none for a multicast address. */
static void control_v6_get(const struct cmsghdr *cmsg, size_t len, struct xt_path *path,
			   uint8_t *ecn)
{
	struct in6_pktinfo info;
	int tclass;

	if (cmsg->cmsg_type == IPV6_PKTINFO && len >= sizeof(info)) {
		memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
		path->ifindex = info.ipi6_ifindex;
		if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
			return;
		path->local.family = 6;
		memcpy(path->local.b, &info.ipi6_addr, 16);
	} else if (cmsg->cmsg_type == IPV6_TCLASS && len >= sizeof(tclass)) {
		memcpy(&tclass, CMSG_DATA(cmsg), sizeof(tclass));
		*ecn = (uint8_t)(tclass & 3);
	}
}

static void control_get(struct msghdr *head, struct xt_path *path, uint8_t *ecn)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(head); cmsg; cmsg = CMSG_NXTHDR(head, cmsg)) {
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level == IPPROTO_IPV6)
			control_v6_get(cmsg, len, path, ecn);
		else
			udp_bsd_control_v4_get(cmsg, len, path, ecn);
	}
}

/* Set up as many messages as the batch has room for, each with a slot at the free end of its slab.
 * Where a call brings one datagram, the next one follows it closely. */
static uint32_t slots_offer(struct udp_bsd *sock, struct xt_batch *batch, size_t *at)
{
	uint32_t n = XT_MIN(batch->cap - batch->n, batch->cap - batch->n_paths);

	*at = XT_ALIGN_UP(batch->slab_used, (size_t)64);
	if (n == 0 || *at + XT_SLOT_MAX > batch->slab_len)
		return 0;
	n = XT_MIN(n, udp_bsd_many() ? (uint32_t)UDP_BSD_CALL : 1u);
	n = (uint32_t)XT_MIN(n, 1 + (batch->slab_len - *at - XT_SLOT_MAX) / XT_UDP_SLOT);
	for (uint32_t i = 0; i < n; i++) {
		struct udp_bsd_message *message = &sock->messages[i];

		message->vec.iov_base = batch->slab + *at + i * (size_t)XT_UDP_SLOT + XT_HEADROOM;
		message->vec.iov_len = XT_PACKET_MAX;
		message->head = (struct msghdr){.msg_name = &message->name,
						.msg_namelen = sizeof(message->name),
						.msg_iov = &message->vec,
						.msg_iovlen = 1,
						.msg_control = message->control.bytes,
						.msg_controllen = sizeof(message->control.bytes)};
	}
	XT_UNPOISON(batch->slab + *at, n * (size_t)XT_UDP_SLOT);
	return n;
}

/* Poison what n reads did not use of the slots that were offered. */
static void slots_poison(const struct udp_bsd *sock, const struct xt_batch *batch, size_t at, int n,
			 uint32_t offered)
{
	for (uint32_t i = 0; XT_ASAN && i < offered; i++) {
		size_t used = 0;

		if ((int)i < n)
			used = XT_HEADROOM + sock->messages[i].len + XT_TAILROOM;
		XT_POISON(batch->slab + at + i * (size_t)XT_UDP_SLOT + used, XT_UDP_SLOT - used);
	}
}

/* The received message as a packet of the batch; there is room. */
static bool message_take(struct udp_bsd_message *message, bool old, struct xt_batch *batch)
{
	struct xt_path *path = &batch->paths[batch->n_paths];
	struct xt_pkt *pkt;
	uint8_t ecn = 0;

	memset(path, 0, sizeof(*path));
	if ((message->head.msg_flags & MSG_TRUNC) != 0 ||
	    !name_get(&path->remote, &message->head, &message->name))
		return false;
	path->old_port = old;
	control_get(&message->head, path, &ecn);
	pkt = xt_batch_view(batch, message->vec.iov_base, message->len);
	if (!pkt)
		return false;
	pkt->from = path;
	pkt->ecn = ecn;
	batch->n_paths++;
	return true;
}

/* An ICMP error for an earlier datagram, where a kernel reports one at all. */
static bool error_from_network(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == EHOSTDOWN || error == ENETDOWN || error == EMSGSIZE;
}

/* old: it is the socket of the port before. */
static uint32_t socket_recv(struct udp_bsd *sock, int fd, bool old, struct xt_batch *batch,
			    size_t *bytes, size_t budget_bytes)
{
	uint32_t taken = 0;
	int errors = 0;

	while (*bytes < budget_bytes && errors < ERRORS_MAX) {
		size_t at, end;
		uint32_t offered = slots_offer(sock, batch, &at);
		int n = offered > 0 ? udp_bsd_recv_many(fd, sock->messages, offered) : 0;

		if (offered == 0)
			break;
		slots_poison(sock, batch, at, n, offered);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			errors++;
			sock->udp.errors += errno != EINTR && !error_from_network(errno);
			continue;
		}
		end = at + (size_t)(n - 1) * XT_UDP_SLOT + XT_HEADROOM + sock->messages[n - 1].len +
		      XT_TAILROOM;
		batch->slab_used = XT_ALIGN_UP(end, (size_t)16);
		batch->slab_high = XT_MAX(batch->slab_high, batch->slab_used);
		for (int i = 0; i < n; i++) {
			*bytes += sock->messages[i].len;
			if (message_take(&sock->messages[i], old, batch))
				taken++;
			else
				sock->udp.errors++;
		}
	}
	return taken;
}

int udp_bsd_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes)
{
	struct udp_bsd *sock = XT_CONTAINER(udp, struct udp_bsd, udp);
	size_t bytes = 0;
	uint32_t n = 0;

	sock->first ^= 1;
	for (unsigned i = 0; i < 2; i++) {
		int fd = udp->fd[(sock->first + i) & 1];

		if (fd >= 0)
			n += socket_recv(sock, fd, false, batch, &bytes, budget_bytes);
	}
	for (unsigned i = 0; sock->old_port && i < 2; i++)
		if (sock->old_fd[i] >= 0)
			n += socket_recv(sock, sock->old_fd[i], true, batch, &bytes, budget_bytes);
	return (int)n;
}

/* --- send --- */

/* Pins only the source address: the routing table still chooses the interface. A link-local address
 * is meaningless without its interface, so that is pinned too. */
static void source_put(struct msghdr *msg, const struct xt_path *path, unsigned link)
{
	struct in6_pktinfo info = {0};

	if (path->remote.ip.family == 4) {
		udp_bsd_source_v4_put(msg, path, link);
		return;
	}
	if (path->local.family == 6)
		memcpy(&info.ipi6_addr, path->local.b, 16);
	if (link)
		info.ipi6_ifindex = link;
	else if (xt_ip_is_link_local(&path->local))
		info.ipi6_ifindex = path->ifindex;
	udp_bsd_control_put(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

/* The link of a remote that another route leads to than the default one, which the socket is bound
 * to. 0: the socket's. */
static unsigned link_other(struct udp_bsd *sock, const struct xt_run *run)
{
	unsigned bound = sock->bound[run->path.remote.ip.family == 6];
	struct xt_link_hop hop;

	if (!bound || !udp_bsd_hop(sock, &run->path.remote.ip, &hop) || hop.ifindex == bound)
		return 0;
	return hop.ifindex;
}

/* link: that the run leaves by although the socket is bound to another one; 0: the socket's. */
static void message_put(struct udp_bsd *sock, uint32_t i, const struct xt_run *run, unsigned link,
			const struct xt_vec *datagram)
{
	struct udp_bsd_message *message = &sock->messages[i];
	bool v6 = run->path.remote.ip.family == 6;
	int tos = sock->no_tos[v6] ? 0 : run->tos;
	bool source = run->path.local.family == run->path.remote.ip.family && !run->unstuck;
	struct xt_path path = run->path;

	memset(&message->head, 0, sizeof(message->head));
	memset(&message->control, 0, sizeof(message->control));
	message->vec = (struct iovec){.iov_base = datagram->base, .iov_len = datagram->len};
	message->head.msg_name = &message->name;
	message->head.msg_namelen = udp_name_put(&message->name, &run->path.remote);
	message->head.msg_iov = &message->vec;
	message->head.msg_iovlen = 1;
	message->head.msg_control = message->control.bytes;
	if (!source)
		path.local = (struct xt_ip){0};
	if (source || link)
		source_put(&message->head, &path, link);
	if (tos != 0 && v6)
		udp_bsd_control_put(&message->head, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else if (tos != 0)
		udp_bsd_tos_v4_put(&message->head, (uint8_t)tos);
	if (run->dont_fragment && v6)
		udp_bsd_control_put(&message->head, IPPROTO_IPV6, IPV6_DONTFRAG, &(int){1},
				    sizeof(int));
	if (message->head.msg_controllen == 0)
		message->head.msg_control = NULL;
}

/* A local address is used only while the route leaves by the link that its datagrams came by. */
static void source_judge(struct udp_bsd *sock, struct xt_run *run)
{
	struct xt_link_hop hop;

	if (run->path.local.family == 0 || run->path.ifindex == 0 || run->unstuck)
		return;
	if (udp_bsd_hop(sock, &run->path.remote.ip, &hop) && hop.ifindex != run->path.ifindex)
		run->unstuck = true;
}

/* Messages of the runs from first on that use the same socket. A probe goes alone. */
static uint32_t messages_build(struct udp_bsd *sock, struct xt_tx *tx, uint32_t first)
{
	uint8_t family = tx->runs[first].path.remote.ip.family;
	unsigned link;
	uint32_t n = 0;

	for (uint32_t r = first; r < tx->n_runs; r++) {
		struct xt_run *run = &tx->runs[r];

		if (run->path.remote.ip.family != family || run->n == 0 ||
		    (r > first && (run->dont_fragment || tx->runs[first].dont_fragment)))
			break;
		source_judge(sock, run);
		link = link_other(sock, run);
		for (uint32_t i = 0; i < run->n; i++) {
			if (n == UDP_BSD_CALL)
				return n;
			message_put(sock, n++, run, link, &tx->vecs[run->first + i]);
		}
	}
	return n;
}

/* The next datagram was sent or refused. */
static void runs_advance(struct xt_tx *tx, uint32_t *next)
{
	struct xt_run *run = &tx->runs[*next];

	run->bytes -= (uint32_t)tx->vecs[run->first].len;
	run->first++;
	if (--run->n == 0)
		(*next)++;
}

static void too_big_note(struct xt_udp *udp, const struct xt_endpoint *remote)
{
	for (uint32_t i = 0; i < udp->n_too_big; i++)
		if (xt_endpoint_equal(&udp->too_big[i], remote))
			return;
	if (udp->n_too_big < XT_LEN(udp->too_big))
		udp->too_big[udp->n_too_big++] = *remote;
}

/* When there is no slot left, a remote's note replaces its own, else each slot in turn. */
static void note_put(struct udp_bsd *sock, const struct xt_endpoint *remote, int error)
{
	const struct xt_udp_note note = {.remote = *remote, .error = error};
	struct xt_udp *udp = &sock->udp;

	if (udp->n_notes < XT_UDP_NOTES) {
		udp->notes[udp->n_notes++] = note;
		return;
	}
	for (uint32_t i = 0; i < XT_UDP_NOTES; i++)
		if (xt_endpoint_equal(&udp->notes[i].remote, remote)) {
			udp->notes[i] = note;
			return;
		}
	udp->notes[sock->note_next++ % XT_UDP_NOTES] = note;
}

static bool source_failed(int error)
{
	return error == EINVAL || error == ENETUNREACH || error == EADDRNOTAVAIL ||
	       error == ENODEV || error == ENXIO || error == EHOSTUNREACH;
}

/* A datagram was refused: retry it without a possible cause, or drop it. */
static void refusal_judge(struct udp_bsd *sock, struct xt_tx *tx, uint32_t *next, int error)
{
	struct xt_run *run = &tx->runs[*next];
	bool v6 = run->path.remote.ip.family == 6;

	if (run->path.local.family != 0 && !run->unstuck && source_failed(error)) {
		run->unstuck = true;
	} else if (error == EINVAL && run->tos != 0 && !sock->no_tos[v6]) {
		sock->no_tos[v6] = true;
		sock->udp.fallbacks++;
	} else {
		if (error == EMSGSIZE)
			too_big_note(&sock->udp, &run->path.remote);
		if (error == ENOBUFS)
			sock->egress_drops++;
		if (!run->dont_fragment || error != EMSGSIZE) {
			sock->udp.refused++;
			if (error != ENOBUFS)
				note_put(sock, &run->path.remote, error);
		}
		runs_advance(tx, next);
	}
}

static void run_refuse(struct udp_bsd *sock, const struct xt_tx *tx, uint32_t *next, int error)
{
	const struct xt_run *run = &tx->runs[*next];

	sock->udp.refused += run->n;
	if (run->n)
		note_put(sock, &run->path.remote, error);
	(*next)++;
}

/* Send the run *next, and those behind it that fit into one call. -EAGAIN: the socket is full. */
static int runs_send(struct udp_bsd *sock, struct xt_tx *tx, uint32_t *next)
{
	unsigned family = tx->runs[*next].path.remote.ip.family;
	bool probe = tx->runs[*next].dont_fragment;
	int fd = sock->udp.fd[family == 6], error = 0, sent;
	uint32_t done = 0, n = messages_build(sock, tx, *next);

	if (probe && family == 4)
		udp_bsd_whole_set(fd, true);
	while (done < n && error == 0) {
		sent = udp_bsd_send_many(fd, &sock->messages[done], n - done);
		if (sent < 0 && errno != EINTR)
			error = errno;
		done += sent > 0 ? (uint32_t)sent : 0;
	}
	if (probe && family == 4)
		udp_bsd_whole_set(fd, false);
	for (uint32_t i = 0; i < done; i++)
		runs_advance(tx, next);
	if (error == EAGAIN || error == EWOULDBLOCK)
		return -EAGAIN;
	if (error != 0)
		refusal_judge(sock, tx, next, error);
	return 0;
}

int udp_bsd_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct udp_bsd *sock = XT_CONTAINER(udp, struct udp_bsd, udp);

	udp_bsd_routes_refresh(sock);
	while (*next < tx->n_runs) {
		const struct xt_run *run = &tx->runs[*next];
		uint8_t family = run->path.remote.ip.family;

		if ((family != 4 && family != 6) || udp->fd[family == 6] < 0 || run->n == 0)
			run_refuse(sock, tx, next, EAFNOSUPPORT);
		else if (runs_send(sock, tx, next) < 0)
			return -EAGAIN;
	}
	return 0;
}
