/* SPDX-License-Identifier: MIT */
/* The UDP sockets of Windows, shared by udp_windows.c (open), udp_send_windows.c and
 * udp_recv_windows.c. */
#ifndef XT_PLATFORM_UDP_WINDOWS_H
#define XT_PLATFORM_UDP_WINDOWS_H

#include "platform/windows/system_windows.h"

#include "base/bytes.h"
#include "platform/udp.h"
#include "platform/udp/udp_name.h"
#include "platform/windows/egress_windows.h"

#define UDP_CONTROL 256 /* source, ECN, segment size: at most 112 bytes */
/* The layout of control messages: cmsg_len counts the header and the value, both aligned. */
#define UDP_CONTROL_ALIGN(n) XT_ALIGN_UP((size_t)(n), sizeof(size_t))
#define UDP_CONTROL_HEAD     UDP_CONTROL_ALIGN(sizeof(WSACMSGHDR))

/* Options and control messages that older headers lack. */
#define UDP_OPT_SEND_SIZE 2  /* UDP_SEND_MSG_SIZE: the segment size of a message, a DWORD */
#define UDP_OPT_RECV_SIZE 3  /* UDP_RECV_MAX_COALESCED_SIZE, and UDP_COALESCED_INFO of a read */
#define IP_OPT_ECN	  50 /* IP_RECVECN and IP_ECN, of both families: an int */
#define IP_OPT_DISCOVER	  71 /* IP_MTU_DISCOVER, of both families */
#define IP_DISCOVER_DONT  2
#define IP_DISCOVER_PROBE 3
#define IP_OPT_UNICAST_IF 31 /* IP_UNICAST_IF in network order, IPV6_UNICAST_IF in host order */

union udp_control {
	WSACMSGHDR head; /* for its alignment */
	uint8_t bytes[UDP_CONTROL];
};

/* The result of one read: len bytes, in datagrams of seg bytes (the last may be shorter). */
struct udp_read {
	uint8_t *data;
	uint32_t len, seg;
	struct xt_path path;
	uint8_t ecn;
};

/* first     the family that recv reads first; it alternates, so that neither starves the other
 * events    set when a socket may be readable or writable again (WSAEventSelect)
 * old_*     of the port before, still read; -1: none
 * pinned    the link of IP_UNICAST_IF, by family; 0: none
 * judge     the pins are to be judged before the next datagram
 * ecn       the host takes the ECN bits of a datagram, by family
 * spill     the rest of a read that found the batch full, copied to spill_bytes; len 0: none */
struct udp_windows {
	struct xt_udp udp; /* first member: what the callers hold */
	unsigned first;
	HANDLE events[2], old_events[2];
	int old_fd[2];
	uint16_t old_port;
	LPFN_WSARECVMSG recvmsg;
	LPFN_WSASENDMSG sendmsg;
	struct xt_egress_cache *egress;
	uint32_t pinned[2];
	bool judge;
	bool ecn[2];
	uint32_t note_next;
	struct udp_read spill;
	uint8_t *spill_bytes;
	union udp_name name;
	union udp_control control;
	WSABUF vecs[XT_RUN_MAX];
};

int udp_windows_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);
int udp_windows_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);

#endif
