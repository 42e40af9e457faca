/* SPDX-License-Identifier: MIT */
/* A part of a small send buffer that no peer fills alone.
 *
 * All peers share a socket's send buffer. Without the right to raise it above the queue of a link
 * (SO_SNDBUFFORCE), the datagrams of one peer behind a slow link would fill it and stop all others.
 * So the buffer is set to three quarters of what is allowed. When it stays full for RESERVE_AFTER,
 * the last quarter is opened: then nothing waits for the socket any more. Up to the three quarters
 * everybody is sent to. Above them each remote has an allowance in the reserve, and what is more
 * than that is dropped and counted. */
#ifndef XT_PLATFORM_UDP_RESERVE_LINUX_H
#define XT_PLATFORM_UDP_RESERVE_LINUX_H

#include <xtunnel/batch.h>

#define UDP_RESERVE_REMOTES 64 /* hash buckets: remotes may share one */

enum udp_reserve_state { UDP_RESERVE_NONE, UDP_RESERVE_CLOSED, UDP_RESERVE_FULL, UDP_RESERVE_OPEN };

/* state    NONE: the buffer is as large as requested. FULL: the socket refused at since
 * base     bytes of the buffer while the reserve is closed, as the kernel counts them
 * all      with the reserve
 * since    mono ns: of FULL; of OPEN: when the allowances were renewed
 * charges  bytes of each remote beyond base since then */
struct udp_reserve {
	enum udp_reserve_state state;
	uint32_t base, all;
	uint64_t since;
	uint32_t charges[UDP_RESERVE_REMOTES];
};

/* For a socket whose send buffer was set. wanted: bytes for SO_SNDBUF. */
void udp_reserve_init(struct udp_reserve *reserve, int fd, int wanted);
/* The socket took nothing (EAGAIN), and the reserve is not open. true: it is open now, send again.
 * false: wait until the socket is writable or, unless it is 0, until retry (mono ns). */
bool udp_reserve_full(struct udp_reserve *reserve, int fd, uint64_t *retry);
/* The socket has taken all. */
void udp_reserve_drained(struct udp_reserve *reserve);
/* The reserve is open: may run be sent? Called before each run. */
bool udp_reserve_admit(struct udp_reserve *reserve, int fd, const struct xt_run *run);

#endif
