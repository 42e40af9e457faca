/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* PrivateKeyCommand: what a program may print, and every way in which it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "host/key_command.h"
#include "test_main.h"

#define KEY "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="

static void prints_a_key(const char *command)
{
	struct xt_private key;
	char text[160] = "";

	if (xt_key_command_run(command, &key, text, sizeof(text)) != 0)
		fail_msg("%s: %s", command, text);
	assert_int_equal(key.b[0], 0xc8);
	assert_int_equal(key.b[31], 0x69);
}

static void fails(const char *command, const char *sentence)
{
	struct xt_private key;
	char text[160] = "";

	memset(&key, 7, sizeof(key));
	assert_int_equal(xt_key_command_run(command, &key, text, sizeof(text)), XT_E_INVALID);
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
	  cmocka_unit_test(a_caller_that_ignores_its_children_gets_the_key),
	  cmocka_unit_test(the_key_goes_into_the_configuration_by_whatever_runs_the_command))
