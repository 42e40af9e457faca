/* SPDX-License-Identifier: MIT */
/* What the network says of datagrams that were sent. The sockets queue ICMP errors (IP_RECVERR),
 * and each also becomes the socket's pending error, which the next call on the socket returns in
 * place of its result: that call's datagram has nothing to do with it. Anybody can forge an ICMP
 * error, so it becomes a note for reports and nothing else (docs/decisions/0013). */
#include "platform/linux/udp_linux.h"

#include <time.h> /* linux/errqueue.h needs it */

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>

#include <xtunnel/facts.h>

#include "base/addr.h"
#include "base/bytes.h"

/* Errors of one socket that one call reads, so that a flood of them does not keep packets waiting.
 * The rest keeps the socket reported. */
#define ERRORS_MAX   64
#define ERRORS_BATCH 16
/* A datagram is tried again so often while errors of other datagrams keep coming. */
#define RETRIES_MAX 4

union error_control {
	struct cmsghdr head; /* for its alignment */
	uint8_t bytes[256];  /* the error with its address, packet information, DS field */
};

struct error_reads {
	struct mmsghdr msgs[ERRORS_BATCH];
	union udp_name names[ERRORS_BATCH];
	union error_control controls[ERRORS_BATCH];
};

/* When there is no slot left, a remote's note replaces one of its like, so that a remote with many
 * errors does not hide another; else each slot in turn. */
static void note_put(struct xt_udp *udp, const struct xt_udp_note *note)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (udp->n_notes < XT_UDP_NOTES) {
		udp->notes[udp->n_notes++] = *note;
		return;
	}
	for (uint32_t i = 0; i < XT_UDP_NOTES; i++)
		if (!udp->notes[i].error == !note->error &&
		    xt_endpoint_equal(&udp->notes[i].remote, &note->remote)) {
			udp->notes[i] = *note;
			return;
		}
	udp->notes[sock->note_next++ % XT_UDP_NOTES] = *note;
}

void udp_linux_note_refused(struct xt_udp *udp, const struct xt_endpoint *remote, int error)
{
	const struct xt_udp_note note = {.remote = *remote, .error = error};

	note_put(udp, &note);
}

static uint8_t unreachable_v4(uint8_t type, uint8_t code)
{
	if (type == ICMP_TIME_EXCEEDED)
		return code == ICMP_EXC_TTL ? XT_UNREACHABLE_HOPS : XT_UNREACHABLE_OTHER;
	if (type != ICMP_DEST_UNREACH)
		return XT_UNREACHABLE_OTHER;
	switch (code) {
	case ICMP_NET_UNREACH:
	case ICMP_NET_UNKNOWN:
	case ICMP_NET_UNR_TOS:
		return XT_UNREACHABLE_NETWORK;
	case ICMP_HOST_UNREACH:
	case ICMP_HOST_UNKNOWN:
	case ICMP_HOST_ISOLATED:
	case ICMP_HOST_UNR_TOS:
		return XT_UNREACHABLE_HOST;
	case ICMP_PORT_UNREACH:
		return XT_UNREACHABLE_PORT;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
		return XT_UNREACHABLE_ADMIN;
	default:
		return XT_UNREACHABLE_OTHER;
	}
}

static uint8_t unreachable_v6(uint8_t type, uint8_t code)
{
	if (type == ICMPV6_TIME_EXCEED)
		return code == ICMPV6_EXC_HOPLIMIT ? XT_UNREACHABLE_HOPS : XT_UNREACHABLE_OTHER;
	if (type != ICMPV6_DEST_UNREACH)
		return XT_UNREACHABLE_OTHER;
	switch (code) {
	case ICMPV6_NOROUTE:
		return XT_UNREACHABLE_NETWORK;
	case ICMPV6_ADDR_UNREACH:
		return XT_UNREACHABLE_HOST;
	case ICMPV6_PORT_UNREACH:
		return XT_UNREACHABLE_PORT;
	case ICMPV6_ADM_PROHIBITED:
	case ICMPV6_POLICY_FAIL:
	case ICMPV6_REJECT_ROUTE:
		return XT_UNREACHABLE_ADMIN;
	default:
		return XT_UNREACHABLE_OTHER;
	}
}

static bool is_icmp(const struct sock_extended_err *error)
{
	return error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6;
}

/* A datagram that was too large: path MTU discovery sends such ones on purpose, and asks the peer
 * instead of believing a router. */
static bool is_too_big(const struct sock_extended_err *error)
{
	if (error->ee_origin == SO_EE_ORIGIN_ICMP6)
		return error->ee_type == ICMPV6_PKT_TOOBIG;
	return error->ee_type == ICMP_DEST_UNREACH && error->ee_code == ICMP_FRAG_NEEDED;
}

/* The error in a message of the queue, with the address of the router or host that sent it; false:
 * none. */
static bool error_get(struct msghdr *msg, struct sock_extended_err *error, struct xt_ip *from)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);
		struct xt_endpoint offender = {0};
		union udp_name name = {0};

		if (!(cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) &&
		    !(cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR))
			continue;
		if (len < sizeof(*error))
			return false;
		memcpy(error, CMSG_DATA(cmsg), sizeof(*error));
		memcpy(&name, CMSG_DATA(cmsg) + sizeof(*error),
		       XT_MIN(len - sizeof(*error), sizeof(name)));
		(void)udp_name_get(&offender, &name);
		*from = offender.ip;
		return true;
	}
	return false;
}

static void error_note(struct xt_udp *udp, const union udp_name *name,
		       const struct sock_extended_err *error, const struct xt_ip *from)
{
	struct xt_udp_note note = {.icmp_from = *from};

	(void)udp_name_get(&note.remote, name);
	if (!note.remote.ip.family || is_too_big(error))
		return;
	note.icmp_kind = error->ee_origin == SO_EE_ORIGIN_ICMP6
			     ? unreachable_v6(error->ee_type, error->ee_code)
			     : unreachable_v4(error->ee_type, error->ee_code);
	note_put(udp, &note);
}

static int errors_read(int fd, struct error_reads *reads)
{
	memset(reads->msgs, 0, sizeof(reads->msgs));
	memset(reads->names, 0, sizeof(reads->names));
	for (unsigned i = 0; i < ERRORS_BATCH; i++) {
		struct msghdr *msg = &reads->msgs[i].msg_hdr;

		msg->msg_name = &reads->names[i];
		msg->msg_namelen = sizeof(reads->names[i]);
		msg->msg_control = reads->controls[i].bytes;
		msg->msg_controllen = sizeof(reads->controls[i].bytes);
	}
	return recvmmsg(fd, reads->msgs, ERRORS_BATCH, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
}

/* As udp_linux_errors_take. True: the network has sent an error that the kernel reports as pending.
 */
static bool errors_take(struct xt_udp *udp, int fd, int pending)
{
	struct error_reads reads;
	bool found = false;
	int error, n = ERRORS_BATCH;
	socklen_t len = sizeof(error);

	for (int done = 0; done < ERRORS_MAX && n == ERRORS_BATCH; done += n) {
		n = errors_read(fd, &reads);
		for (int i = 0; i < n; i++) {
			struct sock_extended_err entry;
			struct xt_ip from;

			if (!error_get(&reads.msgs[i].msg_hdr, &entry, &from) || !is_icmp(&entry))
				continue;
			found |= entry.ee_errno == (uint32_t)pending;
			error_note(udp, &reads.names[i], &entry, &from);
		}
	}
	/* Reading the queue makes the next entry's error the pending one. */
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return found;
}

void udp_linux_errors_take(struct xt_udp *udp, int fd)
{
	(void)errors_take(udp, fd, 0);
}

bool udp_linux_error_from_network(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EACCES:
	case EMSGSIZE:
	case EPROTO:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EHOSTDOWN:
	case ENONET:
		return true;
	default:
		return false;
	}
}

/* An error may be pending without a place in the queue, when that is full: once without a find. */
bool udp_linux_send_again(struct xt_udp *udp, int fd, int error, unsigned *tries)
{
	bool found;

	if (!udp_linux_error_from_network(error))
		return false;
	found = errors_take(udp, fd, error);
	return ++*tries == 1 || (found && *tries <= RETRIES_MAX);
}
