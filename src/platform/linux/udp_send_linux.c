/* SPDX-License-Identifier: MIT */
/* Send runs: each is one message that the kernel segments (UDP_SEGMENT), many messages a system
 * call. A refusal concerns the first message not sent. It may be an ICMP error for an earlier
 * datagram: then the message is sent again as it is. Otherwise it is retried without the possible
 * causes, first segmentation, then the pinned source address, and counted as refused when neither
 * is left. */
#include "platform/linux/udp_linux.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bytes.h"

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* internal to the kernel, but some drivers return it */
#endif
#define NO_RUN UINT32_MAX

static void control_put(struct msghdr *msg, int level, int type, const void *value, size_t len)
{
	struct cmsghdr head = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
	uint8_t *at = (uint8_t *)msg->msg_control + msg->msg_controllen;

	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), value, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* Pins only the source address: the routing table still chooses the interface. A link-local address
 * is meaningless without its interface, so that is pinned too. */
static void source_put(struct msghdr *msg, const struct xt_path *path)
{
	const struct xt_ip *local = &path->local;

	if (local->family == 4) {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, local->b, 4);
		control_put(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {0};

		memcpy(&info.ipi6_addr, local->b, 16);
		if (xt_ip_is_link_local(local))
			info.ipi6_ifindex = path->ifindex;
		control_put(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
}

/* Message i: datagrams [first, first + n) of run, with its vectors from vec on. */
static void message_put(struct udp_sending *out, uint32_t i, uint32_t vec, const struct xt_tx *tx,
			const struct xt_run *run, uint32_t first, uint32_t n)
{
	struct msghdr *msg = &out->msgs[i].msg_hdr;
	int tos = run->tos;

	memset(&out->msgs[i], 0, sizeof(out->msgs[i]));
	out->counts[i] = n;
	for (uint32_t k = 0; k < n; k++) {
		const struct xt_vec *from = &tx->vecs[first + k];

		out->vecs[vec + k] = (struct iovec){.iov_base = from->base, .iov_len = from->len};
	}
	msg->msg_name = &out->names[i];
	msg->msg_namelen = udp_name_put(&out->names[i], &run->path.remote);
	msg->msg_iov = &out->vecs[vec];
	msg->msg_iovlen = n;
	msg->msg_control = out->controls[i].bytes;
	memset(out->controls[i].bytes, 0, sizeof(out->controls[i].bytes));
	if (run->path.local.family == run->path.remote.ip.family && !run->unstuck)
		source_put(msg, &run->path);
	if (tos != 0 && run->path.remote.ip.family == 4)
		control_put(msg, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	else if (tos != 0)
		control_put(msg, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	if (run->dont_fragment && run->path.remote.ip.family == 6)
		control_put(msg, IPPROTO_IPV6, IPV6_DONTFRAG, &(int){1}, sizeof(int));
	if (n > 1) {
		uint16_t seg = (uint16_t)run->seg;

		control_put(msg, SOL_UDP, UDP_SEGMENT, &seg, sizeof(seg));
	}
	if (msg->msg_controllen == 0)
		msg->msg_control = NULL;
}

/* Settle the source of a run, before its message is built: a pin that no longer fits the route is
 * left out. false: the kernel would choose an address of the tunnel itself. */
static bool source_judge(struct udp_linux *sock, int fd, struct xt_run *run)
{
	struct xt_path replacement;

	if (!sock->egress || run->unstuck)
		return true;
	switch (xt_egress_judge(sock->egress, fd, sock->udp.avoid, &run->path, &replacement)) {
	case XT_EGRESS_AS_IS:
		break;
	case XT_EGRESS_UNPIN:
		run->unstuck = true;
		break;
	case XT_EGRESS_REPLACE:
		run->path = replacement;
		break;
	case XT_EGRESS_NONE:
		return false;
	}
	return true;
}

/* Build messages for the runs from first up to end that use the same socket. The run with the index
 * plain is sent without the kernel's segmentation. Returns how many messages; 0: the first run has
 * no usable source. */
static uint32_t messages_build(struct udp_linux *sock, int fd, const struct xt_tx *tx,
			       uint32_t first, uint32_t end, uint32_t plain)
{
	uint8_t family = tx->runs[first].path.remote.ip.family;
	uint32_t n = 0, vecs = 0;

	for (uint32_t r = first; r < end; r++) {
		struct xt_run *run = &tx->runs[r];
		uint32_t step = sock->udp.gso && r != plain ? run->n : 1;

		if (run->path.remote.ip.family != family || !source_judge(sock, fd, run) ||
		    (r > first && (run->dont_fragment || tx->runs[first].dont_fragment)))
			break;
		for (uint32_t done = 0; done < run->n; done += step) {
			if (n == UDP_SEND_MSGS || vecs + step > UDP_SEND_VECS)
				return n;
			message_put(&sock->out, n++, vecs, tx, run, run->first + done, step);
			vecs += step;
		}
	}
	return n;
}

/* The next n datagrams, all of one run, were sent or refused. */
static void runs_advance(struct xt_tx *tx, uint32_t *next, uint32_t n)
{
	struct xt_run *run = &tx->runs[*next];

	for (uint32_t i = 0; i < n; i++)
		run->bytes -= (uint32_t)tx->vecs[run->first + i].len;
	run->first += n;
	run->n -= n;
	if (run->n == 0)
		(*next)++;
}

static bool segmentation_missing(int error)
{
	return error == EIO || error == EOPNOTSUPP || error == ENOTSUPP || error == ENOPROTOOPT;
}

static bool source_failed(int error)
{
	return error == EINVAL || error == ENETUNREACH || error == EADDRNOTAVAIL ||
	       error == ENODEV || error == ENXIO;
}

/* Note that datagrams to remote are too large for the path. */
static void too_big_note(struct xt_udp *udp, const struct xt_endpoint *remote)
{
	for (uint32_t i = 0; i < udp->n_too_big; i++)
		if (xt_endpoint_equal(&udp->too_big[i], remote))
			return;
	if (udp->n_too_big < XT_LEN(udp->too_big))
		udp->too_big[udp->n_too_big++] = *remote;
}

/* A message of the next n datagrams was refused: retry it without a possible cause, or drop it. */
static void refusal_judge(struct udp_linux *sock, struct xt_tx *tx, uint32_t *next, uint32_t *plain,
			  uint32_t n, int error)
{
	struct xt_run *run = &tx->runs[*next];

	if (n > 1 && segmentation_missing(error)) {
		sock->udp.gso = false;
		sock->udp.fallbacks++;
	} else if (n > 1 && (error == EINVAL || error == EMSGSIZE)) {
		if (error == EMSGSIZE)
			too_big_note(&sock->udp, &run->path.remote);
		*plain =
		    *next; /* perhaps above the path's MTU: single datagrams may be fragmented */
		sock->udp.fallbacks++;
	} else if (run->path.local.family != 0 && !run->unstuck && source_failed(error)) {
		run->unstuck = true;
	} else {
		if (!run->dont_fragment || error != EMSGSIZE) {
			sock->udp.refused += n;
			udp_linux_note_refused(&sock->udp, &run->path.remote, error);
		}
		runs_advance(tx, next, n);
	}
}

/* PROBE: whole and, in IPv4, with DF, whatever the kernel's cache holds for the path, because
 * forged ICMP errors write to it. IPv4 has no control message for that, so the socket is switched
 * to and fro round a probe, for less than a microsecond each. */
static void discovery_set(int fd, uint8_t family, bool probe)
{
	int v4 = probe ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT;
	int v6 = probe ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT;

	if (family == 4)
		(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
}

/* The system call itself: musl's function of that name sends one message a call, because its
 * lengths are narrower than the kernel's. What lies beside them in msgs and controls is zero. */
static int batch_send(int fd, struct mmsghdr *msgs, uint32_t n)
{
	return (int)syscall(SYS_sendmmsg, fd, msgs, n, MSG_DONTWAIT);
}

/* Send n messages. Returns how many are over; with fewer than n, error is that of the next one. A
 * socket that reports ICMP errors also reports what the queue of a link drops (ENOBUFS): such a
 * message is counted, and nothing is wrong with the next one. */
static uint32_t messages_send(struct udp_linux *sock, int fd, uint32_t n, int *error)
{
	uint32_t done = 0;
	unsigned tries = 0;

	while (done < n) {
		int sent = batch_send(fd, &sock->out.msgs[done], n - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != ENOBUFS) {
			*error = errno;
			if (!udp_linux_send_again(&sock->udp, fd, *error, &tries))
				break;
			continue;
		}
		if (sent < 0) {
			sock->egress_drops += sock->out.counts[done];
			sock->udp.refused += sock->out.counts[done];
		}
		done += sent < 0 ? 1 : (uint32_t)sent;
		tries = 0;
	}
	return done;
}

static void run_refuse(struct udp_linux *sock, const struct xt_tx *tx, uint32_t *next, int error)
{
	const struct xt_run *run = &tx->runs[*next];

	sock->udp.refused += run->n;
	if (error && run->n)
		udp_linux_note_refused(&sock->udp, &run->path.remote, error);
	(*next)++;
}

/* The socket is full, before a message of the next n datagrams. false: wait. true: there is room
 * now, or what cannot wait was dropped. */
static bool full_judge(struct udp_linux *sock, unsigned i, struct xt_tx *tx, uint32_t *next,
		       uint32_t n)
{
	struct udp_reserve *reserve = &sock->reserve[i];

	if (reserve->state != UDP_RESERVE_OPEN)
		return udp_reserve_full(reserve, sock->udp.fd[i], &sock->udp.retry);
	sock->udp.refused += n;
	runs_advance(tx, next, n);
	return true;
}

/* Send the run *next, and those behind it that fit into one call. -EAGAIN: the socket is full. */
static int runs_send(struct udp_linux *sock, struct xt_tx *tx, uint32_t *next, uint32_t *plain)
{
	unsigned i = tx->runs[*next].path.remote.ip.family == 6;
	struct udp_reserve *reserve = &sock->reserve[i];
	bool open = reserve->state == UDP_RESERVE_OPEN, probe = tx->runs[*next].dont_fragment;
	int fd = sock->udp.fd[i], error = 0;
	uint32_t n, sent;

	if (open && !udp_reserve_admit(reserve, fd, &tx->runs[*next])) {
		run_refuse(sock, tx, next, 0);
		return 0;
	}
	n = messages_build(sock, fd, tx, *next, open ? *next + 1 : tx->n_runs, *plain);
	if (n == 0) {
		run_refuse(sock, tx, next, EADDRNOTAVAIL);
		return 0;
	}
	if (probe)
		discovery_set(fd, i == 0 ? 4 : 6, true);
	sent = messages_send(sock, fd, n, &error);
	if (probe)
		discovery_set(fd, i == 0 ? 4 : 6, false);
	for (uint32_t k = 0; k < sent; k++)
		runs_advance(tx, next, sock->out.counts[k]);
	if (sent == n)
		return 0;
	n = sock->out.counts[sent];
	if (error == EAGAIN || error == EWOULDBLOCK)
		return full_judge(sock, i, tx, next, n) ? 0 : -EAGAIN;
	refusal_judge(sock, tx, next, plain, n, error);
	return 0;
}

int udp_linux_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	uint32_t plain = NO_RUN;

	while (*next < tx->n_runs) {
		const struct xt_run *run = &tx->runs[*next];
		uint8_t family = run->path.remote.ip.family;

		if ((family != 4 && family != 6) || udp->fd[family == 6] < 0 || run->n == 0)
			run_refuse(sock, tx, next, EAFNOSUPPORT);
		else if (runs_send(sock, tx, next, &plain) < 0)
			return -EAGAIN;
	}
	udp_reserve_drained(&sock->reserve[0]);
	udp_reserve_drained(&sock->reserve[1]);
	return 0;
}
