/* SPDX-License-Identifier: MIT */
/* The UDP sockets of Linux, shared by udp_linux.c (open), udp_send_linux.c, udp_recv_linux.c and
 * udp_errors_linux.c. */
#ifndef XT_PLATFORM_UDP_LINUX_H
#define XT_PLATFORM_UDP_LINUX_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/linux/egress_linux.h"
#include "platform/linux/udp_reserve_linux.h"
#include "platform/udp.h"
#include "platform/udp/udp_name.h"

#define UDP_SEND_MSGS 64
#define UDP_SEND_VECS 512
#define UDP_CONTROL   128 /* source, ECN, segment size, DF: at most 112 bytes */

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
 * egress_drops datagrams that found the queue of a link full
 * note_next    the note that is replaced when there is no room
 * spill        reads that found the batch full, copied to spill_slab; delivered first */
struct udp_linux {
	struct xt_udp udp; /* first member: what the callers hold */
	unsigned first;
	uint64_t overruns;
	struct xt_egress_cache *egress;
	int old_fd[2]; /* of the port before, still read; -1: none */
	uint16_t old_port;
	struct udp_reserve reserve[2];
	uint64_t egress_drops;
	uint32_t note_next;
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

/* Note the ICMP errors in the queue of fd, as many as one pass has time for, and take off its
 * pending error. */
void udp_linux_errors_take(struct xt_udp *udp, int fd);
/* May the errno be that of an ICMP error for an earlier datagram? */
bool udp_linux_error_from_network(int error);
/* A send failed. True: send the datagram again, as the error may be that of an earlier one, to any
 * remote; what the queue of fd says of that is noted.
 * tries  of this datagram, 0 at first */
bool udp_linux_send_again(struct xt_udp *udp, int fd, int error, unsigned *tries);
/* Note that the host sends no datagram to remote. */
void udp_linux_note_refused(struct xt_udp *udp, const struct xt_endpoint *remote, int error);

#endif
