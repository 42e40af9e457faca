/* layers: platform base */
/* Descriptors that are watched together. */
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
#include "platform/ready.h"

static struct xt_ready *ready;
static int pairs[2][2];

static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pairs[i]) < 0)
			return -1;
	return xt_ready_new(&ready);
}

static int teardown(void **state)
{
	(void)state;
	xt_ready_free(ready);
	for (int i = 0; i < 2; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	return 0;
}

static bool shows(void)
{
	struct pollfd fd = {.fd = xt_ready_fd(ready), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void say(int i)
{
	assert_int_equal(write(pairs[i][1], "x", 1), 1);
}

static void hear(int i)
{
	char c;

	assert_int_equal(read(pairs[i][0], &c, 1), 1);
}

static void one_stands_for_all(void **state)
{
	struct xt_ready_event events[4];
	unsigned n;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(xt_ready_want(ready, pairs[i][0], XT_READABLE, pairs[i]), 0);
	assert_false(shows());
	assert_int_equal(xt_ready_take(ready, events, 4), 0);
	say(1);
	for (int again = 0; again < 2; again++) { /* until it is taken */
		assert_true(shows());
		assert_int_equal(xt_ready_take(ready, events, 4), 1);
		assert_ptr_equal(events[0].ctx, pairs[1]);
		assert_int_equal(events[0].what, XT_READABLE);
	}
	say(0);
	assert_int_equal(xt_ready_take(ready, events, 1), 1);
	n = xt_ready_take(ready, events, 4);
	assert_int_equal(n, 2);
	assert_ptr_not_equal(events[0].ctx, events[1].ctx);
	hear(0);
	hear(1);
	assert_false(shows());
	assert_int_equal(xt_ready_take(ready, events, 4), 0);
}

static void what_is_wanted_may_change(void **state)
{
	struct xt_ready_event event;

	(void)state;
	say(0);
	assert_int_equal(xt_ready_want(ready, pairs[0][0], XT_READABLE, pairs), 0);
	assert_true(shows());
	assert_int_equal(xt_ready_want(ready, pairs[0][0], XT_WRITABLE, &ready), 0);
	assert_int_equal(xt_ready_take(ready, &event, 1), 1);
	assert_ptr_equal(event.ctx, &ready);
	assert_int_equal(event.what, XT_WRITABLE);
	assert_int_equal(xt_ready_want(ready, pairs[0][0], XT_READABLE | XT_WRITABLE, pairs), 0);
	assert_int_equal(xt_ready_take(ready, &event, 1), 1);
	assert_int_equal(event.what, XT_READABLE | XT_WRITABLE);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(xt_ready_want(ready, pairs[0][0], 0, NULL), 0);
		assert_false(shows());
	}
	assert_int_equal(xt_ready_want(ready, pairs[0][0], XT_READABLE, pairs), 0);
	assert_true(shows());
}

/* The answer to a datagram that nobody waited for. */
static void trouble_is_reported_where_something_is_wanted(void **state)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), nobody, error;
	struct xt_ready_event event;
	socklen_t len = sizeof(name);

	(void)state;
	nobody = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(nobody, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(getsockname(nobody, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(connect(s, (struct sockaddr *)&name, sizeof(name)), 0);
	close(nobody);
	assert_int_equal(xt_ready_want(ready, s, XT_READABLE, &name), 0);
	assert_int_equal(send(s, "x", 1, 0), 1);
	assert_int_equal(xt_ready_take(ready, &event, 1), 1);
	assert_true(event.what & XT_TROUBLE);
	assert_false(event.what & XT_WRITABLE);
	assert_int_equal(xt_ready_want(ready, s, 0, NULL), 0);
	assert_false(shows());
	assert_int_equal(xt_ready_want(ready, s, XT_READABLE, &name), 0);
	assert_true(shows());
	len = sizeof(error);
	assert_int_equal(getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNREFUSED);
	assert_false(shows());
	assert_int_equal(xt_ready_want(ready, s, 0, NULL), 0);
	close(s);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	(void)state;
	assert_int_equal(xt_ready_want(ready, -1, XT_READABLE, NULL), -EBADF);
	assert_false(shows());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_stands_for_all, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_wanted_may_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(trouble_is_reported_where_something_is_wanted, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
