/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The replay window against a set of all counters ever accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/replay.h"
#include "seed.h"
#include "test_main.h"

#define SPAN 200000

static uint8_t seen[SPAN]; /* counters base .. base + SPAN */
static uint64_t greatest;
static int any;

static int judge(uint64_t base, uint64_t counter)
{
	uint64_t i = counter - base;

	if (any && counter < greatest && greatest - counter >= 8192)
		return 0;
	if (seen[i])
		return 0;
	seen[i] = 1;
	if (!any || counter > greatest)
		greatest = counter;
	any = 1;
	return 1;
}

static uint64_t pick(uint64_t *r, uint64_t base)
{
	uint64_t top = any ? greatest - base : 0, step;

	switch (xt_below(r, 8)) {
	case 0: /* a jump */
		step = xt_below(r, 20000);
		return base + XT_MIN(top + step, (uint64_t)SPAN - 1);
	case 1:
	case 2: /* far behind, about where the window ends */
		step = 8064 + xt_below(r, 300);
		return base + (top > step ? top - step : 0);
	case 3:
		step = xt_below(r, 9000);
		return base + (top > step ? top - step : 0);
	case 4: /* a little reordering */
		step = xt_below(r, 70);
		return base + (top > step ? top - step : 0);
	default:
		return base + XT_MIN(top + xt_below(r, 3), (uint64_t)SPAN - 1);
	}
}

static void the_window_agrees_with_a_set(void **state)
{
	uint64_t r = xt_seed();

	(void)state;
	for (int round = 0; round < 60; round++) {
		/* From zero, from somewhere, and close to the end of all counters. */
		uint64_t base = round % 3 == 0	 ? 0
				: round % 3 == 1 ? xt_next(&r) >> xt_below(&r, 40)
						 : UINT64_MAX - (1u << 13) - SPAN;
		struct xt_replay w;

		if (base > UINT64_MAX - (1u << 13) - SPAN)
			base = UINT64_MAX - (1u << 13) - SPAN;
		xt_replay_init(&w);
		memset(seen, 0, sizeof(seen));
		any = 0;
		for (int i = 0; i < 20000; i++) {
			uint64_t counter = pick(&r, base);
			int want = judge(base, counter);

			if (xt_replay_accept(&w, counter) != want)
				fail_msg("round %d step %d: counter base+%llu should be %d", round,
					 i, (unsigned long long)(counter - base), want);
		}
	}
}

TEST_MAIN(cmocka_unit_test(the_window_agrees_with_a_set))
