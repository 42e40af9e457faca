/* SPDX-License-Identifier: MIT */
/* layers: host */
/* What a service manager gets, by a socket with a path and by an abstract one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/notify.h"

static int listener = -1;

static int setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char name[64];
	int n = snprintf(name, sizeof(name), "@xt-test-notify-%ld", (long)getpid());

	(void)state;
	memcpy(at.sun_path, name, (size_t)n);
	at.sun_path[0] = '\0';
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&at,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)) < 0)
		return -1;
	return setenv("NOTIFY_SOCKET", name, 1);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return close(listener);
}

/* "": nothing was sent */
static const char *sent(const struct xt_notice *notice)
{
	static char text[512];
	ssize_t n;

	xt_notify(notice);
	n = recv(listener, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void messages_are_those_of_sd_notify(void **state)
{
	char want[96];

	(void)state;
	snprintf(want, sizeof(want), "READY=1\nMAINPID=%ld\n", (long)getpid());
	assert_string_equal(sent(&(struct xt_notice){.kind = XT_NOTICE_READY}), want);
	snprintf(want, sizeof(want), "READY=1\nMAINPID=%ld\nSTATUS=0 of 1 peer up\n",
		 (long)getpid());
	assert_string_equal(sent(&(struct xt_notice){XT_NOTICE_READY, true, 0, 1}), want);
	assert_string_equal(sent(&(struct xt_notice){XT_NOTICE_STATUS, true, 1, 2}),
			    "STATUS=1 of 2 peers up\n");
	assert_string_equal(sent(&(struct xt_notice){.kind = XT_NOTICE_STATUS}), "");
	assert_string_equal(sent(&(struct xt_notice){.kind = XT_NOTICE_WATCHDOG}), "WATCHDOG=1\n");
	assert_string_equal(sent(&(struct xt_notice){.kind = XT_NOTICE_STOPPING}),
			    "STOPPING=1\nSTATUS=going down\n");
}

/* systemd ignores a RELOADING=1 that is older than its request. */
static void reloading_has_the_time_of_the_monotonic_clock(void **state)
{
	struct timespec before, after;
	unsigned long long us = 0;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(sscanf(sent(&(struct xt_notice){.kind = XT_NOTICE_RELOADING}),
				"RELOADING=1\nMONOTONIC_USEC=%llu\n", &us),
			 1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(us >= (unsigned long long)before.tv_sec * 1000000u +
			      (unsigned long long)before.tv_nsec / 1000u);
	assert_true(us <= (unsigned long long)after.tv_sec * 1000000u +
			      (unsigned long long)after.tv_nsec / 1000u);
}

static void without_a_socket_nothing_is_sent(void **state)
{
	static const char *const bad[] = {"", "@", "/", "relative"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		assert_false(xt_notify_wanted());
	}
	unsetenv("NOTIFY_SOCKET");
	assert_false(xt_notify_wanted());
	assert_string_equal(sent(&(struct xt_notice){.kind = XT_NOTICE_WATCHDOG}), "");
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(xt_notify_watchdog_ms(1), 0);
}

static uint32_t watchdog(const char *usec, const char *pid)
{
	usec ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC");
	pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID");
	return xt_notify_watchdog_ms(4711);
}

static void watchdog_is_fed_at_half_of_its_time(void **state)
{
	(void)state;
	assert_int_equal(watchdog(NULL, NULL), 0);
	assert_int_equal(watchdog("30000000", NULL), 15000);
	assert_int_equal(watchdog("30000000", "4711"), 15000);
	assert_int_equal(watchdog("30000000", "4712"), 0);
	assert_int_equal(watchdog("30000000", "x"), 0);
	assert_int_equal(watchdog("0", "4711"), 0);
	assert_int_equal(watchdog("", "4711"), 0);
	assert_int_equal(watchdog("-1", "4711"), 0);
	assert_int_equal(watchdog("30s", "4711"), 0);
	assert_int_equal(watchdog("1", "4711"), 1);
	assert_int_equal(watchdog("9223372036854775807", "4711"), UINT32_MAX);
	assert_int_equal(watchdog("18446744073709551616", "4711"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(messages_are_those_of_sd_notify, setup, teardown),
	    cmocka_unit_test_setup_teardown(reloading_has_the_time_of_the_monotonic_clock, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(without_a_socket_nothing_is_sent, setup, teardown),
	    cmocka_unit_test_setup_teardown(watchdog_is_fed_at_half_of_its_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
