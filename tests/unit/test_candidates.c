/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The list of a peer's addresses: their order, and which one is the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/candidates.h"
#include "test_main.h"

#define HOLD 300

/* "4a 6b|4c": entries are divided by '|', each address is a family and a letter. */
static struct xt_candidates *make(const char *text)
{
	struct xt_candidate v[XT_CANDIDATES_MAX];
	struct xt_candidate_list list = {.v = v, .hold_ns = HOLD};
	uint8_t entry = 0;

	memset(v, 0, sizeof(v));
	for (; *text; text++) {
		if (*text == '|')
			entry++;
		if (*text != '4' && *text != '6')
			continue;
		v[list.n].endpoint.ip.family = (uint8_t)(*text++ - '0');
		v[list.n].endpoint.ip.b[0] = (uint8_t)*text;
		v[list.n].endpoint.port = 1;
		v[list.n++].entry = entry;
	}
	return xt_candidates_new(&list);
}

static void order_is(const char *text, const char *letters)
{
	struct xt_candidates *c = make(text);

	assert_int_equal(c->n, strlen(letters));
	for (uint32_t i = 0; i < c->n; i++)
		assert_int_equal(c->v[i].endpoint.ip.b[0], letters[i]);
	xt_candidates_free(c);
}

static void families_of_an_entry_alternate(void **state)
{
	(void)state;
	order_is("", "");
	order_is("4a", "a");
	order_is("6a6b6c4d4e", "adbec");
	order_is("4a4b4c6d", "adbc");
	order_is("6a4b", "ab");
	order_is("4a6b4a", "ab"); /* twice the same */
	order_is("4a4b|6c4d|6e", "abcde");
	order_is("4a|4a6b", "ab");
}

static struct xt_endpoint endpoint(uint8_t family, char letter)
{
	return (struct xt_endpoint){{family, {(uint8_t)letter}}, 1, 0};
}

static void the_first_that_is_not_held_is_the_next(void **state)
{
	struct xt_candidates *c = make("4a|4b|4c");

	(void)state;
	assert_int_equal(xt_candidates_best(c, 0), 0);
	xt_candidates_fail(c, 0, 10);
	assert_int_equal(xt_candidates_best(c, 10), 1);
	xt_candidates_fail(c, 1, 20);
	assert_int_equal(xt_candidates_best(c, 20), 2);
	xt_candidates_fail(c, 2, 30);
	assert_int_equal(xt_candidates_best(c, 30), 0); /* all held: whose hold time ends first */
	xt_candidates_fail(c, 0, 40);
	assert_int_equal(xt_candidates_best(c, 40), 1);
	assert_int_equal(xt_candidates_best(c, 20 + HOLD), 1);
	assert_int_equal(xt_candidates_best(c, 40 + HOLD), 0);
	xt_candidates_free(c);
	c = make("");
	assert_int_equal(xt_candidates_best(c, 0), XT_CANDIDATE_NONE);
	xt_candidates_free(c);
}

/* until none is left */
static void an_address_may_be_held_for_ever(void **state)
{
	struct xt_candidates *c = make("4a|4b");

	(void)state;
	c->hold = XT_NEVER;
	xt_candidates_fail(c, 0, 10);
	assert_int_equal(xt_candidates_best(c, 10), 1);
	assert_int_equal(xt_candidates_best(c, XT_NEVER / 2), 1);
	xt_candidates_fail(c, 1, 20);
	assert_int_equal(xt_candidates_best(c, 20), 0);
	xt_candidates_fail(c, 0, 30); /* none is left: in turn */
	assert_int_equal(xt_candidates_best(c, 30), 1);
	xt_candidates_free(c);
}

static void the_learned_address_comes_last(void **state)
{
	struct xt_candidates *c = make("4a|4b");
	struct xt_endpoint x = endpoint(4, 'x'), b = endpoint(4, 'b');

	(void)state;
	assert_false(xt_candidates_heard(c, &x));
	assert_true(xt_candidates_heard(c, &b));
	assert_int_equal(xt_candidates_find(c, &x), 2);
	assert_int_equal(xt_candidates_best(c, 0), 0);
	xt_candidates_fail(c, 0, 1);
	xt_candidates_fail(c, 1, 2);
	assert_int_equal(xt_candidates_best(c, 3), 2);
	xt_candidates_free(c);
}

static void the_second_family_is_another_one_that_is_not_held(void **state)
{
	struct xt_candidates *c = make("6a4b6c4d");

	(void)state;
	assert_int_equal(xt_candidates_other(c, 0, 0), 1);
	assert_int_equal(xt_candidates_other(c, 1, 0), 2);
	assert_int_equal(xt_candidates_other(c, 3, 0), 0);
	xt_candidates_fail(c, 1, 0);
	assert_int_equal(xt_candidates_other(c, 0, 0), 3);
	xt_candidates_fail(c, 3, 0);
	assert_int_equal(xt_candidates_other(c, 0, 0), XT_CANDIDATE_NONE);
	xt_candidates_free(c);
	c = make("4a4b");
	assert_int_equal(xt_candidates_other(c, 0, 0), XT_CANDIDATE_NONE);
	xt_candidates_free(c);
}

static void the_one_that_answers_is_kept_and_a_silent_first_one_held(void **state)
{
	struct xt_candidates *c = make("6a4b");

	(void)state;
	c->first = 0;
	c->second = 1;
	xt_candidates_answered(c, 1, 5);
	assert_int_equal(c->v[0].held_until, 5 + HOLD);
	assert_true(c->contact);
	assert_int_equal(xt_candidates_best(c, 6), 1);
	c->first = 1;
	xt_candidates_answered(c, 1, 7);
	assert_int_equal(c->v[1].held_until, 0);
	xt_candidates_free(c);
}

static void a_new_list_goes_on_with_what_is_known(void **state)
{
	struct xt_candidates *old = make("4a|4b"), *c = make("4b|4c");
	struct xt_endpoint x = endpoint(4, 'x');

	(void)state;
	(void)xt_candidates_heard(old, &x);
	xt_candidates_fail(old, 1, 10);
	old->first = 1;
	old->trying = 0;
	xt_candidates_adopt(c, old);
	assert_int_equal(c->v[0].held_until, 10 + HOLD);
	assert_int_equal(c->v[1].held_until, 0);
	assert_int_equal(c->first, 0);
	assert_int_equal(c->trying, XT_CANDIDATE_NONE);
	assert_int_equal(xt_candidates_find(c, &x), 2);
	xt_candidates_adopt(c, NULL);
	xt_candidates_free(old);
	xt_candidates_free(c);
}

TEST_MAIN(cmocka_unit_test(families_of_an_entry_alternate),
	  cmocka_unit_test(the_first_that_is_not_held_is_the_next),
	  cmocka_unit_test(an_address_may_be_held_for_ever),
	  cmocka_unit_test(the_learned_address_comes_last),
	  cmocka_unit_test(the_second_family_is_another_one_that_is_not_held),
	  cmocka_unit_test(the_one_that_answers_is_kept_and_a_silent_first_one_held),
	  cmocka_unit_test(a_new_list_goes_on_with_what_is_known))
