/* SPDX-License-Identifier: MIT */
/* layers: tunnel base */
/* A wake source in a libuv loop, on a made-up system that cannot poll its devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "platform/wake.h"
#include "test_main.h"
#include "tunnel/wake_uv.h"

/* In place of the platform's: without a descriptor, signalled by a thread. */
struct xt_wake {
	void (*notify)(void *ctx);
	void *ctx;
};

int xt_wake_fd(const struct xt_wake *wake)
{
	(void)wake;
	return -1;
}

void xt_wake_notify(struct xt_wake *wake, void (*notify)(void *ctx), void *ctx)
{
	wake->notify = notify;
	wake->ctx = ctx;
}

bool xt_wake_list(struct xt_wake *wake, int (*changed)(void *ctx, int fd, unsigned events),
		  void *ctx)
{
	(void)wake;
	(void)changed;
	(void)ctx;
	return false;
}

static unsigned calls;

static void ready(struct xt_wake_uv *wake_uv)
{
	calls++;
	xt_wake_uv_close(wake_uv, NULL);
}

static void *device_run(void *arg)
{
	const struct xt_wake *wake = arg;

	wake->notify(wake->ctx);
	return NULL;
}

static void a_thread_wakes_the_loop_where_nothing_can_be_polled(void **state)
{
	struct xt_wake wake = {0};
	struct xt_wake_uv wake_uv;
	pthread_t thread;
	uv_loop_t uv;

	(void)state;
	assert_int_equal(uv_loop_init(&uv), 0);
	assert_int_equal(xt_wake_uv_start(&wake_uv, &uv, &wake, ready), 0);
	assert_int_equal(uv_run(&uv, UV_RUN_NOWAIT), 1); /* waiting, and not called */
	assert_int_equal(calls, 0);
	assert_int_equal(pthread_create(&thread, NULL, device_run, &wake), 0);
	assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0);
	assert_int_equal(calls, 1);
	pthread_join(thread, NULL);
	assert_int_equal(uv_loop_close(&uv), 0);
}

TEST_MAIN(cmocka_unit_test(a_thread_wakes_the_loop_where_nothing_can_be_polled))
