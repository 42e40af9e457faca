/* The loop: one poll handle for all that packets come by, one timer for the next deadline, the link's
 * watcher. Nothing runs while nothing happens: with no deadline the timer is stopped.
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
#include "platform/ready.h"

/* uv_timer counts CLOCK_MONOTONIC, which stands still while the host is suspended, and so do long
 * timers drift from the deadline: no longer than this without asking again. Only while a deadline
 * exists at all. */
#define TIMER_MAX_MS (10 * 60 * 1000)

/* A lonely turn carried so few packets. After one, so long is looked for more; but not so soon
 * after a turn that carried more. */
#define LONELY	2
#define LOOK_NS 50000
#define CALM_NS 1000000

enum { UDP4, UDP6, TUN, ROADS };

/* Where packets come and go. */
struct road {
	int fd; /* -1: not there */
	unsigned wants;
};

struct xt_loop {
	struct xt_loop_callbacks calls;
	struct xt_tunnel *tunnel;
	struct xt_ready *ready;
	struct road roads[ROADS];
	uv_poll_t packets, *link; /* link comes and goes: it has memory of its own */
	uv_timer_t timer;
	uv_idle_t look;
	uint64_t look_until, calm_at;
	int watch;	  /* link's descriptor, -1: none */
	unsigned ifindex; /* where it is watched */
	bool tried[TUN];  /* writable, but the datagrams that wait are for the other one */
	bool gone, stopping;
	unsigned open; /* handles that are not closed yet */
};

static void road_want(struct xt_loop *loop, struct road *road, unsigned wants);

static void loop_gone(struct xt_loop *loop, int error)
{
	if (loop->gone || loop->stopping)
		return;
	loop->gone = true;
	road_want(loop, &loop->roads[TUN], 0);
	loop->calls.gone(loop->calls.ctx, error);
}

static void road_want(struct xt_loop *loop, struct road *road, unsigned wants)
{
	int rc;

	if (road->fd < 0 || road->wants == wants)
		return;
	road->wants = wants;
	rc = xt_ready_want(loop->ready, road->fd, wants, road);
	if (rc < 0 && wants) /* deaf: better an end that is seen */
		loop_gone(loop, rc);
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
	unsigned read = xt_tunnel_reads(loop->tunnel) ? XT_READABLE : 0;

	if (loop->stopping)
		return;
	if (!blocked)
		loop->tried[UDP4] = loop->tried[UDP6] = false;
	if (!loop->gone)
		road_want(loop, &loop->roads[TUN], blocked ? 0 : XT_READABLE);
	for (int i = 0; i < TUN; i++) {
		bool write = blocked && !loop->tried[i];
		road_want(loop, &loop->roads[i], read | (write ? XT_WRITABLE : 0));
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

static void on_tun(struct xt_loop *loop)
{
	int rc = xt_tunnel_out(loop->tunnel);

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
	if (loop->roads[!i].fd >= 0) {
		loop->tried[i] = true;
		loop->tried[!i] = false;
	}
}

static void on_udp(struct xt_loop *loop, int i, unsigned what)
{
	int error, rc;
	socklen_t len = sizeof(error);

	if (what & XT_TROUBLE) {
		/* Take the socket's error off, and let recv drain its error queue. */
		(void)getsockopt(loop->roads[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
		what |= XT_READABLE;
	}
	if ((what & XT_WRITABLE) && xt_tunnel_blocked(loop->tunnel))
		udp_writable(loop, i);
	if (what & XT_READABLE) {
		rc = xt_tunnel_in(loop->tunnel);
		if (rc < 0)
			loop_gone(loop, rc);
		look_longer(loop, rc);
	}
	settle(loop);
}

static void on_packets(uv_poll_t *handle, int status, int events)
{
	struct xt_loop *loop = handle->data;
	struct xt_ready_event ready[ROADS];
	unsigned n = xt_ready_take(loop->ready, ready, ROADS);

	(void)status;
	(void)events;
	for (unsigned i = 0; i < n && !loop->stopping; i++) {
		ptrdiff_t which = (struct road *)ready[i].ctx - loop->roads;

		if (loop->roads[which].wants == 0)
			continue; /* not since the one before had its turn */
		if (which == TUN)
			on_tun(loop);
		else
			on_udp(loop, (int)which, ready[i].what);
	}
}

static void on_link(uv_poll_t *handle, int status, int events);
static void on_closed(uv_handle_t *handle);

static void watch_close(struct xt_loop *loop)
{
	if (loop->link) {
		uv_close((uv_handle_t *)loop->link, on_closed);
		loop->link = NULL;
	}
	if (loop->watch >= 0)
		close(loop->watch);
	loop->watch = -1;
}

static int watch_open(struct xt_loop *loop)
{
	uv_poll_t *link = malloc(sizeof(*link));
	int rc = link ? uv_poll_init(loop->timer.loop, link, loop->watch) : XT_E_NOMEM;

	if (rc < 0) {
		free(link);
		return rc;
	}
	link->data = loop;
	loop->link = link;
	loop->open++;
	return uv_poll_start(link, UV_READABLE, on_link);
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
	(void)watch_open(loop);
	link_is(loop, &state);
}

static void on_link(uv_poll_t *handle, int status, int events)
{
	struct xt_loop *loop = handle->data;
	struct xt_link_state state = {0};
	int rc;

	(void)events;
	/* The socket's queue ran over. Its error is the read's to take: by it the watch learns that
	 * messages were lost, and asks for the state anew. */
	if (status < 0)
		uv_poll_start(handle, UV_READABLE, on_link);
	rc = xt_link_watch_read(loop->watch, loop->ifindex, &state);
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
	struct xt_loop *loop = handle->data;

	if (handle->type == UV_POLL && (uv_poll_t *)handle != &loop->packets)
		free(handle);
	if (--loop->open > 0)
		return;
	struct xt_loop_callbacks calls = loop->calls;
	xt_ready_free(loop->ready);
	free(loop);
	calls.closed(calls.ctx);
}

static int packets_open(struct xt_loop *loop)
{
	int rc = uv_poll_init(loop->timer.loop, &loop->packets, xt_ready_fd(loop->ready));

	if (rc < 0)
		return rc;
	loop->packets.data = loop;
	loop->open++;
	return uv_poll_start(&loop->packets, UV_READABLE, on_packets);
}

int xt_loop_start(struct xt_loop **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  const struct xt_loop_callbacks *calls)
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
	loop->roads[UDP4].fd = udp->fd[UDP4];
	loop->roads[UDP6].fd = udp->fd[UDP6];
	loop->roads[TUN].fd = tun->fd;
	loop->watch = -1;
	loop->ifindex = tun->ifindex;
	uv_timer_init(uv, &loop->timer);
	loop->timer.data = loop;
	uv_idle_init(uv, &loop->look);
	loop->look.data = loop;
	loop->open = 2;
	rc = xt_ready_new(&loop->ready);
	if (rc == 0)
		rc = packets_open(loop);
	if (rc == 0)
		rc = xt_link_watch_open(tun->ifindex, &loop->watch);
	if (rc == 0)
		rc = watch_open(loop);
	if (rc < 0) {
		xt_loop_stop(loop);
		return rc;
	}
	settle(loop);
	return 0;
}

void xt_loop_wake(struct xt_loop *loop)
{
	if (!loop->stopping)
		settle(loop);
}

int xt_loop_apply(struct xt_loop *loop, const struct xt_change *change,
		  const struct xt_udp_sockets *sockets)
{
	const struct xt_udp *udp = xt_tunnel_udp(loop->tunnel);
	int rc;

	if (loop->stopping)
		return -ESHUTDOWN;
	for (int i = 0; i < TUN; i++)
		road_want(loop, &loop->roads[i], 0);
	rc = xt_tunnel_apply(loop->tunnel, change, sockets);
	for (int i = 0; i < TUN; i++) {
		loop->roads[i].fd = udp->fd[i]; /* they may be others now */
		loop->tried[i] = false;
	}
	settle(loop);
	return rc;
}

void xt_loop_stop(struct xt_loop *loop)
{
	if (loop->stopping)
		return;
	loop->stopping = true;
	if (loop->packets.data)
		uv_close((uv_handle_t *)&loop->packets, on_closed);
	watch_close(loop);
	uv_timer_stop(&loop->timer);
	uv_close((uv_handle_t *)&loop->timer, on_closed);
	uv_close((uv_handle_t *)&loop->look, on_closed);
}
