/* SPDX-License-Identifier: MIT */
/* Busy polling: after a pass of a packet or two the answer often arrives sooner than a sleeper
 * could be woken, so the loop polls a little longer before it sleeps. While packets come in numbers
 * it does not, because other processes need the processor then. */
#ifndef XT_TUNNEL_BUSY_POLL_UV_H
#define XT_TUNNEL_BUSY_POLL_UV_H

#include <uv.h>

/* handle  active while the loop polls; its data and its close are the caller's */
struct xt_busy_poll {
	uv_idle_t handle;
	uint64_t until, hold_off_until;
};

void xt_busy_poll_init(struct xt_busy_poll *poll, uv_loop_t *uv);
/* packets: how many the pass that just ended carried. */
void xt_busy_poll_update(struct xt_busy_poll *poll, int packets);
void xt_busy_poll_stop(struct xt_busy_poll *poll);

#endif
