/* SPDX-License-Identifier: MIT */
/* The loop: one handle for the wake source of the TUN and the UDP sockets, one timer for the next
 * deadline, one watch of the host. Nothing runs while nothing happens: without a deadline the timer
 * is stopped. */
#include "tunnel/loop_impl_uv.h"

#include <errno.h>
#include <stdlib.h>

#include "platform/clock.h"
#include "platform/wake.h"
#include "platform/watch.h"

/* uv_timer counts CLOCK_MONOTONIC, which stands still while the host is suspended, so a long timer
 * drifts from its deadline. While a deadline exists the timer is renewed at least this often. */
#define TIMER_MAX_MS (10 * 60 * 1000)

/* A port that was left is read for its peers, but not for ever: a peer that is silent sends to the
 * new one once it has taken the keepalive. */
#define PORT_LIMIT_MS 180000u
#define PORT_POLL_MS  50u

static void loop_gone(struct xt_loop *loop, int error)
{
	if (loop->state == LOOP_GONE || loop->state == LOOP_STOPPING)
		return;
	loop->state = LOOP_GONE;
	xt_loop_source_watch(loop, TUN, 0);
	loop->callbacks.gone(loop->callbacks.ctx, error);
}

void xt_loop_source_watch(struct xt_loop *loop, unsigned i, unsigned events)
{
	const struct xt_tun *tun = xt_tunnel_tun(loop->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(loop->tunnel);
	void *ctx = &loop->watched[i];
	int rc;

	if ((i != TUN && udp->fd[i] < 0) || loop->watched[i] == events)
		return;
	loop->watched[i] = events;
	if (i == TUN)
		rc = tun->ops->watch(tun, loop->wake, events, ctx);
	else
		rc = udp->ops->watch(udp, i, loop->wake, events, ctx);
	/* Without wake-ups the instance would hang silently: shut down instead. */
	if (rc < 0 && events)
		loop_gone(loop, rc);
}

static void on_timer(uv_timer_t *timer);

static void timer_arm(struct xt_loop *loop)
{
	uint64_t wait = xt_tunnel_wait(loop->tunnel), ms;

	if (wait == XT_NEVER || loop->state == LOOP_PARKED) {
		uv_timer_stop(&loop->timer);
		return;
	}
	ms = wait / 1000000 + (wait % 1000000 != 0);
	if (ms > TIMER_MAX_MS)
		ms = TIMER_MAX_MS;
	/* uv_now is when this iteration began: after a long pass the timer would fire early. */
	uv_update_time(loop->timer.loop);
	uv_timer_start(&loop->timer, on_timer, ms, 0);
}

/* A descriptor that is handed over has a duplicate: closing it would not end its watch. */
static void loop_parked(struct xt_loop *loop)
{
	loop->state = LOOP_PARKED;
	for (unsigned i = 0; i < SOURCES; i++)
		xt_loop_source_watch(loop, i, 0);
	uv_timer_stop(&loop->timer);
	uv_timer_stop(&loop->port);
	xt_busy_poll_stop(&loop->busy_poll);
	loop->callbacks.parked(loop->callbacks.ctx);
}

/* Called after every pass: watch and time what the tunnel waits for. */
void xt_loop_update(struct xt_loop *loop)
{
	bool parks = loop->state == LOOP_PARKING, blocked;
	unsigned read;

	if (loop->state == LOOP_STOPPING || loop->state == LOOP_PARKED)
		return;
	if (parks && xt_tunnel_park(loop->tunnel)) {
		loop_parked(loop);
		return;
	}
	blocked = xt_tunnel_blocked(loop->tunnel);
	read = xt_tunnel_reads(loop->tunnel) && !parks ? XT_WAKE_READ : 0;
	if (xt_tunnel_network_moved(loop->tunnel) && loop->callbacks.network)
		loop->callbacks.network(loop->callbacks.ctx);
	if (!blocked)
		loop->not_full = -1;
	if (loop->state == LOOP_RUNNING || parks)
		xt_loop_source_watch(loop, TUN, parks || blocked ? 0 : XT_WAKE_READ);
	for (unsigned i = 0; i < TUN; i++) {
		bool write = blocked && loop->not_full != (int)i;

		xt_loop_source_watch(loop, i, read | (write ? XT_WAKE_WRITE : 0));
	}
	timer_arm(loop);
}

static void busy_poll_update(struct xt_loop *loop, int packets)
{
	if (loop->state == LOOP_RUNNING)
		xt_busy_poll_update(&loop->busy_poll, packets);
	else
		xt_busy_poll_stop(&loop->busy_poll);
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_loop *loop = timer->data;

	xt_tunnel_tick(loop->tunnel);
	xt_loop_update(loop);
}

static void tun_ready(struct xt_loop *loop)
{
	int rc = xt_tunnel_out(loop->tunnel);

	if (rc < 0)
		loop_gone(loop, rc);
	busy_poll_update(loop, rc);
	xt_loop_update(loop);
}

static void udp_writable(struct xt_loop *loop, unsigned i)
{
	unsigned other = i == UDP4 ? UDP6 : UDP4;

	xt_tunnel_writable(loop->tunnel);
	/* Still blocked: the other family's socket is the full one. Do not spin on this one. */
	if (xt_tunnel_blocked(loop->tunnel) && xt_tunnel_udp(loop->tunnel)->fd[other] >= 0)
		loop->not_full = (int)i;
}

static void udp_ready(struct xt_loop *loop, unsigned i, unsigned events)
{
	if (events & XT_WAKE_ERROR) {
		xt_tunnel_take_errors(loop->tunnel, i);
		events |= XT_WAKE_READ;
	}
	if ((events & XT_WAKE_WRITE) && xt_tunnel_blocked(loop->tunnel))
		udp_writable(loop, i);
	if (events & XT_WAKE_READ) {
		int rc = xt_tunnel_in(loop->tunnel);

		if (rc < 0)
			loop_gone(loop, rc);
		busy_poll_update(loop, rc);
	}
	xt_loop_update(loop);
}

static void on_wake(struct xt_wake_uv *wake_uv)
{
	struct xt_loop *loop = wake_uv->handle.any.data;
	struct xt_wake_event ready[SOURCES];
	unsigned n = xt_wake_poll(loop->wake, ready, SOURCES);

	for (unsigned i = 0; i < n && loop->state != LOOP_STOPPING; i++) {
		ptrdiff_t source = (unsigned *)ready[i].ctx - loop->watched;

		if (loop->watched[source] == 0)
			continue; /* an earlier event of this iteration ended the watch */
		if (source == TUN)
			tun_ready(loop);
		else
			udp_ready(loop, (unsigned)source, ready[i].events);
	}
}

static void on_closed(uv_handle_t *handle);

static void link_update(struct xt_loop *loop, const struct xt_link_state *state)
{
	const struct xt_tun *tun = xt_tunnel_tun(loop->tunnel);

	if (state->mtu != 0 && state->mtu != tun->mtu) {
		xt_tunnel_set_mtu(loop->tunnel, state->mtu);
		if (loop->callbacks.mtu)
			loop->callbacks.mtu(loop->callbacks.ctx, state->mtu);
	}
	loop->link_down |= state->was_down || !state->up;
	if (!loop->link_down || !state->up)
		return;
	loop->link_down = false;
	if (loop->callbacks.link_up)
		loop->callbacks.link_up(loop->callbacks.ctx);
}

/* The interface is in another network namespace now; packets still pass through the TUN device. If
 * it may not be watched there, its end shows as an error of the TUN device. */
static void link_moved(struct xt_loop *loop)
{
	xt_tunnel_moved(loop->tunnel);
	loop->callbacks.moved(loop->callbacks.ctx);
}

static void on_change(uv_poll_t *handle, int status, int events);
static void on_changes_closed(uv_handle_t *handle);

static int changes_start(struct xt_loop *loop)
{
	uv_poll_t *changes = calloc(1, sizeof(*changes));
	int rc = XT_E_NOMEM;

	if (changes)
		rc = uv_poll_init_socket(loop->timer.loop, changes, (uv_os_sock_t)loop->watch.fd);
	if (rc < 0) {
		free(changes);
		return rc;
	}
	changes->data = loop;
	loop->changes = changes;
	loop->open++;
	return uv_poll_start(changes, UV_READABLE, on_change);
}

static void changes_stop(struct xt_loop *loop)
{
	if (loop->changes)
		uv_close((uv_handle_t *)loop->changes, on_changes_closed);
	loop->changes = NULL;
}

void xt_loop_watch(struct xt_loop *loop, int error, const struct xt_watch *watch,
		   const struct xt_link_state *state)
{
	struct xt_watch unused = loop->state == LOOP_STOPPING ? *watch : loop->watch;

	if (error == -ENODEV)
		loop_gone(loop, error);
	if (error < 0)
		return;
	if (loop->state == LOOP_STOPPING) {
		xt_watch_close(&unused);
		return;
	}
	changes_stop(loop);
	(void)xt_watch_replace(&loop->watch, watch->fd, watch->ifindex, watch->nsid);
	xt_watch_close(&unused);
	error = changes_start(loop);
	if (error < 0)
		loop_gone(loop, error);
	else
		link_update(loop, state);
	timer_arm(loop);
}

static void on_port(uv_timer_t *timer)
{
	struct xt_loop *loop = timer->data;
	enum xt_port_move progress = xt_tunnel_port_move(loop->tunnel);

	if (progress == XT_PORT_OVER || uv_now(timer->loop) >= loop->port_until_ms) {
		for (unsigned i = 0; i < TUN; i++)
			xt_loop_source_watch(loop, i, 0);
		xt_tunnel_port_drop(loop->tunnel);
	} else {
		uv_timer_start(timer, on_port, progress == XT_PORT_MORE ? 1 : PORT_POLL_MS, 0);
	}
	xt_loop_update(loop);
}

void xt_loop_port_moved(struct xt_loop *loop)
{
	loop->port_until_ms = uv_now(loop->port.loop) + PORT_LIMIT_MS;
	uv_timer_start(&loop->port, on_port, 0, 0);
}

/* The port before is still read: after a stop, or as the process before has done. */
void xt_loop_port_follow(struct xt_loop *loop)
{
	struct xt_udp_sockets old;

	if (xt_tunnel_old_sockets(loop->tunnel, &old))
		xt_loop_port_moved(loop);
}

static void on_change(uv_poll_t *handle, int status, int events)
{
	struct xt_loop *loop = handle->data;
	struct xt_link_state state = {0};
	unsigned changed;

	(void)events;
	/* The socket's queue overflowed, and libuv stopped the handle. The read gets the error,
	 * which means that messages were lost, and queries the whole state. */
	if (status < 0)
		uv_poll_start(handle, UV_READABLE, on_change);
	changed = xt_watch_read(&loop->watch, &state);
	for (unsigned i = 0; i < loop->watch.n_returned; i++)
		xt_tunnel_link_returned(loop->tunnel, loop->watch.returned[i]);
	if (changed & XT_WATCH_ROUTING)
		xt_tunnel_network_changed(loop->tunnel);
	timer_arm(loop);
	if (!(changed & XT_WATCH_LINK))
		return;
	if (state.exists)
		link_update(loop, &state);
	else if (state.moved)
		link_moved(loop);
	else
		loop_gone(loop, -ENODEV);
}

/* Another handle has closed. */
static void loop_close(struct xt_loop *loop)
{
	if (--loop->open > 0 || loop->state != LOOP_STOPPING)
		return;
	struct xt_loop_callbacks callbacks = loop->callbacks;
	xt_wake_free(loop->wake);
	xt_watch_close(&loop->watch);
	xt_clock_watch_close(loop->clock_fd);
	free(loop);
	callbacks.closed(callbacks.ctx);
}

static void on_closed(uv_handle_t *handle)
{
	loop_close(handle->data);
}

static void on_changes_closed(uv_handle_t *handle)
{
	struct xt_loop *loop = handle->data;

	free(handle);
	loop_close(loop);
}

static int wake_open(struct xt_loop *loop)
{
	int rc = xt_wake_new(&loop->wake);

	if (rc == 0)
		rc = xt_wake_uv_start(&loop->wake_uv, loop->timer.loop, loop->wake, on_wake);
	if (rc < 0)
		return rc;
	loop->wake_uv.handle.any.data = loop;
	loop->open++;
	return 0;
}

static int watch_open(struct xt_loop *loop)
{
	int rc = 0;

	if (loop->callbacks.watch)
		loop->watch = *loop->callbacks.watch;
	else
		rc = xt_watch_open(&loop->watch, xt_tunnel_tun(loop->tunnel)->ifindex);
	return rc < 0 ? rc : changes_start(loop);
}

/* Timers stand still in a suspend: the tick finds what is due, and that the host was away. */
static void on_awake(uv_poll_t *handle, int status, int events)
{
	struct xt_loop *loop = handle->data;

	(void)status;
	(void)events;
	xt_clock_watch_read(loop->clock_fd);
	xt_tunnel_tick(loop->tunnel);
	xt_loop_update(loop);
}

/* Without it the next pass notices the suspend. */
static void clock_open(struct xt_loop *loop)
{
	loop->clock_fd = xt_clock_watch_open();
	if (loop->clock_fd < 0 ||
	    uv_poll_init_socket(loop->timer.loop, &loop->awake, (uv_os_sock_t)loop->clock_fd) < 0)
		return;
	loop->awake.data = loop;
	loop->open++;
	(void)uv_poll_start(&loop->awake, UV_READABLE, on_awake);
}

int xt_loop_start(struct xt_loop **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  const struct xt_loop_callbacks *callbacks)
{
	struct xt_loop *loop = calloc(1, sizeof(*loop));
	int rc;

	if (!loop)
		return XT_E_NOMEM;
	*out = loop;
	loop->callbacks = *callbacks;
	loop->tunnel = tunnel;
	loop->not_full = -1;
	loop->watch.fd = loop->clock_fd = -1;
	uv_timer_init(uv, &loop->timer);
	loop->timer.data = loop;
	xt_busy_poll_init(&loop->busy_poll, uv);
	loop->busy_poll.handle.data = loop;
	uv_timer_init(uv, &loop->port);
	loop->port.data = loop;
	loop->open = 3;
	rc = wake_open(loop);
	if (rc == 0)
		rc = watch_open(loop);
	if (rc == 0)
		clock_open(loop);
	if (rc < 0) {
		xt_loop_stop(loop);
		return rc;
	}
	xt_loop_port_follow(loop);
	xt_loop_update(loop);
	return 0;
}

void xt_loop_stop(struct xt_loop *loop)
{
	if (loop->state == LOOP_STOPPING)
		return;
	loop->state = LOOP_STOPPING;
	if (loop->wake_uv.handle.any.data) {
		xt_wake_notify(loop->wake, NULL, NULL); /* no longer into a handle that closes */
		xt_wake_uv_close(&loop->wake_uv, on_closed);
	}
	changes_stop(loop);
	uv_timer_stop(&loop->timer);
	uv_timer_stop(&loop->port);
	uv_close((uv_handle_t *)&loop->port, on_closed);
	if (loop->awake.data)
		uv_close((uv_handle_t *)&loop->awake, on_closed);
	uv_close((uv_handle_t *)&loop->timer, on_closed);
	uv_close((uv_handle_t *)&loop->busy_poll.handle, on_closed);
}
