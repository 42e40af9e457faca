/* SPDX-License-Identifier: MIT */
/* layers: host crypto packet base */
/* Programs on a loop, by cmd: input, exit, the first line of standard error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <xtunnel/error.h>

#include "host/command_uv.h"
#include "test_main.h"

struct outcome {
	unsigned calls;
	struct xt_command_result result;
	char text[200];
};

static void on_done(void *ctx, const struct xt_command_result *result)
{
	struct outcome *o = ctx;

	o->calls++;
	o->result = *result;
	xt_command_text(result, o->text, sizeof(o->text));
}

static struct outcome run(const char *const *argv, const char *input, size_t len)
{
	struct outcome o = {0};
	struct xt_command *command;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_command_start(&command, &loop, NULL, argv, input, len, on_done, &o), 0);
	assert_int_equal(o.calls, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(o.calls, 1);
	assert_int_equal(uv_loop_close(&loop), 0);
	return o;
}

static void a_failure_is_reported_with_its_first_line(void **state)
{
	const char *const argv[] = {"cmd.exe", "/d", "/c", "echo one>&2& echo two>&2& exit 3",
				    NULL};

	(void)state;
	/* The end of the program may be seen before what it wrote, or after it. */
	for (int i = 0; i < 3; i++) {
		struct outcome o = run(argv, NULL, 0);

		assert_int_equal(o.result.error, XT_E_INVALID);
		assert_string_equal(o.text, "ended with status 3: one");
	}
}

static void a_program_that_says_nothing_is_no_message(void **state)
{
	const char *const argv[] = {"cmd.exe", "/d", "/c", "exit 4", NULL};
	struct outcome o = run(argv, NULL, 0);

	(void)state;
	assert_string_equal(o.text, "ended with status 4");
}

static void a_program_may_ignore_its_input(void **state)
{
	const char *const argv[] = {"cmd.exe", "/d", "/c", "exit 0", NULL};

	(void)state;
	assert_int_equal(run(argv, "text", 4).result.error, 0);
}

static void a_missing_program_is_reported(void **state)
{
	const char *const argv[] = {"xtunnel-no-such-program", NULL};
	struct outcome o = run(argv, "text", 4);

	(void)state;
	assert_int_equal(o.result.error, -ENOENT);
	assert_string_equal(o.text, "is not installed");
}

TEST_MAIN(cmocka_unit_test(a_failure_is_reported_with_its_first_line),
	  cmocka_unit_test(a_program_that_says_nothing_is_no_message),
	  cmocka_unit_test(a_program_may_ignore_its_input),
	  cmocka_unit_test(a_missing_program_is_reported))
