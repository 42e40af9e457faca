/* SPDX-License-Identifier: MIT */
/* layers: platform base */
/* The wake source: descriptors that one descriptor stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/wake_linux.h"
#include "test_main.h"

static struct xt_wake *wake;
static int pairs[2][2];

static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pairs[i]) < 0)
			return -1;
	return xt_wake_new(&wake);
}

static int teardown(void **state)
{
	(void)state;
	xt_wake_free(wake);
	for (int i = 0; i < 2; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	return 0;
}

static bool source_ready(void)
{
	struct pollfd fd = {.fd = xt_wake_fd(wake), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
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

static void one_descriptor_is_readable_while_any_is(void **state)
{
	struct xt_wake_event events[4];
	unsigned n;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(xt_wake_watch_fd(wake, pairs[i][0], XT_WAKE_READ, pairs[i]), 0);
	assert_false(source_ready());
	assert_int_equal(xt_wake_poll(wake, events, 4), 0);
	datagram_send(1);
	for (int again = 0; again < 2; again++) { /* until it is read */
		assert_true(source_ready());
		assert_int_equal(xt_wake_poll(wake, events, 4), 1);
		assert_ptr_equal(events[0].ctx, pairs[1]);
		assert_int_equal(events[0].events, XT_WAKE_READ);
	}
	datagram_send(0);
	assert_int_equal(xt_wake_poll(wake, events, 1), 1);
	n = xt_wake_poll(wake, events, 4);
	assert_int_equal(n, 2);
	assert_ptr_not_equal(events[0].ctx, events[1].ctx);
	datagram_recv(0);
	datagram_recv(1);
	assert_false(source_ready());
	assert_int_equal(xt_wake_poll(wake, events, 4), 0);
}

static void watched_events_may_change(void **state)
{
	struct xt_wake_event event;

	(void)state;
	datagram_send(0);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, pairs), 0);
	assert_true(source_ready());
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_WRITE, &wake), 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_ptr_equal(event.ctx, &wake);
	assert_int_equal(event.events, XT_WAKE_WRITE);
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ | XT_WAKE_WRITE, pairs),
			 0);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_int_equal(event.events, XT_WAKE_READ | XT_WAKE_WRITE);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], 0, NULL), 0);
		assert_false(source_ready());
	}
	assert_int_equal(xt_wake_watch_fd(wake, pairs[0][0], XT_WAKE_READ, pairs), 0);
	assert_true(source_ready());
}

/* ICMP port unreachable, after a datagram to a closed port. */
static void an_error_is_reported_wherever_an_event_is_watched(void **state)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), closed, error;
	struct xt_wake_event event;
	socklen_t len = sizeof(name);

	(void)state;
	closed = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(closed, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(getsockname(closed, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(connect(s, (struct sockaddr *)&name, sizeof(name)), 0);
	close(closed);
	assert_int_equal(xt_wake_watch_fd(wake, s, XT_WAKE_READ, &name), 0);
	assert_int_equal(send(s, "x", 1, 0), 1);
	assert_int_equal(xt_wake_poll(wake, &event, 1), 1);
	assert_true(event.events & XT_WAKE_ERROR);
	assert_false(event.events & XT_WAKE_WRITE);
	assert_int_equal(xt_wake_watch_fd(wake, s, 0, NULL), 0);
	assert_false(source_ready());
	assert_int_equal(xt_wake_watch_fd(wake, s, XT_WAKE_READ, &name), 0);
	assert_true(source_ready());
	len = sizeof(error);
	assert_int_equal(getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNREFUSED);
	assert_false(source_ready());
	assert_int_equal(xt_wake_watch_fd(wake, s, 0, NULL), 0);
	close(s);
}

static void a_bad_descriptor_is_refused(void **state)
{
	(void)state;
	assert_int_equal(xt_wake_watch_fd(wake, -1, XT_WAKE_READ, NULL), -EBADF);
	assert_false(source_ready());
}

TEST_MAIN(cmocka_unit_test_setup_teardown(one_descriptor_is_readable_while_any_is, setup, teardown),
	  cmocka_unit_test_setup_teardown(watched_events_may_change, setup, teardown),
	  cmocka_unit_test_setup_teardown(an_error_is_reported_wherever_an_event_is_watched, setup,
					  teardown),
	  cmocka_unit_test_setup_teardown(a_bad_descriptor_is_refused, setup, teardown))
