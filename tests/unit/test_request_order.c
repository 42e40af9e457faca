/* SPDX-License-Identifier: MIT */
/* layers: host core base config platform */
/* Which request may come when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/request_order.h"

static bool accept_kind(struct xt_request_order *order, enum xt_request_kind kind)
{
	return xt_request_order_accept(order, &(struct xt_request){.kind = kind});
}

static void answer(struct xt_request_order *order, enum xt_request_kind kind, int error)
{
	xt_request_order_answered(order, kind, &(struct xt_reply){.error = error});
}

static void done(struct xt_request_order *order, enum xt_request_kind kind)
{
	assert_true(accept_kind(order, kind));
	answer(order, kind, 0);
}

static bool hooks(struct xt_request_order *order, enum xt_hook_list list, size_t from)
{
	const struct xt_request request = {.kind = XT_REQUEST_HOOKS,
					   .hooks = {.list = list, .from = from}};
	bool ok = xt_request_order_accept(order, &request);

	if (ok)
		answer(order, XT_REQUEST_HOOKS, 0);
	return ok;
}

static void up(struct xt_request_order *order)
{
	*order = (struct xt_request_order){0};
	done(order, XT_REQUEST_TUN_OPEN);
	done(order, XT_REQUEST_STATE);
	assert_true(hooks(order, XT_HOOKS_PRE_UP, 0));
	done(order, XT_REQUEST_POLICY);
	done(order, XT_REQUEST_KEYLOG);
	done(order, XT_REQUEST_UDP_OPEN);
	done(order, XT_REQUEST_FIREWALL);
	done(order, XT_REQUEST_LINK);
}

static void order_takes_an_instance_up_and_down(void **state)
{
	struct xt_request_order order;

	(void)state;
	up(&order);
	assert_true(hooks(&order, XT_HOOKS_POST_UP, 0));
	assert_true(hooks(&order, XT_HOOKS_PRE_DOWN, 0));
	assert_true(hooks(&order, XT_HOOKS_PRE_DOWN, 1)); /* the first one has failed */
	done(&order, XT_REQUEST_CONF_SAVE);
	done(&order, XT_REQUEST_UNDO);
	done(&order, XT_REQUEST_LINK_UNDO);
	assert_true(hooks(&order, XT_HOOKS_POST_DOWN, 0));
	assert_true(xt_request_order_undone(&order) && xt_request_order_closed(&order));
}

static void order_refuses_a_step_before_its_time(void **state)
{
	struct xt_request_order order = {0};

	(void)state;
	assert_false(accept_kind(&order, XT_REQUEST_LINK));
	assert_false(accept_kind(&order, XT_REQUEST_UDP_OPEN));
	assert_false(accept_kind(&order, XT_REQUEST_RELOAD_STEP));
	assert_false(accept_kind(&order, XT_REQUEST_CONF_SAVE));
	assert_false(accept_kind(&order, XT_REQUEST_LINK_UNDO));
	assert_false(hooks(&order, XT_HOOKS_POST_UP, 0));
	up(&order);
	assert_false(accept_kind(&order, XT_REQUEST_TUN_OPEN));
	assert_false(accept_kind(&order, XT_REQUEST_LINK));
	assert_false(hooks(&order, XT_HOOKS_POST_DOWN, 0));
}

static void order_refuses_a_second_one_before_the_first_is_answered(void **state)
{
	struct xt_reload reload = {.accepted = true};
	const struct xt_reply file = {.reload = &reload};
	struct xt_request_order order;

	(void)state;
	up(&order);
	assert_true(accept_kind(&order, XT_REQUEST_ROUTES));
	assert_false(accept_kind(&order, XT_REQUEST_ROUTES));
	assert_true(accept_kind(&order, XT_REQUEST_RESOLVE));
	assert_true(accept_kind(&order, XT_REQUEST_RESOLVE));
	assert_false(accept_kind(&order, XT_REQUEST_RELOAD_READ)); /* routes use the link */
	answer(&order, XT_REQUEST_ROUTES, 0);
	assert_true(accept_kind(&order, XT_REQUEST_RELOAD_READ));
	assert_false(accept_kind(&order, XT_REQUEST_RELOAD_STEP));
	xt_request_order_answered(&order, XT_REQUEST_RELOAD_READ, &file);
	assert_true(accept_kind(&order, XT_REQUEST_RELOAD_STEP));
	assert_false(accept_kind(&order, XT_REQUEST_RELOAD_UNDO));
}

static void order_runs_no_hook_again(void **state)
{
	struct xt_request_order order;

	(void)state;
	up(&order);
	assert_false(hooks(&order, XT_HOOKS_PRE_UP, 0));
	assert_true(hooks(&order, XT_HOOKS_POST_UP, 0));
	assert_false(hooks(&order, XT_HOOKS_POST_UP, 0));
	assert_true(hooks(&order, XT_HOOKS_PRE_DOWN, 2));
	assert_false(hooks(&order, XT_HOOKS_PRE_DOWN, 2));
	assert_false(hooks(&order, XT_HOOKS_POST_UP, 5));
}

static void order_ends_what_an_undo_has_cut_short(void **state)
{
	struct xt_request_order order = {0};

	(void)state;
	done(&order, XT_REQUEST_TUN_OPEN);
	done(&order, XT_REQUEST_STATE);
	done(&order, XT_REQUEST_POLICY);
	assert_true(accept_kind(&order, XT_REQUEST_FIREWALL));
	done(&order, XT_REQUEST_UNDO);
	assert_false(order.open[XT_REQUEST_FIREWALL]);
	assert_false(accept_kind(&order, XT_REQUEST_FIREWALL));
}

/* There is a state of an instance in which it may come: its row was not forgotten. */
static bool kind_may_come(enum xt_request_kind kind)
{
	for (unsigned reached = 0; reached < 1u << 8; reached++) {
		struct xt_request_order order = {.reached = reached};

		if (accept_kind(&order, kind))
			return true;
	}
	return false;
}

static void order_knows_every_kind_and_no_other(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < XT_REQUESTS; kind++)
		if (!kind_may_come((enum xt_request_kind)kind))
			fail_msg("request %u has no row", kind);
	assert_false(kind_may_come(XT_REQUESTS));
	assert_false(kind_may_come((enum xt_request_kind) - 1));
}

/* An identity that changes leaves its last bound, and the next one writes its first, whether or not
 * a write was under way, which is not answered then. */
static void order_takes_a_bound_in_the_place_of_another(void **state)
{
	struct xt_request_order order;

	(void)state;
	up(&order);
	assert_true(accept_kind(&order, XT_REQUEST_BOUND_WRITE));
	assert_true(accept_kind(&order, XT_REQUEST_BOUND_WRITE));
	done(&order, XT_REQUEST_BOUND_READ);
	assert_true(accept_kind(&order, XT_REQUEST_BOUND_WRITE));
	answer(&order, XT_REQUEST_BOUND_WRITE, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_takes_an_instance_up_and_down),
	    cmocka_unit_test(order_takes_a_bound_in_the_place_of_another),
	    cmocka_unit_test(order_refuses_a_step_before_its_time),
	    cmocka_unit_test(order_refuses_a_second_one_before_the_first_is_answered),
	    cmocka_unit_test(order_runs_no_hook_again),
	    cmocka_unit_test(order_ends_what_an_undo_has_cut_short),
	    cmocka_unit_test(order_knows_every_kind_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
