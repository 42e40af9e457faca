/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* Hooks: order, failure, cancellation, the descriptors of a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/hooks_uv.h"
#include "test_main.h"

struct outcome {
	unsigned calls;
	struct xt_hooks_result result;
	char output[8192]; /* standard error */
};

static void on_done(void *ctx, const struct xt_hooks_result *result)
{
	struct outcome *o = ctx;

	o->calls++;
	o->result = *result;
}

static void on_cancel(uv_timer_t *timer)
{
	xt_hooks_cancel(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

/* Runs commands (a NULL ends them, lines 1, 2, …) with standard error in a file. */
static void run_with(struct outcome *o, const char *const *commands, unsigned cancel_ms,
		     const struct xt_hooks_options *how)
{
	struct xt_hooks_options options = *how;
	struct xt_conf_hook v[8];
	struct xt_conf_hooks hooks = {v, 0};
	struct xt_hooks_run *handle;
	uv_timer_t timer;
	uv_loop_t loop;
	char path[] = "/tmp/control-hooks-XXXXXX";
	int fd = mkstemp(path), old = dup(2);

	memset(o, 0, sizeof(*o));
	for (; commands[hooks.n]; hooks.n++) {
		v[hooks.n].command = (char *)(uintptr_t)commands[hooks.n];
		v[hooks.n].line = (unsigned)hooks.n + 1;
	}
	assert_true(fd >= 0);
	dup2(fd, 2);
	uv_loop_init(&loop);
	options.hooks = &hooks;
	options.name = "wg-test";
	assert_int_equal(xt_hooks_start(&handle, &loop, &options, on_done, o), 0);
	assert_int_equal(o->calls, 0);
	if (cancel_ms) {
		uv_timer_init(&loop, &timer);
		timer.data = handle;
		uv_timer_start(&timer, on_cancel, cancel_ms, 0);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	dup2(old, 2);
	close(old);
	lseek(fd, 0, SEEK_SET);
	ssize_t n = read(fd, o->output, sizeof(o->output) - 1);
	o->output[n > 0 ? n : 0] = '\0';
	close(fd);
	unlink(path);
	assert_int_equal(o->calls, 1);
}

static void run(struct outcome *o, const char *const *commands, unsigned cancel_ms)
{
	run_with(o, commands, cancel_ms, &(struct xt_hooks_options){0});
}

static void hooks_run_in_order_and_are_printed(void **state)
{
	struct outcome o;
	(void)state;

	run(&o, (const char *const[]){"sleep 0.1; echo one %i", "echo two %i%i", NULL}, 0);
	assert_int_equal(o.result.error, 0);
	assert_string_equal(o.output, "[#] sleep 0.1; echo one wg-test\none wg-test\n"
				      "[#] echo two wg-testwg-test\ntwo wg-testwg-test\n");
}

static void an_empty_list_is_done_at_once(void **state)
{
	struct outcome o;
	(void)state;

	run(&o, (const char *const[]){NULL}, 0);
	assert_int_equal(o.result.error, 0);
	assert_string_equal(o.output, "");
}

static void the_first_failure_ends_the_run(void **state)
{
	struct outcome o;
	char text[100];
	(void)state;

	run(&o, (const char *const[]){"true", "exit 3", "echo never", NULL}, 0);
	assert_int_equal(o.result.error, XT_E_INVALID);
	assert_int_equal(o.result.line, 2);
	assert_int_equal(o.result.status, 3);
	assert_null(strstr(o.output, "never"));
	xt_hooks_text(&o.result, "PostUp", text, sizeof(text));
	assert_string_equal(text, "PostUp on line 2 ended with status 3");
	run(&o, (const char *const[]){"kill -9 $$", NULL}, 0);
	assert_int_equal(o.result.signal, 9);
	xt_hooks_text(&o.result, "PreUp", text, sizeof(text));
	assert_string_equal(text, "PreUp on line 1 was ended by signal 9");
}

/* As wg-quick(8) runs them. */
static void a_hook_fails_with_the_first_command_that_fails(void **state)
{
	static const char *const commands[] = {"false; echo never", "false | true; echo never",
					       "x=$(false); echo never", "(exit 1); echo never",
					       "for i in 1 2; do false; echo never; done"};
	struct outcome o;
	(void)state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		run(&o, (const char *const[]){commands[i], NULL}, 0);
		assert_int_equal(o.result.error, XT_E_INVALID);
		assert_int_equal(o.result.status, 1);
		assert_null(strstr(o.output, "\nnever"));
	}
	run(&o,
	    (const char *const[]){"false || true; ! true; if false; then :; fi; echo went on",
				  "shopt -q extglob && [[ ab == @(ab|cd) ]]", NULL},
	    0);
	assert_int_equal(o.result.error, 0);
	assert_non_null(strstr(o.output, "\nwent on\n"));
}

static void captured_output_is_kept_and_printed(void **state)
{
	struct xt_hooks_options how = {.capture = true};
	struct outcome o;
	(void)state;

	run_with(&o, (const char *const[]){"echo first", "echo out; echo err >&2; exit 4", NULL}, 0,
		 &how);
	assert_int_equal(o.result.status, 4);
	assert_int_equal(o.result.at, 1);
	assert_string_equal(o.result.output, "out\nerr\n");
	assert_non_null(strstr(o.output, "\nfirst\n"));
	assert_non_null(strstr(o.output, "\nout\nerr\n"));
	run_with(&o,
		 (const char *const[]){"head -c 5000 /dev/zero | tr '\\0' x; echo; false", NULL}, 0,
		 &how);
	assert_int_equal(strlen(o.result.output), sizeof(o.result.output) - 1);
}

static void a_run_can_begin_after_a_failed_hook(void **state)
{
	struct xt_hooks_options how = {.from = 2};
	struct outcome o;
	(void)state;

	run_with(&o, (const char *const[]){"echo never", "exit 1", "echo third", NULL}, 0, &how);
	assert_int_equal(o.result.error, 0);
	assert_string_equal(o.output, "[#] echo third\nthird\n");
}

static void a_child_has_no_input_and_no_inherited_descriptor(void **state)
{
	struct outcome o;
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
	struct rlimit limit, raised;
	(void)state;

	assert_true(leak > 2);
	getrlimit(RLIMIT_NOFILE, &limit);
	raised = limit;
	raised.rlim_cur = raised.rlim_max;
	setrlimit(RLIMIT_NOFILE, &raised);
	int high = fcntl(leak, F_DUPFD, 1500);
	assert_true(high >= 1500 || raised.rlim_max <= 1500);
	raised.rlim_cur = 1024; /* a descriptor may be above the limit */
	setrlimit(RLIMIT_NOFILE, &raised);
	run(&o,
	    (const char *const[]){"cat", "ls -l /proc/self/fd | grep -c -- '->'",
				  "readlink /proc/self/fd/0", NULL},
	    0);
	close(leak);
	close(high);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(o.result.error, 0);
	assert_non_null(strstr(o.output, "\n4\n")); /* 0, 1, 2 and the folder that ls reads */
	assert_non_null(strstr(o.output, "\n/dev/null\n"));
}

static void bash_is_used_when_installed_and_sh_otherwise(void **state)
{
	char dir[] = "/tmp/control-path-XXXXXX", link[64];
	char *path = strdup(getenv("PATH"));
	struct outcome o;
	(void)state;

	run(&o, (const char *const[]){"echo ${BASH_VERSION:-none}", NULL}, 0);
	assert_null(strstr(o.output, "\nnone\n"));
	assert_non_null(mkdtemp(dir));
	snprintf(link, sizeof(link), "%s/sh", dir);
	assert_int_equal(symlink("/bin/sh", link), 0);
	setenv("PATH", dir, 1);
	run(&o, (const char *const[]){"echo plain", "echo again", NULL}, 0);
	assert_int_equal(o.result.error, 0);
	assert_non_null(strstr(o.output, "\nplain\n"));
	assert_non_null(strstr(o.output, "\nagain\n"));
	run(&o, (const char *const[]){"exit 5; echo never", NULL}, 0);
	assert_int_equal(o.result.status, 5);
	run(&o, (const char *const[]){"[ 1 = 2 ]; echo never", NULL}, 0);
	assert_int_equal(o.result.status, 1);
	unlink(link);
	run(&o, (const char *const[]){"echo plain", NULL}, 0);
	assert_int_equal(o.result.error, -ENOENT);
	assert_int_equal(o.result.line, 1);
	setenv("PATH", path, 1);
	free(path);
	rmdir(dir);
}

static void a_cancel_ends_the_hook_and_its_children(void **state)
{
	char dir[] = "/tmp/control-cancel-XXXXXX", file[64], command[200];
	struct outcome o;
	uint64_t start = uv_hrtime();
	(void)state;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/alive", dir);
	snprintf(command, sizeof(command), "(sleep 1; touch %s) & sleep 30; wait", file);
	run(&o, (const char *const[]){command, "echo never", NULL}, 100);
	assert_int_equal(o.result.error, -ECANCELED);
	assert_int_equal(o.result.line, 1);
	assert_null(strstr(o.output, "\nnever"));
	assert_true(uv_hrtime() - start < 2000000000ull);
	usleep(1300000);
	assert_int_equal(access(file, F_OK), -1);
	rmdir(dir);
	run(&o, (const char *const[]){"trap '' TERM; while :; do sleep 0.1; done", NULL}, 300);
	assert_int_equal(o.result.error, -ECANCELED); /* SIGKILL, after two seconds */
}

TEST_MAIN(cmocka_unit_test(hooks_run_in_order_and_are_printed),
	  cmocka_unit_test(an_empty_list_is_done_at_once),
	  cmocka_unit_test(the_first_failure_ends_the_run),
	  cmocka_unit_test(a_hook_fails_with_the_first_command_that_fails),
	  cmocka_unit_test(captured_output_is_kept_and_printed),
	  cmocka_unit_test(a_run_can_begin_after_a_failed_hook),
	  cmocka_unit_test(a_child_has_no_input_and_no_inherited_descriptor),
	  cmocka_unit_test(bash_is_used_when_installed_and_sh_otherwise),
	  cmocka_unit_test(a_cancel_ends_the_hook_and_its_children))
