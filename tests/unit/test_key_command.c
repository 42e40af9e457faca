/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* PrivateKeyCommand: what a program may print, and every way in which it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "host/key_command.h"
#include "test_main.h"

#define KEY	 "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
#define LONG_MS	 20000 /* beyond what any command here needs */
#define SHORT_MS 200

static void prints_a_key(const char *command)
{
	struct xt_private key;
	char text[160] = "";

	if (xt_key_command_run(command, LONG_MS, &key, text, sizeof(text)) != 0)
		fail_msg("%s: %s", command, text);
	assert_int_equal(key.b[0], 0xc8);
	assert_int_equal(key.b[31], 0x69);
}

static void fails(const char *command, const char *sentence)
{
	struct xt_private key;
	char text[160] = "";

	memset(&key, 7, sizeof(key));
	assert_int_equal(xt_key_command_run(command, LONG_MS, &key, text, sizeof(text)),
			 XT_E_INVALID);
	if (!strstr(text, sentence))
		fail_msg("%s: %s", command, text);
	assert_null(strstr(text, "yAnz5"));
	assert_true(sodium_is_zero(key.b, sizeof(key)));
}

static void a_key_may_have_white_space_around_it(void **state)
{
	(void)state;
	prints_a_key("echo " KEY);
	prints_a_key("printf %s " KEY);
	prints_a_key("printf '\\n  %s\\r\\n\\n' " KEY);
	prints_a_key("printf yAnz5TF+lXXJte14tji3; sleep 0.1; echo zlMNq+hd2rYUIgJBgB3fBmk=");
}

static void a_program_gets_no_input_and_its_child_is_not_awaited(void **state)
{
	(void)state;
	prints_a_key("read -r line || echo " KEY);
	prints_a_key("sleep 5 & echo " KEY);
	prints_a_key("trap - PIPE; echo " KEY);
}

static void whatever_is_no_key_is_an_error(void **state)
{
	(void)state;
	fails("true", "printed no key");
	fails("printf '\\n \\n'", "printed no key");
	fails("echo " KEY "=", "did not print a key");
	fails("echo " KEY "; echo " KEY, "did not print a key");
	fails("printf '\\0%s' " KEY, "did not print a key");
	fails("head -c 4096 /dev/zero", "printed more than a key");
	fails("yes " KEY, "printed more than a key");
	fails("yes", "printed more than a key");
}

/* The status decides, whatever was printed. */
static void a_command_that_fails_gives_no_key(void **state)
{
	(void)state;
	fails("echo " KEY "; exit 3", "ended with status 3");
	fails("echo " KEY "; kill -9 $$", "was ended by signal 9");
	fails("false; echo " KEY, "ended with status 1");
	fails("false | echo " KEY, "ended with status 1");
	fails("/nonexistent/program", "ended with status 127");
}

/* Runs command beyond the limit. Every process of it holds the pipe `held`, which ends for the
 * reader when they have all gone. */
static void exceeds_the_limit(const char *command)
{
	struct xt_private key;
	char text[160] = "", shell[256], byte;
	struct pollfd end = {.events = POLLIN};
	int held[2];

	assert_int_equal(pipe(held), 0);
	/* xt_key_command_run marks the descriptors close-on-exec: the shell opens it again. */
	snprintf(shell, sizeof(shell), "exec 9>/proc/%ld/fd/%d; %s", (long)getpid(), held[1],
		 command);
	memset(&key, 7, sizeof(key));
	assert_int_equal(xt_key_command_run(shell, SHORT_MS, &key, text, sizeof(text)), -ETIMEDOUT);
	assert_string_equal(text, "took longer than 0.2 s");
	assert_true(sodium_is_zero(key.b, sizeof(key)));
	close(held[1]);
	end.fd = held[0];
	assert_int_equal(poll(&end, 1, LONG_MS), 1);
	assert_int_equal(read(held[0], &byte, 1), 0);
	close(held[0]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
}

static void a_command_beyond_the_limit_is_ended_with_its_children(void **state)
{
	(void)state;
	exceeds_the_limit("sleep 1000");
	exceeds_the_limit("echo " KEY "; sleep 1000");
	exceeds_the_limit("echo " KEY "; exec >&-; sleep 1000");
	exceeds_the_limit("trap '' TERM INT HUP; while :; do sleep 0.05; done");
	exceeds_the_limit("sleep 1000 | sleep 1000 & wait");
	exceeds_the_limit("while :; do echo; sleep 0.05; done");
}

/* Runs command, which has the reading end of a pipe as descriptor 8: nothing is written, and it
 * ends after the command has returned, so that what reads it outlives the command. */
static int run_beside(const char *command, unsigned limit_ms)
{
	struct xt_private key;
	char text[160] = "", shell[256];
	int held[2], rc;

	assert_int_equal(pipe(held), 0);
	snprintf(shell, sizeof(shell), "exec 8</proc/%ld/fd/%d; %s", (long)getpid(), held[0],
		 command);
	rc = xt_key_command_run(shell, limit_ms, &key, text, sizeof(text));
	close(held[0]);
	close(held[1]);
	return rc;
}

/* The end of the command is what counts, not that of the pipe, which the child holds too. */
static void a_child_that_holds_the_pipe_delays_nothing(void **state)
{
	(void)state;
	assert_int_equal(run_beside("cat <&8 & echo " KEY, LONG_MS), 0);
	assert_int_equal(run_beside("setsid cat <&8 & echo " KEY, LONG_MS), 0);
	assert_int_equal(run_beside("cat <&8 & exit 3", LONG_MS), XT_E_INVALID);
	assert_int_equal(run_beside("cat <&8 & true", LONG_MS), XT_E_INVALID);
	/* Of another process group: out of reach, but not awaited either. */
	assert_int_equal(run_beside("setsid -w cat <&8", SHORT_MS), -ETIMEDOUT);
}

static void a_caller_that_ignores_its_children_gets_the_key(void **state)
{
	void (*old)(int) = signal(SIGCHLD, SIG_IGN);

	(void)state;
	prints_a_key("echo " KEY);
	signal(SIGCHLD, old);
}

static int run_elsewhere(void *ctx, const char *command, struct xt_private *out, char *text,
			 size_t cap)
{
	(void)text;
	(void)cap;
	*(char **)ctx = strdup(command);
	memset(out, 9, sizeof(*out));
	return 0;
}

static void the_key_goes_into_the_configuration_by_whatever_runs_the_command(void **state)
{
	static const char text[] = "[Interface]\nPrivateKeyCommand = echo %i # %i\n";
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf;
	struct xt_public public;
	char *seen = NULL;

	(void)state;
	assert_int_equal(xt_conf_parse(&conf, "left", text, strlen(text), &diagnostics), 0);
	assert_int_equal(xt_key_command_load(&conf, NULL, NULL, &diagnostics), XT_E_SYNTAX);
	assert_false(conf.has_key);
	assert_int_equal(diagnostics.n, 1);
	assert_int_equal(diagnostics.v[0].line, 2);
	assert_int_equal(xt_key_command_load(&conf, run_elsewhere, &seen, &diagnostics), 0);
	assert_string_equal(seen, "echo left # left");
	assert_true(conf.has_key);
	assert_true(xt_conf_public_key(&public, &conf));
	assert_memory_equal(&public, &conf.command_key, sizeof(public));
	free(seen);
	xt_conf_clear(&conf);
	xt_conf_diagnostics_clear(&diagnostics);
}

TEST_MAIN(cmocka_unit_test(a_key_may_have_white_space_around_it),
	  cmocka_unit_test(a_program_gets_no_input_and_its_child_is_not_awaited),
	  cmocka_unit_test(whatever_is_no_key_is_an_error),
	  cmocka_unit_test(a_command_that_fails_gives_no_key),
	  cmocka_unit_test(a_command_beyond_the_limit_is_ended_with_its_children),
	  cmocka_unit_test(a_child_that_holds_the_pipe_delays_nothing),
	  cmocka_unit_test(a_caller_that_ignores_its_children_gets_the_key),
	  cmocka_unit_test(the_key_goes_into_the_configuration_by_whatever_runs_the_command))
