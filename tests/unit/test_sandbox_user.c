/* SPDX-License-Identifier: MIT */
/* layers: daemon */
/* Which user an instance gets, and what is shown of its locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/sandbox_status.h"
#include "daemon/sandbox_user.h"

static uint32_t uid_of(const char *user, const char *name)
{
	char text[32] = "";
	struct xt_conf conf = {0};
	struct xt_sandbox_user chosen;

	if (user) {
		strncpy(text, user, sizeof(text) - 1);
		conf.user = text;
	}
	assert_int_equal(xt_sandbox_user_choose(&chosen, &conf, name), 0);
	return chosen.uid;
}

static void root_only(void)
{
	if (geteuid() != 0)
		skip();
}

static void a_user_of_the_file_is_an_account_or_a_number(void **test)
{
	struct xt_conf conf = {.user = (char[]){"no-such-user"}};
	struct xt_sandbox_user user;

	(void)test;
	root_only();
	assert_int_equal(uid_of("nobody", "left"), 65534);
	assert_int_equal(uid_of("12345", "left"), 12345);
	assert_int_equal(xt_sandbox_user_choose(&user, &conf, "left"), -ENOENT);
	conf.user = (char[]){"12x"};
	assert_int_equal(xt_sandbox_user_choose(&user, &conf, "left"), -ENOENT);
	conf.user = (char[]){"99999999999"};
	assert_int_equal(xt_sandbox_user_choose(&user, &conf, "left"), -ENOENT);
	conf.user = (char[]){"root"};
	assert_int_equal(xt_sandbox_user_choose(&user, &conf, "left"), -EINVAL);
	conf.user = (char[]){"0"};
	assert_int_equal(xt_sandbox_user_choose(&user, &conf, "left"), -EINVAL);
}

static void a_name_has_the_same_number_at_each_start(void **test)
{
	uint32_t left;

	(void)test;
	root_only();
	if (getpwnam("xtunnel"))
		skip();
	left = uid_of(NULL, "left");
	assert_in_range(left, XT_SANDBOX_UID_FIRST, XT_SANDBOX_UID_LAST);
	assert_int_equal(uid_of(NULL, "left"), left);
	assert_int_not_equal(uid_of(NULL, "right"), left);
}

static void a_number_in_use_is_passed_over(void **test)
{
	uint32_t first;
	int ready[2];
	char byte;
	pid_t pid;

	(void)test;
	root_only();
	if (getpwnam("xtunnel"))
		skip();
	first = uid_of(NULL, "left");
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(first, first, first) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_not_equal(uid_of(NULL, "left"), first);
	assert_in_range(uid_of(NULL, "left"), XT_SANDBOX_UID_FIRST, XT_SANDBOX_UID_LAST);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(uid_of(NULL, "left"), first);
	close(ready[0]);
	close(ready[1]);
}

static void the_environment_overrides_the_file(void **test)
{
	struct xt_conf conf = {.sandbox = XT_SANDBOX_MODE_STRICT};
	enum xt_sandbox_mode mode;

	(void)test;
	unsetenv("XT_SANDBOX");
	assert_int_equal(xt_sandbox_mode_choose(&mode, &conf), 0);
	assert_int_equal(mode, XT_SANDBOX_MODE_STRICT);
	setenv("XT_SANDBOX", "off", 1);
	assert_int_equal(xt_sandbox_mode_choose(&mode, &conf), 0);
	assert_int_equal(mode, XT_SANDBOX_MODE_OFF);
	setenv("XT_SANDBOX", "", 1);
	assert_int_equal(xt_sandbox_mode_choose(&mode, &conf), 0);
	assert_int_equal(mode, XT_SANDBOX_MODE_STRICT);
	setenv("XT_SANDBOX", "maybe", 1);
	assert_int_equal(xt_sandbox_mode_choose(&mode, &conf), -EINVAL);
	unsetenv("XT_SANDBOX");
}

static void a_missing_lock_is_shown_with_its_reason(void **test)
{
	struct xt_sandbox_state state = {.uid = 61184};
	struct xt_sandbox_texts texts;

	(void)test;
	xt_sandbox_texts(&texts, &state);
	assert_string_equal(texts.summary, "off");
	for (unsigned i = 0; i < XT_LOCKS; i++)
		state.locks[i].state = XT_LOCK_TAKEN;
	xt_sandbox_texts(&texts, &state);
	assert_string_equal(texts.summary, "on");
	state.locks[XT_LOCK_LANDLOCK] = (struct xt_lock_result){XT_LOCK_FAILED, -ENOSYS, "x"};
	xt_sandbox_texts(&texts, &state);
	assert_string_equal(texts.summary, "partial");
	assert_string_equal(texts.locks[XT_LOCK_LANDLOCK].name, "landlock");
	assert_string_equal(texts.locks[XT_LOCK_LANDLOCK].text,
			    "not available here: x: Function not implemented");
	assert_string_equal(texts.locks[XT_LOCK_SECCOMP].text, "taken");
	assert_null(texts.locks[XT_LOCKS].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_user_of_the_file_is_an_account_or_a_number),
	    cmocka_unit_test(a_name_has_the_same_number_at_each_start),
	    cmocka_unit_test(a_number_in_use_is_passed_over),
	    cmocka_unit_test(the_environment_overrides_the_file),
	    cmocka_unit_test(a_missing_lock_is_shown_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
