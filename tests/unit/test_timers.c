/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Timers, event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/limits.h"
#include "core/timers.h"
#include "test_main.h"

#define T0 (1000 * XT_SECOND)

static struct xt_timers fresh(void)
{
	struct xt_timers t;

	xt_timers_init(&t);
	return t;
}

static void timers_that_are_idle_are_never_due(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
	assert_int_equal(xt_timers_due(&t, XT_NEVER - 1), 0);
}

static void data_without_an_answer_asks_for_a_handshake_after_15_s(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_data_sent(&t, T0, 7);
	xt_timers_data_sent(&t, T0 + XT_SECOND, 0); /* does not put it off */
	assert_int_equal(xt_timers_next(&t), T0 + 15 * XT_SECOND + 7);
	assert_int_equal(xt_timers_due(&t, T0 + 15 * XT_SECOND + 7), XT_DUE_NEW_HANDSHAKE);
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
}

static void anything_received_ends_the_wait_for_an_answer(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_data_sent(&t, T0, 0);
	xt_timers_any_received(&t, T0 + 1);
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
}

static void a_probe_is_not_repeated_and_ends_with_a_handshake(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	t.probe = T0;
	assert_int_equal(xt_timers_next(&t), T0);
	assert_int_equal(xt_timers_due(&t, T0), XT_DUE_PROBE);
	xt_timers_probed(&t, T0);
	assert_false(xt_timers_may_initiate(&t, T0 + 5 * XT_SECOND - 1));
	assert_int_equal(xt_timers_next(&t),
			 T0 + 540 * XT_SECOND); /* only its secrets are erased */
	assert_int_equal(xt_timers_due(&t, T0 + 540 * XT_SECOND), XT_DUE_ERASE);
	t.probe = T0 + 600 * XT_SECOND;
	xt_timers_initiated(&t, T0 + 541 * XT_SECOND, 0);
	assert_int_equal(xt_timers_next(&t), T0 + 546 * XT_SECOND);
	t.probe = T0 + 542 * XT_SECOND;
	xt_timers_complete(&t);
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
}

static void
data_received_is_followed_by_a_keepalive_after_10_s_unless_something_is_sent(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_data_received(&t, T0);
	assert_int_equal(xt_timers_next(&t), T0 + 10 * XT_SECOND);
	xt_timers_any_sent(&t, T0 + 1);
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
	xt_timers_data_received(&t, T0);
	xt_timers_data_received(&t, T0 + 5 * XT_SECOND);
	assert_int_equal(xt_timers_due(&t, T0 + 10 * XT_SECOND), XT_DUE_KEEPALIVE);
}

static void an_initiation_is_retried_every_5_s_and_given_up_after_90(void **state)
{
	struct xt_timers t = fresh();
	uint64_t now = T0;
	int retries = 0;

	(void)state;
	for (;;) {
		assert_true(xt_timers_may_initiate(&t, now));
		xt_timers_initiated(&t, now, 0);
		assert_false(xt_timers_may_initiate(&t, now + XT_REKEY_TIMEOUT - 1));
		now = xt_timers_next(&t);
		unsigned due = xt_timers_due(&t, now);
		if (due == XT_DUE_GIVE_UP)
			break;
		assert_int_equal(due, XT_DUE_RETRANSMIT);
		retries++;
	}
	assert_int_equal(retries, 18);
	assert_int_equal(now - T0, 95 * XT_SECOND); /* the last try has its five seconds too */
	xt_timers_gave_up(&t, now);
	assert_int_equal(xt_timers_next(&t), now + 540 * XT_SECOND);
}

static void a_complete_session_is_not_retried_and_its_keys_are_erased_at_540_s(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_initiated(&t, T0, 0);
	xt_timers_complete(&t);
	xt_timers_derived(&t, T0);
	assert_int_equal(xt_timers_next(&t), T0 + 540 * XT_SECOND);
	assert_int_equal(xt_timers_due(&t, T0 + 540 * XT_SECOND), XT_DUE_ERASE);
}

static void each_session_has_an_early_rekey_of_its_own(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	t.last_minute = true;
	xt_timers_complete(&t);
	assert_false(t.last_minute);
	t.last_minute = true;
	xt_timers_erased(&t);
	assert_false(t.last_minute);
}

static void giving_up_does_not_put_the_erasure_off(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_gave_up(&t, T0);
	assert_int_equal(t.erase, T0 + 540 * XT_SECOND); /* of a handshake without a session */
	xt_timers_gave_up(&t, T0 + 100 * XT_SECOND);
	assert_int_equal(t.erase, T0 + 540 * XT_SECOND);
}

static void persistent_keepalive_starts_at_once_and_over_with_all_traffic(void **state)
{
	struct xt_timers t = fresh();

	(void)state;
	xt_timers_set_persistent(&t, T0, 25);
	assert_int_equal(xt_timers_due(&t, T0), XT_DUE_PERSISTENT);
	xt_timers_any_sent(&t, T0);
	assert_int_equal(xt_timers_next(&t), T0 + 25 * XT_SECOND);
	xt_timers_any_received(&t, T0 + 5 * XT_SECOND);
	assert_int_equal(xt_timers_next(&t), T0 + 30 * XT_SECOND);
	xt_timers_set_persistent(&t, T0 + 6 * XT_SECOND, 10);
	assert_int_equal(xt_timers_next(&t), T0 + 16 * XT_SECOND);
	xt_timers_set_persistent(&t, T0, 0);
	assert_int_equal(xt_timers_next(&t), XT_NEVER);
}

TEST_MAIN(
    cmocka_unit_test(timers_that_are_idle_are_never_due),
    cmocka_unit_test(a_probe_is_not_repeated_and_ends_with_a_handshake),
    cmocka_unit_test(data_without_an_answer_asks_for_a_handshake_after_15_s),
    cmocka_unit_test(anything_received_ends_the_wait_for_an_answer),
    cmocka_unit_test(data_received_is_followed_by_a_keepalive_after_10_s_unless_something_is_sent),
    cmocka_unit_test(an_initiation_is_retried_every_5_s_and_given_up_after_90),
    cmocka_unit_test(a_complete_session_is_not_retried_and_its_keys_are_erased_at_540_s),
    cmocka_unit_test(each_session_has_an_early_rekey_of_its_own),
    cmocka_unit_test(giving_up_does_not_put_the_erasure_off),
    cmocka_unit_test(persistent_keepalive_starts_at_once_and_over_with_all_traffic))
