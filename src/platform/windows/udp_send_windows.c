/* SPDX-License-Identifier: MIT */
/* Send runs: each is one message that Windows segments (USO), or a message a datagram. A refusal is
 * retried without the possible causes, in turn: segmentation, the ECN bits, the pinned source and
 * link; and counted as refused when none is left. */
#include "platform/windows/udp_windows.h"

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

static void control_put(WSAMSG *msg, int level, int type, const void *value, size_t len)
{
	const WSACMSGHDR head = {
	    .cmsg_len = UDP_CONTROL_HEAD + len, .cmsg_level = level, .cmsg_type = type};
	uint8_t *at = (uint8_t *)msg->Control.buf + msg->Control.len;

	memcpy(at, &head, sizeof(head));
	memcpy(at + UDP_CONTROL_HEAD, value, len);
	msg->Control.len += (ULONG)(UDP_CONTROL_HEAD + UDP_CONTROL_ALIGN(len));
}

/* local family 0: Windows chooses the address, of that link. */
static void source_put(WSAMSG *msg, uint8_t family, const struct xt_ip *local, uint32_t link)
{
	if (family == 4) {
		IN_PKTINFO info = {.ipi_ifindex = link};

		memcpy(&info.ipi_addr, local->b, 4);
		control_put(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else {
		IN6_PKTINFO info = {.ipi6_ifindex = link};

		memcpy(&info.ipi6_addr, local->b, 16);
		control_put(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
}

/* What the attempts to send a run leave out after a refusal.
 * plain  segmentation
 * bare   the source address and the link */
struct attempt {
	bool plain, bare;
};

/* Where the datagrams of run leave from, as far as Windows would choose something else. A pin that
 * no longer fits the route is left out. */
static void source_choose(struct udp_windows *sock, WSAMSG *msg, struct xt_run *run)
{
	static const struct xt_ip any;
	uint8_t family = run->path.remote.ip.family;
	const struct xt_egress egress = xt_egress_find(sock->egress, sock->udp.avoid, &run->path);
	uint32_t forced = sock->pinned[family == 6];
	bool pinned = run->path.local.family == family && !run->unstuck;
	/* The socket's own link is that of the default route: others are named. */
	bool named = egress.captive || (forced != 0 && forced != egress.link);

	if (pinned && !egress.pin)
		run->unstuck = true;
	if (egress.link != 0 && ((pinned && egress.pin) || named))
		source_put(msg, family, pinned && egress.pin ? &run->path.local : &any,
			   egress.link);
}

/* The first n datagrams of run as one message. */
static void message_put(struct udp_windows *sock, WSAMSG *msg, const struct xt_tx *tx,
			struct xt_run *run, uint32_t n, bool bare)
{
	uint8_t family = run->path.remote.ip.family;
	DWORD seg = run->seg;
	int ecn = run->tos & 3;

	memset(msg, 0, sizeof(*msg));
	memset(&sock->control, 0, sizeof(sock->control));
	for (uint32_t k = 0; k < n; k++) {
		const struct xt_vec *from = &tx->vecs[run->first + k];

		sock->vecs[k] = (WSABUF){.buf = (char *)from->base, .len = (ULONG)from->len};
	}
	msg->name = &sock->name.any;
	msg->namelen = udp_name_put(&sock->name, &run->path.remote);
	msg->lpBuffers = sock->vecs;
	msg->dwBufferCount = n;
	msg->Control.buf = (char *)sock->control.bytes;
	if (!bare)
		source_choose(sock, msg, run);
	if (ecn != 0 && sock->ecn[family == 6])
		control_put(msg, family == 4 ? IPPROTO_IP : IPPROTO_IPV6, IP_OPT_ECN, &ecn,
			    sizeof(ecn));
	if (n > 1)
		control_put(msg, IPPROTO_UDP, UDP_OPT_SEND_SIZE, &seg, sizeof(seg));
	if (msg->Control.len == 0)
		msg->Control.buf = NULL;
}

/* n datagrams of run were sent or refused. */
static void run_advance(const struct xt_tx *tx, struct xt_run *run, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		run->bytes -= (uint32_t)tx->vecs[run->first + i].len;
	run->first += n;
	run->n -= n;
}

/* When there is no slot left, each in turn is replaced. */
static void note_put(struct udp_windows *sock, const struct xt_endpoint *remote, int error)
{
	const struct xt_udp_note note = {.remote = *remote, .error = error};
	struct xt_udp *udp = &sock->udp;

	if (udp->n_notes < XT_UDP_NOTES)
		udp->notes[udp->n_notes++] = note;
	else
		udp->notes[sock->note_next++ % XT_UDP_NOTES] = note;
}

static void too_big_note(struct xt_udp *udp, const struct xt_endpoint *remote)
{
	for (uint32_t i = 0; i < udp->n_too_big; i++)
		if (xt_endpoint_equal(&udp->too_big[i], remote))
			return;
	if (udp->n_too_big < XT_LEN(udp->too_big))
		udp->too_big[udp->n_too_big++] = *remote;
}

static bool segmentation_missing(int error)
{
	return error == EOPNOTSUPP || error == ENOPROTOOPT || error == EIO;
}

static bool source_failed(int error)
{
	return error == EINVAL || error == ENETUNREACH || error == EADDRNOTAVAIL ||
	       error == ENODEV || error == EHOSTUNREACH;
}

/* A message of the next n datagrams was refused: retry it without a possible cause, or drop it. */
static void refusal_judge(struct udp_windows *sock, const struct xt_tx *tx, struct xt_run *run,
			  uint32_t n, int error, struct attempt *attempt)
{
	unsigned i = run->path.remote.ip.family == 6;

	if (n > 1) {
		if (segmentation_missing(error))
			sock->udp.gso = false;
		if (error == EMSGSIZE)
			too_big_note(&sock->udp, &run->path.remote);
		sock->udp.fallbacks++;
		attempt->plain = true;
	} else if ((run->tos & 3) != 0 && sock->ecn[i] &&
		   (error == EINVAL || segmentation_missing(error))) {
		sock->ecn[i] = false; /* Windows 10 knows ECN of single datagrams from 2004 on */
	} else if (!attempt->bare && source_failed(error)) {
		attempt->bare = true;
		run->unstuck = run->path.local.family != 0;
	} else {
		if (!run->dont_fragment || error != EMSGSIZE) {
			sock->udp.refused += n;
			note_put(sock, &run->path.remote, error);
		}
		run_advance(tx, run, n);
	}
}

/* The datagrams of a probe leave whole and, in IPv4, with DF. */
static void discovery_set(int fd, unsigned i, DWORD how)
{
	(void)setsockopt((SOCKET)fd, i == 0 ? IPPROTO_IP : IPPROTO_IPV6, IP_OPT_DISCOVER,
			 (const char *)&how, sizeof(how));
}

/* -EAGAIN: the socket is full. */
static int run_send(struct udp_windows *sock, const struct xt_tx *tx, struct xt_run *run)
{
	unsigned i = run->path.remote.ip.family == 6;
	int fd = sock->udp.fd[i], rc = 0;
	struct attempt attempt = {false, false};

	if (run->dont_fragment)
		discovery_set(fd, i, IP_DISCOVER_PROBE);
	while (run->n > 0 && rc == 0) {
		uint32_t n = sock->udp.gso && !attempt.plain && !run->dont_fragment ? run->n : 1;
		DWORD sent;
		WSAMSG msg;
		int error;

		message_put(sock, &msg, tx, run, n, attempt.bare);
		if (sock->sendmsg((SOCKET)fd, &msg, 0, &sent, NULL, NULL) == 0) {
			run_advance(tx, run, n);
			continue;
		}
		error = -xt_win_error((unsigned long)WSAGetLastError());
		if (error == EAGAIN)
			rc = -EAGAIN;
		else
			refusal_judge(sock, tx, run, n, error, &attempt);
	}
	if (run->dont_fragment)
		discovery_set(fd, i, IP_DISCOVER_DONT);
	return rc;
}

/* Keep the socket's datagrams out of the tunnel; link 0: Windows chooses theirs. */
static bool socket_pin(int fd, unsigned i, uint32_t link)
{
	DWORD value = i == 0 ? htonl(link) : link;

	return setsockopt((SOCKET)fd, i == 0 ? IPPROTO_IP : IPPROTO_IPV6, IP_OPT_UNICAST_IF,
			  (const char *)&value, sizeof(value)) == 0;
}

/* The tunnel has the default route, or has it no longer. */
static void pins_judge(struct udp_windows *sock)
{
	sock->judge = false;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t link = xt_egress_default(sock->egress, sock->udp.avoid, i == 0 ? 4 : 6);

		if (sock->udp.fd[i] >= 0 && link != sock->pinned[i] &&
		    socket_pin(sock->udp.fd[i], i, link))
			sock->pinned[i] = link;
	}
}

int udp_windows_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);

	if (sock->judge)
		pins_judge(sock);
	for (; *next < tx->n_runs; ++*next) {
		struct xt_run *run = &tx->runs[*next];
		uint8_t family = run->path.remote.ip.family;

		if ((family != 4 && family != 6) || udp->fd[family == 6] < 0) {
			udp->refused += run->n;
			if (run->n > 0)
				note_put(sock, &run->path.remote, EAFNOSUPPORT);
		} else if (run_send(sock, tx, run) < 0) {
			return -EAGAIN;
		}
	}
	return 0;
}
