/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* The steps of a DNS job: what a worker thread finds is reported however soon it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/dns_uv.h"
#include "test_main.h"

struct seen {
	char warning[200];
	unsigned ended;
};

static uv_work_cb work_queued;
static uv_sem_t work_done;

static void work_run(uv_work_t *work)
{
	work_queued(work);
	uv_sem_post(&work_done);
}

int __real_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after);
int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after);

/* In place of libuv's (CMakeLists.txt): the work has ended when this returns. */
int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after)
{
	int rc;

	work_queued = run;
	rc = __real_uv_queue_work(loop, work, work_run, after);
	if (rc == 0)
		uv_sem_wait(&work_done);
	return rc;
}

static void on_warn(void *ctx, const char *sentence)
{
	struct seen *seen = ctx;

	snprintf(seen->warning, sizeof(seen->warning), "%s", sentence);
}

static void on_done(void *ctx, unsigned way)
{
	struct seen *seen = ctx;

	assert_int_equal(way, XT_DNS_FILE); /* what could not be undone */
	seen->ended++;
}

static void a_failure_that_comes_at_once_is_reported(void **state)
{
	struct seen seen = {0};
	struct xt_dns_callbacks callbacks = {.ctx = &seen, .warn = on_warn, .done = on_done};
	char dir[] = "/tmp/xt-dns-XXXXXX"; /* a directory is no file to edit */
	struct xt_dns_job *job;
	uv_loop_t loop;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(uv_sem_init(&work_done, 0), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_dns_unset(&job, &loop, "left", XT_DNS_FILE, dir, &callbacks), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.ended, 1);
	assert_non_null(strstr(seen.warning, dir));
	assert_int_equal(uv_loop_close(&loop), 0);
	uv_sem_destroy(&work_done);
	rmdir(dir);
}

TEST_MAIN(cmocka_unit_test(a_failure_that_comes_at_once_is_reported))
