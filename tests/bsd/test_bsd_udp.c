/* SPDX-License-Identifier: MIT */
/* The UDP sockets of macOS, FreeBSD and OpenBSD: datagrams over the loopback of this host, options
 * and routes of a kernel of the tests. Built once for each system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bsd/plans.h"
#include "platform/udp.h"
#include "platform/wake.h"
#include "test_main.h"

#define DARWIN (strcmp(XT_TESTS_SYSTEM, "darwin") == 0)

static struct xt_udp *a, *b;
static struct xt_batch *batch;
static struct xt_tx *tx;

static int setup(void **state)
{
	(void)state;
	kernel_reset();
	kernel_route_set("127.0.0.0/8", NULL, KERNEL_LO0);
	assert_int_equal(xt_batch_new(&batch, XT_UDP_BATCH, XT_UDP_SLAB), 0);
	assert_int_equal(xt_tx_new(&tx, 256, 4096), 0);
	assert_int_equal(xt_udp_open(&a, 0, 0), 0);
	return xt_udp_open(&b, 0, 0);
}

static int teardown(void **state)
{
	(void)state;
	a->ops->close(a);
	b->ops->close(b);
	xt_batch_free(batch);
	xt_tx_free(tx);
	return (int)kernel_open_count();
}

static void path_set(struct xt_path *path, const struct xt_udp *to, bool v6)
{
	*path = (struct xt_path){.remote = {.ip = {v6 ? 6 : 4, {127, 0, 0, 1}}, .port = to->port}};
	if (v6) {
		memset(path->remote.ip.b, 0, sizeof(path->remote.ip.b));
		path->remote.ip.b[15] = 1;
	}
}

/* n datagrams of len bytes each in one run. */
static void run_add(const struct xt_path *path, uint32_t n, size_t len, uint8_t tos)
{
	static uint8_t bytes[2000];
	struct xt_run *run = &tx->runs[tx->n_runs++];

	*run = (struct xt_run){.path = *path,
			       .first = tx->n_vecs,
			       .n = n,
			       .seg = (uint32_t)len,
			       .bytes = n * (uint32_t)len,
			       .tos = tos};
	for (uint32_t i = 0; i < n; i++)
		tx->vecs[tx->n_vecs++] = (struct xt_vec){.base = bytes, .len = len};
}

static void all_sent(struct xt_udp *udp)
{
	uint32_t next = 0;

	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(next, tx->n_runs);
	tx->n_runs = tx->n_vecs = 0;
}

static int all_received(struct xt_udp *udp)
{
	int n, sum = 0;

	xt_batch_reset(batch);
	while ((n = udp->ops->recv(udp, batch, 1 << 20)) > 0)
		sum += n;
	return sum;
}

static void datagrams_arrive_with_their_path(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct xt_path path;

		if (a->fd[v6] < 0)
			continue;
		path_set(&path, b, v6);
		run_add(&path, 70, 100, 2);
		run_add(&path, 1, 1500, 0);
		all_sent(a);
		assert_int_equal(all_received(b), 71);
		assert_int_equal(batch->pkts[0].len, 100);
		assert_int_equal(batch->pkts[70].len, 1500);
		assert_int_equal(batch->pkts[0].from->remote.port, a->port);
		assert_int_equal(batch->pkts[0].from->local.family, v6 ? 6 : 4);
		assert_int_equal(batch->pkts[0].from->local.b[v6 ? 15 : 3], 1);
		assert_int_equal(batch->pkts[0].from->ifindex, 1); /* lo of this host */
		if (v6 || DARWIN)
			assert_int_equal(batch->pkts[0].ecn, 2);
		assert_int_equal(a->refused, 0);
		assert_int_equal(a->fallbacks, 0); /* the DS field was taken */
	}
}

static void the_local_address_stays(void **state)
{
	struct xt_path path;

	(void)state;
	path_set(&path, b, false);
	path.local = (struct xt_ip){4, {127, 0, 0, 9}};
	path.ifindex = KERNEL_LO0;
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 1);
	assert_int_equal(batch->pkts[0].from->remote.ip.b[3], 9);

	/* the route leaves by another link than its datagrams came by */
	path.ifindex = KERNEL_EN0;
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 1);
	assert_int_equal(batch->pkts[0].from->remote.ip.b[3], 1);

	/* an address that is not this host's */
	path.ifindex = 0;
	path.local = (struct xt_ip){4, {192, 0, 2, 1}};
	run_add(&path, 2, 10, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 2);
	assert_int_equal(a->refused, 0);
}

static void what_is_refused_is_counted_and_noted(void **state)
{
	struct xt_path path;

	(void)state;
	path_set(&path, b, false);
	path.remote.ip = (struct xt_ip){4, {255, 255, 255, 255}}; /* broadcast is not allowed */
	run_add(&path, 2, 10, 0);
	path_set(&path, b, false);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(a->refused, 2);
	assert_int_equal(a->n_notes, 2);
	assert_int_equal(a->notes[0].error, EACCES);
	assert_int_equal(all_received(b), 1); /* the others are sent */
	path.remote.ip.family = 0;
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(a->refused, 3);
}

/* The tunnel's interface catches everything: the sockets leave by the host's own default route. */
static void a_socket_never_enters_the_tunnel(void **state)
{
	struct xt_tun *tun = tun_make();
	struct xt_path path;

	(void)state;
	a->avoid = tun->ifindex;
	path_set(&path, b, false);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.bound[0], 0);
	kernel_route_set("0.0.0.0/1", NULL, tun->ifindex);
	kernel_route_set("128.0.0.0/1", NULL, tun->ifindex);
	a->ops->routes_expire(a);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.bound[0], DARWIN ? KERNEL_EN0 : 0);
	assert_int_equal(kernel.bound[1], 0); /* IPv6 is not caught */

	/* a more specific route of the host leads elsewhere */
	assert_int_equal(kernel.pinned, DARWIN ? KERNEL_LO0 : 0);
	kernel_route_set("127.0.0.0/8", NULL, KERNEL_EN0);
	a->ops->routes_expire(a);
	kernel.pinned = 0;
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.pinned, 0); /* there as well as by default */
	kernel_route_set("127.0.0.0/8", NULL, KERNEL_LO0);

	kernel_route_set("0.0.0.0/0", "172.16.0.1", KERNEL_EN1);
	a->ops->routes_expire(a);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.bound[0], DARWIN ? KERNEL_EN1 : 0);
	tun->ops->close(tun);
	a->ops->routes_expire(a);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.bound[0], 0);
}

static void ways_differ_when_routes_do(void **state)
{
	struct xt_path path = {.remote = {.ip = {4, {198, 18, 0, 2}}, .port = 1}};
	uint64_t first = a->ops->way(a, &path), other;

	(void)state;
	assert_true(first > XT_WAY_NONE);
	assert_int_equal(a->ops->way(a, &path), first);
	kernel_route_set("0.0.0.0/0", "192.168.1.254", KERNEL_EN0);
	assert_int_equal(a->ops->way(a, &path), first); /* nobody said so yet */
	a->ops->routes_expire(a);
	other = a->ops->way(a, &path);
	assert_true(other != first && other > XT_WAY_NONE);
	a->ops->link_returned(a, KERNEL_EN0);
	assert_true(a->ops->way(a, &path) != other);
	kernel_route_set("0.0.0.0/0", NULL, 0);
	a->ops->routes_expire(a);
	assert_int_equal(a->ops->way(a, &path), XT_WAY_NONE);
	/* without an answer of the kernel all ways are one */
	kernel.fail_at = 1;
	kernel.fail_errno = EPERM;
	a->ops->routes_expire(a);
	assert_true(a->ops->way(a, &path) > XT_WAY_NONE);
}

static void a_mark_is_what_the_system_has_for_one(void **state)
{
	struct xt_udp_sockets sockets;
	int pipes[2], rc = xt_udp_sockets_open(&sockets, 0, 77);

	(void)state;
	if (DARWIN) {
		assert_int_equal(rc, -EOPNOTSUPP);
		assert_int_equal(xt_udp_sockets_mark(a->fd, 77, 0), -EOPNOTSUPP);
		assert_int_equal(xt_udp_sockets_mark(a->fd, 0, 0), 0);
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(kernel.cookie, 77);
		xt_udp_sockets_close(&sockets);
		assert_int_equal(xt_udp_sockets_mark(a->fd, 78, 0), 0);
		assert_int_equal(kernel.cookie, 78);
	}
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(xt_udp_sockets_mark((int[2]){pipes[0], -1}, 1, 0), -EINVAL);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_probe_is_sent_whole(void **state)
{
	struct xt_path path;

	(void)state;
	path_set(&path, b, false);
	run_add(&path, 1, 100, 0);
	tx->runs[0].dont_fragment = true;
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(kernel.whole, 1);
	assert_int_equal(all_received(b), 2);
	if (a->fd[1] < 0)
		return;
	path_set(&path, b, true);
	run_add(&path, 1, 100, 0);
	tx->runs[0].dont_fragment = true;
	all_sent(a);
	assert_int_equal(all_received(b), 1);
}

/* A port is taken in both families or in none, and the former one is read until it is dropped. */
static void a_port_moves(void **state)
{
	struct xt_udp_sockets sockets, busy;
	uint16_t former = b->port;
	struct xt_path path;

	(void)state;
	assert_int_equal(xt_udp_sockets_open(&busy, former, 0), -EADDRINUSE);
	assert_int_equal(xt_udp_sockets_open(&sockets, 0, 0), 0);
	path_set(&path, b, false);
	xt_udp_move(b, &sockets);
	assert_int_equal(b->port, sockets.port);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 1);
	assert_true(batch->pkts[0].from->old_port);
	assert_true(xt_udp_old(b, &sockets));
	assert_int_equal(sockets.port, former);
	assert_true(xt_udp_kept(b, former, &busy));
	close(busy.fd[0]);
	if (busy.fd[1] >= 0)
		close(busy.fd[1]);
	xt_udp_drop_old(b);
	assert_false(xt_udp_old(b, &sockets));
}

static void sockets_are_watched(void **state)
{
	struct xt_wake_event event;
	struct xt_wake *wake;
	struct xt_path path;

	(void)state;
	assert_int_equal(xt_wake_new(&wake), 0);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, b), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 0);
	path_set(&path, b, false);
	run_add(&path, 1, 10, 0);
	all_sent(a);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_ptr_equal(event.ctx, b);
	b->ops->take_errors(b, 0);
	assert_int_equal(all_received(b), 1);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ | XT_WAKE_WRITE, b), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_int_equal(event.events, XT_WAKE_WRITE);
	assert_int_equal(b->ops->watch(b, 0, wake, 0, NULL), 0);
	xt_wake_free(wake);
}

/* The last test: what was found is kept for the life of the program. */
static void several_datagrams_go_by_one_call_until_it_is_refused(void **state)
{
	struct xt_path path;
	unsigned calls;

	(void)state;
	path_set(&path, b, false);
	kernel.has_x = true;
	run_add(&path, 40, 100, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 40);
	calls = kernel.x_calls;
	if (!DARWIN) {
		assert_int_equal(calls, 0);
		return;
	}
	assert_in_range(calls, 2, 8);

	/* the error of one datagram is its own */
	run_add(&path, 20, 100, 0);
	run_add(&path, 1, 100, 0);
	tx->runs[1].path.remote.ip = (struct xt_ip){4, {255, 255, 255, 255}};
	run_add(&path, 20, 100, 0);
	all_sent(a);
	assert_int_equal(a->refused, 1);
	assert_int_equal(a->n_notes, 1);
	assert_int_equal(a->notes[0].remote.ip.b[0], 255);
	assert_in_range(all_received(b), 40, 60); /* some of the first 20 twice, none lost */
	calls = kernel.x_calls;
	run_add(&path, 40, 100, 0);
	all_sent(a);
	assert_true(kernel.x_calls > calls); /* it is used again */
	assert_int_equal(all_received(b), 40);

	kernel.refuses_x = true;
	run_add(&path, 40, 100, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 40);
	kernel.refuses_x = false;
	calls = kernel.x_calls;
	run_add(&path, 1, 100, 0);
	all_sent(a);
	assert_int_equal(all_received(b), 1);
	assert_int_equal(kernel.x_calls, calls); /* not tried again */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest first[] = {
	    CASE(several_datagrams_go_by_one_call_until_it_is_refused)};
	const struct CMUnitTest tests[] = {
	    CASE(datagrams_arrive_with_their_path),
	    CASE(the_local_address_stays),
	    CASE(what_is_refused_is_counted_and_noted),
	    CASE(a_socket_never_enters_the_tunnel),
	    CASE(ways_differ_when_routes_do),
	    CASE(a_mark_is_what_the_system_has_for_one),
	    CASE(a_probe_is_sent_whole),
	    CASE(a_port_moves),
	    CASE(sockets_are_watched),
	};

	/* The system's calls are looked up once: first where they are there, then refused. */
	return cmocka_run_group_tests(first, NULL, NULL) +
	       cmocka_run_group_tests(tests, NULL, NULL);
}
