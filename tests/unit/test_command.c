/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* Programs on a loop: input, exit, standard error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "host/command_uv.h"

struct outcome {
	unsigned calls;
	struct xt_command_result result;
};

static void on_done(void *ctx, const struct xt_command_result *result)
{
	struct outcome *o = ctx;

	o->calls++;
	o->result = *result;
}

static void on_kill(uv_timer_t *timer)
{
	xt_command_kill(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

static struct outcome run(const char *const *argv, const char *input, size_t len, unsigned kill_ms)
{
	struct outcome o = {0};
	struct xt_command *command;
	uv_timer_t timer;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_command_start(&command, &loop, NULL, argv, input, len, on_done, &o), 0);
	assert_int_equal(o.calls, 0);
	if (kill_ms) {
		uv_timer_init(&loop, &timer);
		timer.data = command;
		uv_timer_start(&timer, on_kill, kill_ms, 0);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(o.calls, 1);
	assert_int_equal(uv_loop_close(&loop), 0);
	return o;
}

#define shell(script)                                                                              \
	(const char *const[])                                                                      \
	{                                                                                          \
		"sh", "-c", script, NULL                                                           \
	}

static void a_program_gets_its_input_whole(void **state)
{
	size_t len = 1 << 20;
	char *text = malloc(len);

	(void)state;
	memset(text, 'x', len);
	assert_int_equal(run(shell("test $(wc -c) = 1048576"), text, len, 0).result.error, 0);
	free(text);
	assert_int_equal(run(shell("test $(wc -c) = 0"), NULL, 0, 0).result.error, 0);
}

static void a_program_may_ignore_its_input(void **state)
{
	size_t len = 1 << 20;
	char *text = calloc(1, len);

	(void)state;
	assert_int_equal(run(shell("exec <&-; exit 0"), text, len, 0).result.error, 0);
	free(text);
}

static void a_failure_is_reported_with_its_first_line(void **state)
{
	struct outcome o = run(shell("echo one >&2; echo two >&2; exit 3"), NULL, 0, 0);
	char text[200];

	(void)state;
	assert_int_equal(o.result.error, XT_E_INVALID);
	xt_command_text(&o.result, text, sizeof(text));
	assert_string_equal(text, "ended with status 3: one");
	o = run(shell("kill -9 $$"), NULL, 0, 0);
	xt_command_text(&o.result, text, sizeof(text));
	assert_string_equal(text, "ended by signal 9");
	o = run(shell("head -c 100000 /dev/zero | tr '\\0' y >&2; exit 1"), NULL, 0, 0);
	assert_int_equal(o.result.status, 1);
	assert_int_equal(strlen(o.result.message), sizeof(o.result.message) - 1);
}

static void a_missing_program_is_reported(void **state)
{
	struct outcome o =
	    run((const char *const[]){"xtunnel-no-such-program", NULL}, "text", 4, 0);
	char text[200];

	(void)state;
	assert_int_equal(o.result.error, -ENOENT);
	xt_command_text(&o.result, text, sizeof(text));
	assert_string_equal(text, "is not installed");
}

static void a_program_that_hangs_can_be_killed(void **state)
{
	uint64_t start = uv_hrtime();
	struct outcome o = run((const char *const[]){"sleep", "30", NULL}, NULL, 0, 50);

	(void)state;
	assert_int_equal(o.result.error, XT_E_INVALID);
	assert_int_equal(o.result.signal, SIGKILL);
	assert_true(uv_hrtime() - start < 5000000000u);
}

static void a_child_left_behind_does_not_delay_the_end(void **state)
{
	uint64_t start = uv_hrtime();
	struct outcome o = run(shell("sleep 20 & exit 0"), NULL, 0, 0);

	(void)state;
	assert_int_equal(o.result.error, 0);
	assert_true(uv_hrtime() - start < 5000000000u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_program_gets_its_input_whole),
	    cmocka_unit_test(a_program_may_ignore_its_input),
	    cmocka_unit_test(a_failure_is_reported_with_its_first_line),
	    cmocka_unit_test(a_missing_program_is_reported),
	    cmocka_unit_test(a_program_that_hangs_can_be_killed),
	    cmocka_unit_test(a_child_left_behind_does_not_delay_the_end),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
