/* SPDX-License-Identifier: MIT */
/* Busy polling before sleeping. */
#include "tunnel/busy_poll_uv.h"

#include "base/bytes.h"

/* After a pass of at most BUSY_POLL_PACKETS packets the loop polls for BUSY_POLL_NS before it
 * sleeps, unless a larger pass ran within the last HOLD_OFF_NS. */
#define BUSY_POLL_PACKETS 2
#define BUSY_POLL_NS	  50000
#define HOLD_OFF_NS	  1000000

void xt_busy_poll_init(struct xt_busy_poll *poll, uv_loop_t *uv)
{
	uv_idle_init(uv, &poll->handle);
}

/* An active idle handle keeps libuv from sleeping. */
static void on_busy_poll(uv_idle_t *idle)
{
	const struct xt_busy_poll *poll = XT_CONTAINER(idle, struct xt_busy_poll, handle);

	if (uv_hrtime() >= poll->until)
		uv_idle_stop(idle);
}

void xt_busy_poll_update(struct xt_busy_poll *poll, int packets)
{
	uint64_t now = uv_hrtime();

	if (packets > BUSY_POLL_PACKETS)
		poll->hold_off_until = now + HOLD_OFF_NS;
	if (packets < 1 || now < poll->hold_off_until) {
		uv_idle_stop(&poll->handle);
		return;
	}
	poll->until = now + BUSY_POLL_NS;
	uv_idle_start(&poll->handle, on_busy_poll);
}

void xt_busy_poll_stop(struct xt_busy_poll *poll)
{
	uv_idle_stop(&poll->handle);
}
