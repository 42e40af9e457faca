/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The UDP sockets of Windows and the wake source, on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net_fake.h"
#include "platform/clock.h"
#include "platform/udp.h"
#include "platform/wake.h"
#include "platform/windows/system_windows.h"
#include "test_main.h"

static struct xt_udp *a, *b;
static struct xt_batch *batch;
static struct xt_tx *tx;
static struct xt_wake *wake;
static HANDLE notified;

static void on_notify(void *ctx)
{
	SetEvent(ctx);
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	xt_net_replace(&net_fake_ops);
	notified = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (xt_udp_open(&a, 0, 0) < 0 || xt_udp_open(&b, 0, 7) < 0 ||
	    xt_batch_new(&batch, XT_UDP_BATCH, XT_UDP_SLAB) < 0 ||
	    xt_tx_new(&tx, XT_UDP_BATCH, 65536) < 0 || xt_wake_new(&wake) < 0)
		return -1;
	xt_wake_notify(wake, on_notify, notified);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	xt_wake_free(wake);
	a->ops->close(a);
	b->ops->close(b);
	xt_batch_free(batch);
	xt_tx_free(tx);
	CloseHandle(notified);
	xt_net_replace(NULL);
	return 0;
}

static struct xt_path path_to(const struct xt_udp *udp, bool v6)
{
	struct xt_path path;

	memset(&path, 0, sizeof(path));
	path.remote.ip = v6 ? (struct xt_ip){6, {[15] = 1}} : (struct xt_ip){4, {127, 0, 0, 1}};
	path.remote.port = udp->port;
	return path;
}

/* Receive until n datagrams are there, or a second has passed. */
static uint32_t datagrams_await(struct xt_udp *udp, uint32_t n)
{
	for (int i = 0; i < 100 && batch->n < n; i++) {
		udp->ops->recv(udp, batch, SIZE_MAX);
		if (batch->n < n)
			Sleep(10);
	}
	return batch->n;
}

static void send_all(struct xt_udp *udp)
{
	uint32_t next = 0;

	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(next, tx->n_runs);
}

static void datagrams_arrive_with_their_way(void **state)
{
	static const char text[] = "datagram";

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct xt_path path = path_to(b, v6);

		if (b->fd[v6] < 0)
			continue;
		xt_batch_reset(batch);
		xt_tx_reset(tx);
		assert_int_equal(xt_tx_copy(tx, &path, 0, text, sizeof(text)), 0);
		assert_int_equal(xt_tx_copy(tx, &path, 0, text, 3), 0);
		send_all(a);
		assert_int_equal(datagrams_await(b, 2), 2);
		assert_int_equal(batch->pkts[0].len, sizeof(text));
		assert_memory_equal(batch->pkts[0].data, text, sizeof(text));
		assert_int_equal(batch->pkts[1].len, 3);
		assert_int_equal(batch->pkts[0].from->remote.port, a->port);
		assert_memory_equal(&batch->pkts[0].from->remote.ip, &path.remote.ip,
				    sizeof(path.remote.ip));
		assert_memory_equal(&batch->pkts[0].from->local, &path.remote.ip,
				    sizeof(path.remote.ip));
		assert_int_not_equal(batch->pkts[0].from->ifindex, 0);
	}
	assert_int_equal(a->refused, 0);
	assert_int_equal(b->errors, 0);
}

/* Runs leave by segmentation or one by one; lengths and order are the same. */
static void a_run_arrives_whole_and_in_order(void **state)
{
	const struct xt_path path = path_to(b, false);
	uint8_t bytes[1200];

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		memset(bytes, i, sizeof(bytes));
		assert_int_equal(xt_tx_copy(tx, &path, 0, bytes, i == 19 ? 77 : sizeof(bytes)), 0);
	}
	assert_int_equal(tx->n_runs, 1);
	send_all(a);
	assert_int_equal(datagrams_await(b, 20), 20);
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(batch->pkts[i].len, i == 19 ? 77 : sizeof(bytes));
		assert_int_equal(batch->pkts[i].data[0], i);
		assert_int_equal(batch->pkts[i].data[batch->pkts[i].len - 1], i);
	}
}

static void a_pin_that_is_no_address_of_the_host_is_left_out(void **state)
{
	struct xt_path path = path_to(b, false);

	(void)state;
	path.local = (struct xt_ip){4, {198, 51, 100, 7}};
	path.ifindex = 1;
	assert_int_equal(xt_tx_copy(tx, &path, 0, "x", 1), 0);
	send_all(a);
	assert_true(tx->runs[0].unstuck);
	assert_int_equal(datagrams_await(b, 1), 1);
	assert_int_equal(a->refused, 0);
}

static void a_pin_holds_where_the_host_has_the_address(void **state)
{
	struct xt_path path = path_to(b, false);

	(void)state;
	fake_interface_put("Loopback", 1, 65535, 75);
	fake_address_put("127.0.0.1/8", 1);
	fake_route_put("127.0.0.0/8", NULL, 1, 256);
	a->ops->routes_expire(a);
	path.local = (struct xt_ip){4, {127, 0, 0, 1}};
	path.ifindex = 1;
	assert_int_equal(xt_tx_copy(tx, &path, 0, "x", 1), 0);
	send_all(a);
	assert_int_equal(datagrams_await(b, 1), 1);
	assert_true(a->ops->way(a, &path) > XT_WAY_NONE);
}

static void what_the_host_does_not_send_is_counted_and_noted(void **state)
{
	struct xt_path path = path_to(b, false);

	(void)state;
	path.remote.ip.family = 0;
	assert_int_equal(xt_tx_copy(tx, &path, 0, "x", 1), 0);
	path = path_to(b, false);
	path.remote.port = 0;
	assert_int_equal(xt_tx_copy(tx, &path, 0, "x", 1), 0);
	path = path_to(b, false);
	assert_int_equal(xt_tx_copy(tx, &path, 0, "y", 1), 0);
	send_all(a);
	assert_int_equal(a->refused, 2);
	assert_int_equal(a->n_notes, 2);
	assert_int_equal(datagrams_await(b, 1), 1);
	assert_int_equal(batch->pkts[0].data[0], 'y');
}

static void the_port_belongs_to_one_program(void **state)
{
	struct xt_udp_sockets sockets;

	(void)state;
	assert_int_equal(xt_udp_sockets_open(&sockets, a->port, 0), -EADDRINUSE);
}

static void a_port_that_was_left_is_read_on(void **state)
{
	const struct xt_path before = path_to(b, false);
	struct xt_udp_sockets next, kept;
	uint16_t port = b->port;

	(void)state;
	assert_int_equal(xt_udp_sockets_open(&next, 0, 0), 0);
	xt_udp_move(b, &next);
	assert_int_equal(b->port, next.port);
	assert_int_equal(xt_tx_copy(tx, &before, 0, "old", 3), 0);
	send_all(a);
	assert_int_equal(datagrams_await(b, 1), 1);
	assert_true(batch->pkts[0].from->old_port);
	assert_false(xt_udp_kept(b, (uint16_t)(port + 1), &kept));
	assert_true(xt_udp_kept(b, port, &kept));
	xt_udp_drop_old(b);
	xt_batch_reset(batch);
	xt_udp_move(b, &kept);
	assert_int_equal(b->port, port);
	send_all(a);
	xt_tx_reset(tx);
	assert_int_equal(xt_tx_copy(tx, &before, 0, "new", 3), 0);
	send_all(a);
	assert_int_equal(datagrams_await(b, 1), 1);
	assert_false(batch->pkts[0].from->old_port);
}

/* --- the wake source --- */

static unsigned wake_await(struct xt_wake_event *event, DWORD ms)
{
	unsigned n = 0;

	while (n == 0 && WaitForSingleObject(notified, ms) == WAIT_OBJECT_0)
		n = xt_wake_poll(wake, event, 1);
	return n;
}

static void readiness_is_notified_until_it_is_read(void **state)
{
	const struct xt_path path = path_to(b, false);
	struct xt_wake_event event;
	int ctx;

	(void)state;
	assert_int_equal(xt_wake_fd(wake), -1);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, &ctx), 0);
	assert_int_equal(wake_await(&event, 50), 0);
	for (int round = 0; round < 50; round++) {
		xt_tx_reset(tx);
		xt_batch_reset(batch);
		assert_int_equal(xt_tx_copy(tx, &path, 0, "x", 1), 0);
		assert_int_equal(xt_tx_copy(tx, &path, 0, "yy", 2), 0);
		send_all(a);
		assert_int_equal(wake_await(&event, 5000), 1);
		assert_ptr_equal(event.ctx, &ctx);
		assert_int_equal(event.events, XT_WAKE_READ);
		/* not read yet: again */
		assert_int_equal(wake_await(&event, 5000), 1);
		assert_int_equal(datagrams_await(b, 2), 2);
	}
	(void)wake_await(&event, 50);
	assert_int_equal(b->ops->watch(b, 0, wake, 0, &ctx), 0);
	send_all(a);
	assert_int_equal(wake_await(&event, 50), 0);
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ | XT_WAKE_WRITE, &ctx), 0);
	assert_int_equal(wake_await(&event, 5000), 1);
	assert_true(event.events & XT_WAKE_WRITE);
}

static void a_sleeper_is_woken_by_another_thread(void **state)
{
	struct xt_wake_event event;
	int ctx;

	(void)state;
	assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, &ctx), 0);
	assert_int_equal(wake_await(&event, 20), 0);
	/* armed: closing and watching from this side waits for the thread */
	for (int i = 0; i < 200; i++) {
		assert_int_equal(b->ops->watch(b, 0, wake, 0, &ctx), 0);
		assert_int_equal(b->ops->watch(b, 0, wake, XT_WAKE_READ, &ctx), 0);
		(void)xt_wake_poll(wake, &event, 1);
	}
	xt_wake_notify(wake, NULL, NULL);
	ResetEvent(notified);
	assert_int_equal(WaitForSingleObject(notified, 20), WAIT_TIMEOUT);
}

static void the_clock_goes_on(void **state)
{
	struct xt_time before = xt_clock_now(), after;

	(void)state;
	Sleep(30);
	after = xt_clock_now();
	assert_true(after.mono - before.mono >= 15000000u);
	assert_true(after.mono - before.mono < 5000000000u);
	assert_true(after.wall > UINT64_C(1600000000) * 1000000000u);
	assert_true(xt_clock_suspended() < UINT64_C(1000000000) * 3600 * 24 * 365);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(TEST(datagrams_arrive_with_their_way), TEST(a_run_arrives_whole_and_in_order),
	  TEST(a_pin_that_is_no_address_of_the_host_is_left_out),
	  TEST(a_pin_holds_where_the_host_has_the_address),
	  TEST(what_the_host_does_not_send_is_counted_and_noted),
	  TEST(the_port_belongs_to_one_program), TEST(a_port_that_was_left_is_read_on),
	  TEST(readiness_is_notified_until_it_is_read), TEST(a_sleeper_is_woken_by_another_thread),
	  TEST(the_clock_goes_on))
