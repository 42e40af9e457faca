/* SPDX-License-Identifier: MIT */
/* The loop of `xtunnel echo`: TUN -> echo responder -> TUN, and nothing else. */
#include "cli/echo_loop.h"

#include <errno.h>

#include <uv.h>
#include <xtunnel/error.h>

#include "cli/startup.h"
#include "platform/clock.h"
#include "platform/wake.h"
#include "platform/watch.h"
#include "tunnel/wake_uv.h"

struct state {
	const struct xt_echo_loop *what;
	struct xt_batch *in, *replies;
	struct xt_wake *wake;
	uv_loop_t uv;
	struct xt_wake_uv wake_uv;
	uv_poll_t link;
	uv_timer_t timer;
	uv_signal_t signals[XT_END_SIGNALS];
	struct xt_watch watch;
	int error;
};

static void loop_end(struct state *state, int error)
{
	if (state->error == 0)
		state->error = error;
	uv_stop(&state->uv);
}

static void on_timer(uv_timer_t *timer);

static void timer_arm(struct state *state, uint64_t now)
{
	uint64_t at = xt_echo_deadline(state->what->echo);

	if (at == XT_NEVER)
		uv_timer_stop(&state->timer);
	else
		uv_timer_start(&state->timer, on_timer, at > now ? (at - now) / 1000000 + 1 : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct state *state = timer->data;
	uint64_t now = xt_clock_now().mono;

	xt_echo_tick(state->what->echo, now);
	timer_arm(state, now);
}

static bool limit_reached(const struct state *state)
{
	struct xt_echo_counters counters;

	if (!state->what->limit)
		return false;
	xt_echo_count(state->what->echo, &counters);
	return counters.answered[XT_ECHO_SIDE_HOST] >= state->what->limit;
}

static void on_tun(struct xt_wake_uv *wake_uv)
{
	struct state *state = wake_uv->handle.any.data;
	struct xt_tun *tun = state->what->tun;
	uint64_t now = xt_clock_now().mono;
	struct xt_wake_event event;
	int rc = 0;

	if (xt_wake_poll(state->wake, &event, 1) > 0)
		rc = tun->ops->recv(tun, state->in, XT_TUN_SLAB);
	if (rc >= 0) {
		xt_echo_process(state->what->echo, XT_ECHO_SIDE_HOST, now, state->in,
				state->replies, state->replies);
		rc = tun->ops->send(tun, state->replies);
	}
	xt_batch_reset(state->replies);
	xt_batch_reset(state->in);
	if (rc < 0)
		loop_end(state, rc);
	else if (limit_reached(state) || state->what->ended())
		loop_end(state, 0);
	timer_arm(state, now);
}

static void on_link(uv_poll_t *handle, int status, int events)
{
	struct state *state = handle->data;
	struct xt_link_state link = {0};

	(void)events;
	if (status < 0)
		uv_poll_start(handle, UV_READABLE, on_link);
	if (!(xt_watch_read(&state->watch, &link) & XT_WATCH_LINK))
		return;
	if (link.moved) { /* in another namespace now: only the TUN shows its end */
		uv_poll_stop(handle);
	} else if (!link.exists) {
		loop_end(state, -ENODEV);
	} else if (link.mtu && link.mtu != state->what->tun->mtu) {
		state->what->tun->mtu = link.mtu;
		xt_echo_set_mtu(state->what->echo, link.mtu);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	loop_end(handle->data, 0);
}

static void handle_close(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static int loop_start(struct state *state)
{
	const struct xt_tun *tun = state->what->tun;
	int rc;

	uv_timer_init(&state->uv, &state->timer);
	state->timer.data = state;
	for (size_t i = 0; i < XT_END_SIGNALS && xt_end_signals[i]; i++) {
		uv_signal_init(&state->uv, &state->signals[i]);
		state->signals[i].data = state;
		uv_signal_start(&state->signals[i], on_signal, xt_end_signals[i]);
	}
	rc = xt_wake_new(&state->wake);
	if (rc == 0)
		rc = tun->ops->watch(tun, state->wake, XT_WAKE_READ, state);
	if (rc == 0)
		rc = xt_wake_uv_start(&state->wake_uv, &state->uv, state->wake, on_tun);
	if (rc < 0)
		return rc;
	state->wake_uv.handle.any.data = state;
	rc = xt_watch_open(&state->watch, tun->ifindex);
	if (rc < 0)
		return rc;
	rc = uv_poll_init_socket(&state->uv, &state->link, (uv_os_sock_t)state->watch.fd);
	if (rc < 0)
		return rc;
	state->link.data = state;
	uv_poll_start(&state->link, UV_READABLE, on_link);
	return 0;
}

int xt_echo_loop_run(const struct xt_echo_loop *what)
{
	struct state state = {.what = what, .watch = {.fd = -1}};
	int rc = xt_batch_new(&state.in, XT_TUN_BATCH, XT_TUN_SLAB);

	if (rc == 0)
		rc = xt_batch_new(&state.replies, XT_TUN_BATCH, XT_TUN_SLAB);
	if (rc == 0)
		rc = uv_loop_init(&state.uv);
	if (rc == 0) {
		rc = loop_start(&state);
		if (rc == 0)
			uv_run(&state.uv, UV_RUN_DEFAULT);
		if (state.wake_uv.handle.any.data)
			xt_wake_uv_close(&state.wake_uv, NULL);
		uv_walk(&state.uv, handle_close, NULL);
		uv_run(&state.uv, UV_RUN_DEFAULT);
		uv_loop_close(&state.uv);
	}
	xt_watch_close(&state.watch);
	xt_wake_free(state.wake);
	xt_batch_free(state.in);
	xt_batch_free(state.replies);
	return rc < 0 ? rc : state.error;
}
