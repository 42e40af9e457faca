/* SPDX-License-Identifier: MIT */
/* A system without locks says that the process is unconfined, whatever was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "platform/sandbox.h"
#include "test_main.h"

static void no_lock_is_unconfined_and_not_off(void **state)
{
	struct xt_sandbox_options options = {.role = XT_SANDBOX_TUNNEL, .uid = 1, .nofile = 10};
	struct xt_sandbox_state locks = {.uid = 7};

	(void)state;
	xt_sandbox_lock(&options, &locks);
	assert_int_equal(xt_sandbox_summary(&locks), XT_SANDBOX_UNCONFINED);
	assert_int_equal(locks.uid, geteuid());
	for (unsigned i = 0; i < XT_LOCKS; i++)
		assert_int_equal(locks.locks[i].state, XT_LOCK_UNUSED);
}

TEST_MAIN(cmocka_unit_test(no_lock_is_unconfined_and_not_off))
