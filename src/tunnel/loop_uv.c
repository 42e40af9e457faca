/* The loop: one poll handle a descriptor, one timer for the next deadline, the link's watcher.
 * Nothing runs while nothing happens: with no deadline the timer is stopped.
 *
 * After a packet or two the answer is often near: to sleep and to be woken would take longer than
 * to look for it a moment longer. Not so while packets come in numbers: others want the processor.
 */
#include "tunnel/loop_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/link.h"

/* uv_timer counts CLOCK_MONOTONIC, which stands still while the host is suspended, and so do long
 * timers drift from the deadline: no longer than this without asking again. Only while a deadline
 * exists at all. */
#define TIMER_MAX_MS (10 * 60 * 1000)

/* A lonely turn carried so few packets. After one, so long is looked for more; but not so soon
 * after a turn that carried more. */
#define LONELY	2
#define LOOK_NS 50000
#define CALM_NS 1000000

enum { UDP4, UDP6, UDPS };

/* udp handles come and go with their sockets, so that each has memory of its own. */
struct poll {
	uv_poll_t *handle;
	struct xt_loop *loop;
	int fd; /* -1: not there */
	int events;
	uv_poll_cb callback;
};

struct xt_loop {
	struct xt_loop_calls calls;
	struct xt_tunnel *tunnel;
	struct poll tun, udp[UDPS], link;
	uv_timer_t timer;
	uv_idle_t look;
	uint64_t look_until, calm_at;
	int watch;	  /* link's descriptor, -1: none */
	unsigned ifindex; /* where it is watched */
	bool tried[UDPS]; /* writable, but the datagrams that wait are for the other one */
	bool gone, stopping;
	unsigned open; /* handles that are not closed yet */
};

static void loop_gone(struct xt_loop *loop, int error)
{
	if (loop->gone || loop->stopping)
		return;
	loop->gone = true;
	uv_poll_stop(loop->tun.handle);
	loop->tun.events = 0;
	loop->calls.gone(loop->calls.ctx, error);
}

static void poll_want(struct poll *poll, int events)
{
	if (poll->fd < 0 || poll->events == events)
		return;
	poll->events = events;
	if (events)
		uv_poll_start(poll->handle, events, poll->callback);
	else
		uv_poll_stop(poll->handle);
}

static void on_timer(uv_timer_t *timer);

static void arm_timer(struct xt_loop *loop)
{
	uint64_t wait = xt_tunnel_wait(loop->tunnel), ms;

	if (wait == XT_NEVER) {
		uv_timer_stop(&loop->timer);
		return;
	}
	ms = wait / 1000000 + (wait % 1000000 != 0);
	if (ms > TIMER_MAX_MS)
		ms = TIMER_MAX_MS;
	/* uv_now is of the turn's begin: without this a long turn would fire the timer early. */
	uv_update_time(loop->timer.loop);
	uv_timer_start(&loop->timer, on_timer, ms, 0);
}

/* After every turn: which descriptors, and until when. */
static void settle(struct xt_loop *loop)
{
	bool blocked = xt_tunnel_blocked(loop->tunnel);
	int read = xt_tunnel_reads(loop->tunnel) ? UV_READABLE : 0;

	if (loop->stopping)
		return;
	if (!blocked)
		loop->tried[UDP4] = loop->tried[UDP6] = false;
	if (!loop->gone)
		poll_want(&loop->tun, blocked ? 0 : UV_READABLE);
	for (int i = 0; i < UDPS; i++) {
		bool write = blocked && !loop->tried[i];
		poll_want(&loop->udp[i], read | (write ? UV_WRITABLE : 0));
	}
	arm_timer(loop);
}

/* An idle handle that runs keeps libuv from sleeping. */
static void on_look(uv_idle_t *look)
{
	const struct xt_loop *loop = look->data;

	if (uv_hrtime() >= loop->look_until)
		uv_idle_stop(look);
}

/* After a turn that carried so many packets. */
static void look_longer(struct xt_loop *loop, int packets)
{
	uint64_t now = uv_hrtime();

	if (packets > LONELY)
		loop->calm_at = now + CALM_NS;
	if (packets < 1 || now < loop->calm_at || loop->stopping) {
		uv_idle_stop(&loop->look);
		return;
	}
	loop->look_until = now + LOOK_NS;
	uv_idle_start(&loop->look, on_look);
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_loop *loop = timer->data;

	xt_tunnel_tick(loop->tunnel);
	settle(loop);
}

static void on_tun(uv_poll_t *handle, int status, int events)
{
	struct xt_loop *loop = ((struct poll *)handle->data)->loop;
	int rc;

	(void)events;
	if (status < 0)
		loop->tun.events = 0; /* libuv has stopped it: an error condition was pending */
	rc = xt_tunnel_out(loop->tunnel);
	if (rc < 0)
		loop_gone(loop, rc);
	look_longer(loop, rc);
	settle(loop);
}

static void udp_writable(struct xt_loop *loop, int i)
{
	xt_tunnel_writable(loop->tunnel);
	if (!xt_tunnel_blocked(loop->tunnel))
		return;
	/* The other family's socket is the full one: do not spin on this one. */
	if (loop->udp[!i].fd >= 0) {
		loop->tried[i] = true;
		loop->tried[!i] = false;
	}
}

static void on_udp(uv_poll_t *handle, int status, int events)
{
	struct poll *poll = handle->data;
	struct xt_loop *loop = poll->loop;
	int error, rc;
	socklen_t len = sizeof(error);

	if (status < 0) {
		/* EPOLLERR: libuv has stopped the handle. Take the socket's error off, let recv
		 * drain its error queue, and settle starts the handle again. */
		poll->events = 0;
		(void)getsockopt(poll->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		events = UV_READABLE;
	}
	if ((events & UV_WRITABLE) && xt_tunnel_blocked(loop->tunnel))
		udp_writable(loop, poll == &loop->udp[UDP6] ? UDP6 : UDP4);
	if (events & UV_READABLE) {
		rc = xt_tunnel_in(loop->tunnel);
		if (rc < 0)
			loop_gone(loop, rc);
		look_longer(loop, rc);
	}
	settle(loop);
}

static void on_link(uv_poll_t *handle, int status, int events);
static void poll_close(struct poll *poll);
static int poll_open(struct xt_loop *loop, struct poll *poll, int fd, uv_poll_cb callback);

static void watch_close(struct xt_loop *loop)
{
	poll_close(&loop->link);
	if (loop->watch >= 0)
		close(loop->watch);
	loop->watch = -1;
}

static void link_is(struct xt_loop *loop, const struct xt_link_state *state)
{
	const struct xt_tun *tun = xt_tunnel_tun(loop->tunnel);

	if (state->mtu == 0 || state->mtu == tun->mtu)
		return;
	xt_tunnel_set_mtu(loop->tunnel, state->mtu);
	if (loop->calls.mtu)
		loop->calls.mtu(loop->calls.ctx, state->mtu);
}

/* To another namespace: the packets still come and go through our descriptor. Where it may not be
 * watched, its end is seen by the TUN's. */
static void link_moved(struct xt_loop *loop)
{
	struct xt_link_state state;
	int fd, rc;

	rc = xt_link_watch_move(xt_tunnel_tun(loop->tunnel)->fd, &loop->ifindex, &fd, &state);
	watch_close(loop);
	if (rc == -ENODEV || rc == -EBADFD || rc == -ENOTRECOVERABLE) {
		loop_gone(loop, rc);
		return;
	}
	if (rc < 0)
		return;
	loop->watch = fd;
	if (poll_open(loop, &loop->link, fd, on_link) == 0)
		poll_want(&loop->link, UV_READABLE);
	link_is(loop, &state);
}

static void on_link(uv_poll_t *handle, int status, int events)
{
	struct poll *poll = handle->data;
	struct xt_loop *loop = poll->loop;
	struct xt_link_state state = {0};
	int rc;

	(void)events;
	/* The socket's queue ran over. Its error is the read's to take: by it the watch learns that
	 * messages were lost, and asks for the state anew. */
	if (status < 0)
		poll->events = 0;
	rc = xt_link_watch_read(poll->fd, loop->ifindex, &state);
	poll_want(poll, UV_READABLE);
	if (rc <= 0)
		return;
	if (state.exists)
		link_is(loop, &state);
	else if (state.moved)
		link_moved(loop);
	else
		loop_gone(loop, -ENODEV);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_loop *loop =
	    handle->type == UV_POLL ? ((struct poll *)handle->data)->loop : handle->data;

	if (handle->type == UV_POLL)
		free(handle);
	if (--loop->open > 0)
		return;
	struct xt_loop_calls calls = loop->calls;
	free(loop);
	calls.closed(calls.ctx);
}

static int poll_open(struct xt_loop *loop, struct poll *poll, int fd, uv_poll_cb callback)
{
	int rc;

	poll->loop = loop;
	poll->fd = -1;
	poll->callback = callback;
	if (fd < 0)
		return 0;
	poll->handle = malloc(sizeof(*poll->handle));
	if (!poll->handle)
		return XT_E_NOMEM;
	rc = uv_poll_init(loop->timer.loop, poll->handle, fd);
	if (rc < 0) {
		free(poll->handle);
		return rc;
	}
	poll->handle->data = poll;
	poll->fd = fd;
	loop->open++;
	return 0;
}

int xt_loop_start(struct xt_loop **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  const struct xt_loop_calls *calls)
{
	const struct xt_tun *tun = xt_tunnel_tun(tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(tunnel);
	struct xt_loop *loop = calloc(1, sizeof(*loop));
	int rc;

	if (!loop)
		return XT_E_NOMEM;
	*out = loop;
	loop->calls = *calls;
	loop->tunnel = tunnel;
	loop->tun.fd = loop->link.fd = loop->udp[UDP4].fd = loop->udp[UDP6].fd = -1;
	loop->watch = -1;
	loop->ifindex = tun->ifindex;
	uv_timer_init(uv, &loop->timer);
	loop->timer.data = loop;
	uv_idle_init(uv, &loop->look);
	loop->look.data = loop;
	loop->open = 2;
	rc = poll_open(loop, &loop->tun, tun->fd, on_tun);
	for (int i = 0; i < UDPS && rc == 0; i++)
		rc = poll_open(loop, &loop->udp[i], udp->fd[i], on_udp);
	if (rc == 0)
		rc = xt_link_watch_open(tun->ifindex, &loop->watch);
	if (rc == 0)
		rc = poll_open(loop, &loop->link, loop->watch, on_link);
	if (rc < 0) {
		xt_loop_stop(loop);
		return rc;
	}
	poll_want(&loop->link, UV_READABLE);
	settle(loop);
	return 0;
}

void xt_loop_wake(struct xt_loop *loop)
{
	if (!loop->stopping)
		settle(loop);
}

static void poll_close(struct poll *poll)
{
	if (poll->fd < 0)
		return;
	uv_poll_stop(poll->handle);
	uv_close((uv_handle_t *)poll->handle, on_closed);
	poll->fd = -1;
	poll->events = 0;
}

/* The sockets are others now. */
static int udp_polls(struct xt_loop *loop)
{
	const struct xt_udp *udp = xt_tunnel_udp(loop->tunnel);
	int rc = 0;

	for (int i = 0; i < UDPS && rc == 0; i++) {
		poll_close(&loop->udp[i]);
		loop->tried[i] = false;
		rc = poll_open(loop, &loop->udp[i], udp->fd[i], on_udp);
	}
	return rc;
}

int xt_loop_apply(struct xt_loop *loop, const struct xt_change *change)
{
	const struct xt_udp *udp = xt_tunnel_udp(loop->tunnel);
	uint16_t port = udp->port;
	int rc, polled = 0;

	if (loop->stopping)
		return -ESHUTDOWN;
	for (int i = 0; i < UDPS; i++)
		poll_want(&loop->udp[i], 0);
	rc = xt_tunnel_apply(loop->tunnel, change);
	if (udp->port != port)
		polled = udp_polls(loop);
	settle(loop);
	if (polled < 0) /* deaf: better an end that is seen */
		loop_gone(loop, polled);
	return rc;
}

void xt_loop_stop(struct xt_loop *loop)
{
	if (loop->stopping)
		return;
	loop->stopping = true;
	poll_close(&loop->tun);
	poll_close(&loop->udp[UDP4]);
	poll_close(&loop->udp[UDP6]);
	watch_close(loop);
	uv_timer_stop(&loop->timer);
	uv_close((uv_handle_t *)&loop->timer, on_closed);
	uv_close((uv_handle_t *)&loop->look, on_closed);
}
