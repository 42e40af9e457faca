/* SPDX-License-Identifier: MIT */
/* The UDP sockets of macOS, FreeBSD and OpenBSD, shared by udp_bsd.c (open, and their life),
 * udp_io_bsd.c (datagrams), udp_routes_bsd.c (the way out) and one file a system for its control
 * messages and options. */
#ifndef XT_PLATFORM_BSD_UDP_H
#define XT_PLATFORM_BSD_UDP_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "platform/link/link_steps.h"
#include "platform/udp.h"
#include "platform/udp/udp_name.h"

#define UDP_BSD_CALL	64  /* messages a call, at most */
#define UDP_BSD_CONTROL 160 /* source, DF, ECN; received: a link's address too */
#define UDP_BSD_HOPS	64  /* remotes whose next hop is remembered */

union udp_bsd_control {
	struct cmsghdr head; /* for its alignment */
	uint8_t bytes[UDP_BSD_CONTROL];
};

/* len: bytes that were received. */
struct udp_bsd_message {
	struct msghdr head;
	uint32_t len;
	union udp_name name;
	union udp_bsd_control control;
	struct iovec vec;
};

/* The routes of the host but those through the tunnel's interface.
 * stale   they have changed; asked for again before the next use
 * caught  a route through the tunnel's interface catches datagrams to any host, by family
 * hops    of remotes, as found since then */
struct udp_bsd_route {
	struct xt_cidr dst;
	struct xt_link_hop hop;
};
struct udp_bsd_hop {
	struct xt_ip remote;
	struct xt_link_hop hop;
};
struct udp_bsd_routes {
	struct udp_bsd_route *v;
	size_t n, cap;
	bool stale, known;
	bool caught[2];
	struct udp_bsd_hop hops[UDP_BSD_HOPS];
};

/* first        the family that recv reads first; it alternates, so that neither starves the other
 * bound        link that the sockets of a family are bound to, 0: none
 * egress_drops datagrams that found the queue of a link full
 * no_tos       the kernel refuses a DS field with a datagram, by family
 * note_next    the note that is replaced when there is no room
 * returned     grows when the carrier of a link comes back, so that ways are other ones */
struct udp_bsd {
	struct xt_udp udp; /* first member: what the callers hold */
	unsigned first;
	int old_fd[2]; /* of the port before, still read; -1: none */
	uint16_t old_port;
	unsigned bound[2];
	uint64_t egress_drops;
	bool no_tos[2];
	uint32_t note_next;
	uint32_t returned;
	struct udp_bsd_routes routes;
	struct udp_bsd_message messages[UDP_BSD_CALL];
};

int udp_bsd_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);
int udp_bsd_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);

/* --- the way out --- */

/* Ask for the routes if they have changed, and bind the sockets to the link of the host's default
 * route while the tunnel's interface has one. */
void udp_bsd_routes_refresh(struct udp_bsd *sock);
/* The next hop to remote; false: not known. ifindex 0: there is no route. */
bool udp_bsd_hop(struct udp_bsd *sock, const struct xt_ip *remote, struct xt_link_hop *out);

/* --- what a system owes --- */

struct udp_bsd_option {
	int level, name, value;
	bool optional; /* where the kernel lacks it, something is not seen, and all else works */
};
/* Of an IPv4 socket; those of IPv6 are the same everywhere. */
extern const struct udp_bsd_option udp_bsd_options_v4[];
extern const size_t udp_bsd_n_options_v4;

/* 0: no mark. -EOPNOTSUPP: the system has none; another -errno. */
int udp_bsd_mark_set(int fd, uint32_t mark);
/* Let the socket send by that link, 0: by any. false: the system has no such option. */
bool udp_bsd_bind_link(int fd, unsigned family, unsigned ifindex);
/* Send the next IPv4 datagrams whole or not at all; of IPv6 ones a control message says so. */
void udp_bsd_whole_set(int fd, bool whole);

/* Append a control message. */
static inline void udp_bsd_control_put(struct msghdr *msg, int level, int type, const void *value,
				       size_t len)
{
	struct cmsghdr head = {.cmsg_level = level, .cmsg_type = type};
	uint8_t *at = (uint8_t *)msg->msg_control + msg->msg_controllen;

	head.cmsg_len = (socklen_t)CMSG_LEN(len);
	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), value, len);
	msg->msg_controllen += (socklen_t)CMSG_SPACE(len);
}

/* The IPv4 source of a datagram to be sent, or the link that it leaves by although the socket is
 * bound to another one (0: as the socket is); of one that came: local address, link, DS field. */
void udp_bsd_source_v4_put(struct msghdr *msg, const struct xt_path *path, unsigned link);
void udp_bsd_control_v4_get(const struct cmsghdr *cmsg, size_t len, struct xt_path *path,
			    uint8_t *ecn);
/* The DS field of an IPv4 datagram to be sent. */
void udp_bsd_tos_v4_put(struct msghdr *msg, uint8_t tos);

/* Several messages a call, without waiting: how many, at least one; -1 with errno. many: whether
 * more than one is a gain. */
bool udp_bsd_many(void);
int udp_bsd_recv_many(int fd, struct udp_bsd_message *messages, unsigned n);
int udp_bsd_send_many(int fd, struct udp_bsd_message *messages, unsigned n);

/* By recvmsg(2) and sendmsg(2). */
static inline int udp_bsd_recv_one(int fd, struct udp_bsd_message *message)
{
	ssize_t len = recvmsg(fd, &message->head, MSG_DONTWAIT);

	message->len = len < 0 ? 0 : (uint32_t)len;
	return len < 0 ? -1 : 1;
}

static inline int udp_bsd_send_one(int fd, const struct udp_bsd_message *message)
{
	return sendmsg(fd, &message->head, MSG_DONTWAIT) < 0 ? -1 : 1;
}

#endif
