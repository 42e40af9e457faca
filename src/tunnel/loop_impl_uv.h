/* SPDX-License-Identifier: MIT */
/* The inside of a loop, for the files that share it. */
#ifndef XT_TUNNEL_LOOP_IMPL_UV_H
#define XT_TUNNEL_LOOP_IMPL_UV_H

#include "tunnel/busy_poll_uv.h"
#include "tunnel/loop_uv.h"
#include "tunnel/wake_uv.h"

/* What is watched; UDP4 and UDP6 are the indices of xt_udp. */
enum { UDP4, UDP6, TUN, SOURCES };

/* PARKING: until what was read has left; PARKED: nothing is watched */
enum loop_state { LOOP_RUNNING, LOOP_PARKING, LOOP_PARKED, LOOP_GONE, LOOP_STOPPING };

/* changes   of the host, reported by watch
 * awake     readable when the host has woken from a suspend; unused where clock_fd is -1
 * watched   XT_WAKE_*: events watched now, by source
 * not_full  UDP socket that became writable while the tunnel stayed blocked: the datagrams that
 *           wait are for the other family; -1: not known
 * open      handles that are not closed yet, of which changes may have been replaced */
struct xt_loop {
	struct xt_loop_callbacks callbacks;
	struct xt_tunnel *tunnel;
	enum loop_state state;
	struct xt_wake *wake;
	struct xt_wake_uv wake_uv;
	uv_poll_t *changes; /* on the watch's descriptor */
	struct xt_watch watch;
	bool link_down;	 /* seen down since it was last up */
	uv_timer_t port; /* runs while the sockets of the port before are kept, until: */
	uint64_t port_until_ms;
	uv_poll_t awake;
	int clock_fd;
	uv_timer_t timer;
	struct xt_busy_poll busy_poll;
	unsigned watched[SOURCES];
	int not_full;
	unsigned open;
};

/* Called after every pass: watch and time what the tunnel waits for. */
void xt_loop_update(struct xt_loop *loop);
/* Watch source i for XT_WAKE_* events; 0: no longer. */
void xt_loop_source_watch(struct xt_loop *loop, unsigned i, unsigned events);
/* The sockets of the port before are read for their peers from now on. follow: if there are any, as
 * after a stop, or from another process. */
void xt_loop_port_moved(struct xt_loop *loop);
void xt_loop_port_follow(struct xt_loop *loop);

#endif
