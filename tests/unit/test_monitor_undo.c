/* SPDX-License-Identifier: MIT */
/* layers: daemon host */
/* What is taken back of an instance whose tunnel process has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/monitor_undo.h"
#include "test_main.h"

static void ask(struct xt_request_order *order, enum xt_request_kind kind)
{
	assert_true(xt_request_order_accept(order, &(struct xt_request){.kind = kind}));
}

static void answer(struct xt_request_order *order, enum xt_request_kind kind, int error)
{
	const struct xt_reply reply = {.error = error};

	xt_request_order_answered(order, kind, &reply);
}

static void done(struct xt_request_order *order, enum xt_request_kind kind)
{
	ask(order, kind);
	answer(order, kind, 0);
}

static void up(struct xt_request_order *order)
{
	*order = (struct xt_request_order){0};
	done(order, XT_REQUEST_TUN_OPEN);
	done(order, XT_REQUEST_STATE);
	done(order, XT_REQUEST_POLICY);
	done(order, XT_REQUEST_LINK);
}

/* The next step asks for kind, which is carried out and answered with error. */
static void undoes(struct xt_monitor_undo *undo, struct xt_request_order *order,
		   enum xt_request_kind kind, int error)
{
	enum xt_request_kind next = XT_REQUESTS;

	assert_int_equal(xt_monitor_undo_next(undo, order, &next), XT_UNDO_ASKS);
	assert_int_equal(next, kind);
	ask(order, next);
	answer(order, next, error);
}

static void is_over(struct xt_monitor_undo *undo, struct xt_request_order *order)
{
	enum xt_request_kind next;

	assert_int_equal(xt_monitor_undo_next(undo, order, &next), XT_UNDO_IS_OVER);
}

static void waits(struct xt_monitor_undo *undo, struct xt_request_order *order)
{
	enum xt_request_kind next;

	assert_int_equal(xt_monitor_undo_next(undo, order, &next), XT_UNDO_WAITS);
}

static void undo_takes_back_what_a_killed_process_left(void **state)
{
	struct xt_request_order order;
	struct xt_monitor_undo undo = {0};

	(void)state;
	up(&order);
	undoes(&undo, &order, XT_REQUEST_UNDO, 0);
	undoes(&undo, &order, XT_REQUEST_LINK_UNDO, 0);
	is_over(&undo, &order);
}

static void undo_goes_on_after_an_error(void **state)
{
	struct xt_request_order order;
	struct xt_monitor_undo undo = {0};

	(void)state;
	up(&order);
	undoes(&undo, &order, XT_REQUEST_UNDO, -1);
	undoes(&undo, &order, XT_REQUEST_LINK_UNDO, -1);
	is_over(&undo, &order);
}

static void undo_has_nothing_to_do_after_a_clean_end(void **state)
{
	struct xt_request_order order;
	struct xt_monitor_undo undo = {0};

	(void)state;
	up(&order);
	done(&order, XT_REQUEST_UNDO);
	done(&order, XT_REQUEST_LINK_UNDO);
	is_over(&undo, &order);
}

static void undo_waits_for_what_is_being_carried_out(void **state)
{
	static const enum xt_request_kind open[] = {XT_REQUEST_HOOKS, XT_REQUEST_ROUTES,
						    XT_REQUEST_CONF_SAVE};

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++) {
		struct xt_request_order order;
		struct xt_monitor_undo undo = {0};

		up(&order);
		ask(&order, open[i]);
		waits(&undo, &order);
		answer(&order, open[i], 0);
		undoes(&undo, &order, XT_REQUEST_UNDO, 0);
	}
}

static void undo_ends_a_reload_first(void **state)
{
	struct xt_request_order order;
	struct xt_monitor_undo undo = {0};
	struct xt_reload reload = {0};
	const struct xt_reply read = {.reload = &reload};

	(void)state;
	up(&order);
	ask(&order, XT_REQUEST_RELOAD_READ);
	waits(&undo, &order);
	xt_request_order_answered(&order, XT_REQUEST_RELOAD_READ, &read);
	ask(&order, XT_REQUEST_RELOAD_STEP);
	waits(&undo, &order);
	answer(&order, XT_REQUEST_RELOAD_STEP, -1);
	undoes(&undo, &order, XT_REQUEST_RELOAD_UNDO, -1); /* once, also when it fails */
	undoes(&undo, &order, XT_REQUEST_RELOAD_END, 0);
	undoes(&undo, &order, XT_REQUEST_UNDO, 0);
	undoes(&undo, &order, XT_REQUEST_LINK_UNDO, 0);
	is_over(&undo, &order);
}

TEST_MAIN(cmocka_unit_test(undo_takes_back_what_a_killed_process_left),
	  cmocka_unit_test(undo_goes_on_after_an_error),
	  cmocka_unit_test(undo_has_nothing_to_do_after_a_clean_end),
	  cmocka_unit_test(undo_waits_for_what_is_being_carried_out),
	  cmocka_unit_test(undo_ends_a_reload_first))
