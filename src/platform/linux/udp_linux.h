/* SPDX-License-Identifier: MIT */
/* The UDP sockets of Linux, shared by udp_linux.c (open), udp_send_linux.c and udp_recv_linux.c. */
#ifndef XT_PLATFORM_UDP_LINUX_H
#define XT_PLATFORM_UDP_LINUX_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "platform/linux/egress_linux.h"
#include "platform/linux/udp_reserve_linux.h"
#include "platform/udp.h"

#define UDP_SEND_MSGS 64
#define UDP_SEND_VECS 512
#define UDP_CONTROL   128 /* source, ECN, segment size, DF: at most 112 bytes */

union udp_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union udp_control {
	struct cmsghdr head; /* for its alignment */
	uint8_t bytes[UDP_CONTROL];
};

struct udp_sending {
	struct mmsghdr msgs[UDP_SEND_MSGS];
	uint32_t counts[UDP_SEND_MSGS]; /* datagrams of each message */
	union udp_name names[UDP_SEND_MSGS];
	union udp_control controls[UDP_SEND_MSGS];
	struct iovec vecs[UDP_SEND_VECS];
};

struct udp_receiving {
	struct mmsghdr msgs[XT_UDP_READS];
	union udp_name names[XT_UDP_READS];
	union udp_control controls[XT_UDP_READS];
	struct iovec vecs[XT_UDP_READS];
};

/* The result of one read: len bytes, in datagrams of seg bytes (the last may be shorter). */
struct udp_read {
	uint8_t *data;
	uint32_t len, seg;
	struct xt_path path;
	uint8_t ecn;
};

/* first        the family that recv reads first; it alternates, so that neither starves the other
 * overruns     of sockets that were closed
 * guess        datagrams a read, as last seen: for how many reads a batch has room
 * guess_bytes  bytes a read, as last seen: how many reads the budget of a pass allows
 * egress       NULL: the kernel could not be asked, and paths are used as they are
 * reserve      of the send buffers, by family
 * put_off      sends that found the socket full
 * drops_base   what the kernel had counted when the sockets were opened
 * spill        reads that found the batch full, copied to spill_slab; delivered first */
struct udp_linux {
	struct xt_udp udp; /* first member: what the callers hold */
	unsigned first;
	uint64_t overruns;
	struct xt_egress_cache *egress;
	int old_fd[2]; /* of the port before, still read; -1: none */
	uint16_t old_port;
	struct udp_reserve reserve[2];
	uint64_t put_off, drops_base;
	uint32_t guess, guess_bytes;
	struct udp_read spill[XT_UDP_READS];
	uint32_t spill_first, spill_n;
	uint8_t *spill_slab;
	size_t spill_used;
	struct udp_sending out;
	struct udp_receiving in;
};

int udp_linux_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);
int udp_linux_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);
void udp_linux_drops_begin(struct udp_linux *sock);
uint64_t udp_linux_egress_drops(const struct xt_udp *udp);

#endif
