/* SPDX-License-Identifier: MIT */
/* A wake source that is a list of descriptors, in a libuv loop: each is waited for, and no longer
 * when its device stops watching. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/posix/wake_posix.h"
#include "test_main.h"
#include "tunnel/wake_uv.h"

static int pairs[2][2];
static struct xt_wake *wake;
static struct xt_wake_uv wake_uv;
static uv_loop_t uv;
static unsigned calls;
static struct xt_wake_event seen;

static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pairs[i]) < 0)
			return -1;
	calls = 0;
	return uv_loop_init(&uv) | xt_wake_new(&wake);
}

static int teardown(void **state)
{
	int rc;

	(void)state;
	xt_wake_uv_close(&wake_uv, NULL);
	uv_run(&uv, UV_RUN_DEFAULT);
	rc = uv_loop_close(&uv); /* every handle has closed */
	xt_wake_free(wake);
	for (int i = 0; i < 2; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	return rc;
}

static void on_ready(struct xt_wake_uv *source)
{
	assert_ptr_equal(source, &wake_uv);
	calls++;
	assert_int_equal(xt_wake_poll(wake, &seen, 1), 1);
}

static void datagram_send(int i)
{
	assert_int_equal(write(pairs[i][1], "x", 1), 1);
}

static void datagram_recv(int i)
{
	char c;

	assert_int_equal(read(pairs[i][0], &c, 1), 1);
}

static void devices_are_waited_for_before_and_after_the_start(void **state)
{
	(void)state;
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, &pairs[0]), 0);
	assert_int_equal(xt_wake_uv_start(&wake_uv, &uv, wake, on_ready), 0);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[1][0], XT_WAKE_READ, &pairs[1]), 0);
	uv_run(&uv, UV_RUN_NOWAIT);
	assert_int_equal(calls, 0);
	for (int i = 0; i < 2; i++) {
		datagram_send(i);
		uv_run(&uv, UV_RUN_ONCE);
		assert_int_equal(calls, (unsigned)i + 1);
		assert_ptr_equal(seen.ctx, &pairs[i]);
		assert_int_equal(seen.events, XT_WAKE_READ);
		datagram_recv(i);
	}
}

static void a_device_is_reported_until_it_is_read(void **state)
{
	(void)state;
	assert_int_equal(xt_wake_uv_start(&wake_uv, &uv, wake, on_ready), 0);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, NULL), 0);
	datagram_send(0);
	uv_run(&uv, UV_RUN_ONCE);
	uv_run(&uv, UV_RUN_ONCE);
	assert_int_equal(calls, 2);
	datagram_recv(0);
	uv_run(&uv, UV_RUN_NOWAIT);
	assert_int_equal(calls, 2);
}

/* The same descriptor again and again: its handle closes while another one is made. */
static void a_device_stops_and_starts(void **state)
{
	(void)state;
	assert_int_equal(xt_wake_uv_start(&wake_uv, &uv, wake, on_ready), 0);
	datagram_send(0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, NULL), 0);
		assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], 0, NULL), 0);
	}
	uv_run(&uv, UV_RUN_NOWAIT);
	assert_int_equal(calls, 0);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, NULL), 0);
	uv_run(&uv, UV_RUN_ONCE);
	assert_int_equal(calls, 1);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ | XT_WAKE_WRITE, NULL),
			 0);
	uv_run(&uv, UV_RUN_ONCE);
	assert_int_equal(seen.events, XT_WAKE_READ | XT_WAKE_WRITE);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	(void)state;
	assert_int_equal(xt_wake_uv_start(&wake_uv, &uv, wake, on_ready), 0);
	assert_true(xt_wake_watch_fd(wake, 9999, XT_WAKE_READ, NULL) < 0);
	assert_int_equal(xt_wake_poll(wake, &seen, 1), 0);
	for (int i = 0; i < 8; i++)
		(void)xt_wake_watch_fd(wake, dup(pairs[0][0]), XT_WAKE_READ, NULL);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, NULL), -ENOSPC);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(devices_are_waited_for_before_and_after_the_start),
	  CASE(a_device_is_reported_until_it_is_read), CASE(a_device_stops_and_starts),
	  CASE(what_cannot_be_watched_is_refused))
