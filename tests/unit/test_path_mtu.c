/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The search for the path's MTU, on a path with an MTU, a delay and loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "core/path_mtu.h"
#include "test_main.h"

#define T0	  (1000 * XT_SECOND)
#define IN_FLIGHT 64

/* mtu       the largest inner packet that passes
 * loss      of 1000 messages, each way
 * answers   bits: the forms that are answered
 * dead      nothing arrives */
struct path {
	struct xt_path_mtu s;
	uint64_t now, rtt;
	uint32_t seed, mtu, loss, answers;
	bool dead;
	unsigned probes;
	uint64_t bytes;
	unsigned n; /* answers on their way */
	uint64_t at[IN_FLIGHT];
	uint32_t token[IN_FLIGHT];
};

static uint32_t draw(struct path *p)
{
	p->seed = p->seed * 1664525u + 1013904223u;
	return p->seed >> 8;
}

static void fill(void *ctx, void *buf, size_t n)
{
	uint8_t *at = buf;

	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(draw(ctx) >> 4);
}

static struct xt_path_mtu_random random_of(struct path *p)
{
	return (struct xt_path_mtu_random){.fill = fill, .ctx = p};
}

static void path_open(struct path *p, uint32_t mtu, uint64_t rtt, uint32_t loss)
{
	memset(p, 0, sizeof(*p));
	p->now = T0;
	p->seed = 7;
	p->mtu = mtu;
	p->rtt = rtt;
	p->loss = loss;
	p->answers = 1;
	xt_path_mtu_init(&p->s);
}

static bool lost(struct path *p)
{
	return draw(p) % 1000 < p->loss;
}

static void probe_carry(struct path *p, const struct xt_path_mtu_probe *probe)
{
	p->probes++;
	p->bytes += probe->size + 60u;
	if (p->dead || probe->size > p->mtu || !(p->answers >> probe->form & 1) || lost(p) ||
	    lost(p))
		return;
	assert_true(p->n < IN_FLIGHT);
	p->at[p->n] = p->now + p->rtt;
	p->token[p->n++] = probe->token;
}

static uint64_t answer_next(const struct path *p)
{
	uint64_t least = XT_NEVER;

	for (unsigned i = 0; i < p->n; i++)
		least = XT_MIN(least, p->at[i]);
	return least;
}

static void answers_deliver(struct path *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->at[i] > p->now)
			continue;
		xt_path_mtu_answer(&p->s, p->now, p->token[i]);
		p->n--;
		p->at[i] = p->at[p->n];
		p->token[i--] = p->token[p->n];
	}
}

/* One event. false: there is none before until. */
static bool path_event(struct path *p, uint64_t until)
{
	struct xt_path_mtu_random random = random_of(p);
	struct xt_path_mtu_probe probe;
	uint64_t next = XT_MIN(p->s.due, answer_next(p));
	unsigned burst = 0;

	if (next > until)
		return false;
	p->now = XT_MAX(p->now, next);
	answers_deliver(p);
	xt_path_mtu_step(&p->s, p->now, &random);
	while (xt_path_mtu_next(&p->s, p->now, &probe)) {
		probe_carry(p, &probe);
		burst++;
	}
	assert_true(burst <= XT_PATH_MTU_BURST);
	return true;
}

static void path_run(struct path *p, uint64_t ns)
{
	uint64_t until = p->now + ns;

	while (path_event(p, until))
		;
	p->now = until;
}

static void path_start(struct path *p, uint16_t top, uint8_t forms, uint8_t single)
{
	struct xt_path_mtu_random random = random_of(p);

	xt_path_mtu_start(&p->s, p->now, top, forms, single, &random);
}

/* Until the search ends. Returns how long it took. */
static uint64_t path_search(struct path *p)
{
	uint64_t start = p->now;

	do
		assert_true(path_event(p, p->now + 30 * XT_SECOND));
	while (p->s.phase != XT_PATH_MTU_IDLE);
	return p->now - start;
}

static bool path_suspect(struct path *p)
{
	struct xt_path_mtu_random random = random_of(p);

	return xt_path_mtu_suspect(&p->s, p->now, &random);
}

static void an_open_path_takes_one_probe(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	assert_int_equal(path_search(&p), 50 * XT_MS);
	assert_int_equal(p.probes, 1);
	assert_int_equal(p.s.found, 1420);
	assert_int_equal(p.s.source, XT_PATH_MTU_PROBED);
}

static void every_size_of_a_path_is_found(void **state)
{
	static const uint16_t tops[] = {1280, 1412, 1420, 1440, 8920};
	struct path p;

	(void)state;
	for (size_t t = 0; t < XT_LEN(tops); t++) {
		for (uint32_t mtu = 512; mtu <= tops[t] + 8u; mtu += 7) {
			uint32_t right = mtu >= tops[t] ? tops[t] : mtu / 16 * 16;

			path_open(&p, mtu, 20 * XT_MS, 0);
			path_start(&p, tops[t], 1, 0);
			path_search(&p);
			assert_int_equal(p.s.found, right);
			assert_int_equal(p.s.source, XT_PATH_MTU_PROBED);
		}
	}
}

static void a_search_is_short_and_small(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1240, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	assert_true(path_search(&p) <= 1100 * XT_MS);
	assert_true(p.probes <= 50);
	assert_true(p.bytes <= 70000);
}

static void a_round_trip_above_the_timeout_is_waited_for(void **state)
{
	struct path p;

	(void)state;
	for (uint64_t rtt = 200; rtt <= 700; rtt += 100) {
		path_open(&p, 1240, rtt * XT_MS, 0);
		path_start(&p, 1420, 1, 0);
		path_search(&p);
		assert_int_equal(p.s.found, 1232);
	}
}

static void a_silent_peer_changes_nothing(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1240, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_search(&p);
	p.answers = 0;
	path_start(&p, 1420, 2, 0); /* another endpoint */
	path_search(&p);
	assert_int_equal(p.s.source, XT_PATH_MTU_SILENT);
	assert_int_equal(p.s.found, 1232);
	assert_false(path_suspect(&p));
	p.answers = 1;
	path_run(&p, 60 * XT_SECOND);
	assert_int_equal(p.s.source, XT_PATH_MTU_PROBED);
}

static void a_peer_without_echo_is_asked_in_another_form(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1300, 50 * XT_MS, 0);
	p.answers = 2;
	path_start(&p, 1420, 3, 1);
	path_search(&p);
	assert_int_equal(p.s.found, 1296);
	assert_int_equal(p.s.form, 1);
}

static void a_form_that_is_answered_seldom_confirms_and_lowers_nothing(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	p.answers = 4;
	path_start(&p, 1420, 3, 1);
	path_search(&p);
	assert_int_equal(p.s.found, 1420);
	p.mtu = 1240;
	assert_false(path_suspect(&p));
	path_open(&p, 1240, 50 * XT_MS, 0);
	p.answers = 4;
	path_start(&p, 1420, 3, 1);
	path_search(&p);
	assert_int_equal(p.s.found, 0);
	assert_int_equal(p.s.source, XT_PATH_MTU_SILENT);
}

static void a_path_that_shrinks_is_found_in_half_a_second(void **state)
{
	struct path p;

	(void)state;
	for (uint32_t mtu = 520; mtu < 1420; mtu += 40) {
		path_open(&p, 1440, 50 * XT_MS, 0);
		path_start(&p, 1420, 1, 0);
		path_search(&p);
		p.mtu = mtu;
		path_run(&p, XT_SECOND);
		assert_true(path_suspect(&p));
		if (mtu >= 1216)
			assert_true(path_search(&p) <= 560 * XT_MS);
		else
			path_search(&p);
		assert_int_equal(p.s.found, mtu / 16 * 16);
	}
}

static void an_outage_is_no_shrink(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_search(&p);
	p.dead = true;
	assert_true(path_suspect(&p));
	path_search(&p);
	assert_int_equal(p.s.found, 1420);
	assert_int_equal(p.s.source, XT_PATH_MTU_PROBED);
}

/* The small probe passes and nothing else does: no size of use is left. */
static void a_path_below_the_least_size_is_no_result(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_search(&p);
	p.mtu = 400;
	assert_true(path_suspect(&p));
	path_search(&p);
	assert_int_equal(p.s.found, 1420);
}

static void suspicions_begin_at_most_every_two_seconds(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	assert_false(path_suspect(&p)); /* nothing is known yet */
	path_search(&p);
	assert_true(path_suspect(&p));
	assert_false(path_suspect(&p));
	path_run(&p, 1990 * XT_MS);
	assert_false(path_suspect(&p));
	path_run(&p, 20 * XT_MS);
	assert_true(path_suspect(&p));
}

static void loss_lowers_nothing(void **state)
{
	static const uint32_t losses[] = {10, 30, 100};
	struct path p;
	unsigned lowered[XT_LEN(losses)] = {0};

	(void)state;
	for (size_t i = 0; i < XT_LEN(losses); i++) {
		path_open(&p, 1440, 50 * XT_MS, 0);
		path_start(&p, 1420, 1, 0);
		path_search(&p);
		p.loss = losses[i];
		for (unsigned n = 0; n < 20000; n++) {
			path_run(&p, 2100 * XT_MS);
			if (p.s.found < 1420) {
				lowered[i]++;
				p.s.found = 1420;
			}
			(void)path_suspect(&p);
		}
	}
	printf("lowered in 20000 suspicions at 1, 3, 10 %%: %u, %u, %u\n", lowered[0], lowered[1],
	       lowered[2]);
	assert_true(lowered[0] <= 1 && lowered[1] <= 3 && lowered[2] <= 6);
}

static void a_search_on_a_lossy_path_finds_the_size(void **state)
{
	struct path p;
	unsigned low = 0;

	(void)state;
	for (unsigned n = 0; n < 2000; n++) {
		path_open(&p, 1320, 50 * XT_MS, 100);
		p.seed = n + 1;
		path_start(&p, 1420, 1, 0);
		path_search(&p);
		assert_true(p.s.found <= 1312);
		low += p.s.found < 1312;
	}
	printf("too low in 2000 searches at 10 %%: %u\n", low);
	assert_true(low <= 20);
}

static void a_path_that_grows_is_found_by_a_check(void **state)
{
	struct path p;
	uint64_t start;

	(void)state;
	path_open(&p, 1240, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_search(&p);
	p.mtu = 1440;
	start = p.now;
	while (p.s.found < 1420)
		assert_true(path_event(&p, start + 40 * XT_SECOND));
	path_open(&p, 1240, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_run(&p, 7200 * XT_SECOND);
	p.mtu = 1350;
	path_run(&p, 602 * XT_SECOND);
	assert_int_equal(p.s.found, 1344);
}

static void a_path_that_shrank_unseen_is_found_by_a_check(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_run(&p, 100 * XT_SECOND);
	p.mtu = 1240;
	path_run(&p, 510 * XT_SECOND);
	assert_int_equal(p.s.found, 1232);
}

static void checks_cost_less_than_100_bytes_a_second(void **state)
{
	static const uint32_t mtus[] = {1240, 1440};
	struct path p;

	(void)state;
	for (size_t i = 0; i < XT_LEN(mtus); i++) {
		for (uint32_t answers = 0; answers < 2; answers++) {
			path_open(&p, mtus[i], 50 * XT_MS, 0);
			p.answers = answers;
			path_start(&p, 1420, 3, 1);
			path_search(&p);
			p.bytes = 0;
			path_run(&p, 31 * XT_SECOND);
			assert_true(p.bytes < 100 * 31);
			p.bytes = 0;
			path_run(&p, 7200 * XT_SECOND);
			assert_true(p.bytes < 12 * 7200);
		}
	}
}

static void answers_that_match_no_probe_change_nothing(void **state)
{
	struct xt_path_mtu_random random;
	struct xt_path_mtu_probe probe;
	struct xt_path_mtu before;
	struct path p;

	(void)state;
	path_open(&p, 1440, 50 * XT_MS, 0);
	random = random_of(&p);
	path_start(&p, 1420, 1, 0);
	assert_false(xt_path_mtu_answer(&p.s, p.now, p.s.tokens[1])); /* it was not sent yet */
	assert_true(xt_path_mtu_next(&p.s, p.now, &probe));
	before = p.s;
	assert_false(xt_path_mtu_answer(&p.s, p.now, probe.token ^ 1));
	assert_false(xt_path_mtu_answer(&p.s, p.now, 0));
	assert_memory_equal(&before, &p.s, sizeof(before));
	assert_true(xt_path_mtu_answer(&p.s, p.now, probe.token));
	xt_path_mtu_step(&p.s, p.now, &random);
	assert_int_equal(p.s.found, 1420);
	assert_true(xt_path_mtu_answer(&p.s, p.now, probe.token)); /* late: known, without effect */
}

static void a_search_that_was_paused_begins_again(void **state)
{
	struct path p;

	(void)state;
	path_open(&p, 1240, 50 * XT_MS, 0);
	path_start(&p, 1420, 1, 0);
	path_run(&p, 300 * XT_MS);
	assert_int_equal(p.s.phase, XT_PATH_MTU_SEARCH);
	xt_path_mtu_pause(&p.s, p.now);
	assert_int_equal(p.s.phase, XT_PATH_MTU_IDLE);
	p.n = 0;
	path_search(&p);
	assert_int_equal(p.s.found, 1232);
}

TEST_MAIN(cmocka_unit_test(an_open_path_takes_one_probe),
	  cmocka_unit_test(every_size_of_a_path_is_found),
	  cmocka_unit_test(a_search_is_short_and_small),
	  cmocka_unit_test(a_round_trip_above_the_timeout_is_waited_for),
	  cmocka_unit_test(a_silent_peer_changes_nothing),
	  cmocka_unit_test(a_peer_without_echo_is_asked_in_another_form),
	  cmocka_unit_test(a_form_that_is_answered_seldom_confirms_and_lowers_nothing),
	  cmocka_unit_test(a_path_that_shrinks_is_found_in_half_a_second),
	  cmocka_unit_test(an_outage_is_no_shrink),
	  cmocka_unit_test(a_path_below_the_least_size_is_no_result),
	  cmocka_unit_test(suspicions_begin_at_most_every_two_seconds),
	  cmocka_unit_test(loss_lowers_nothing),
	  cmocka_unit_test(a_search_on_a_lossy_path_finds_the_size),
	  cmocka_unit_test(a_path_that_grows_is_found_by_a_check),
	  cmocka_unit_test(a_path_that_shrank_unseen_is_found_by_a_check),
	  cmocka_unit_test(checks_cost_less_than_100_bytes_a_second),
	  cmocka_unit_test(answers_that_match_no_probe_change_nothing),
	  cmocka_unit_test(a_search_that_was_paused_begins_again))
