/* layers: tunnel platform core crypto packet base */
/* Crypto threads: the same bytes as one thread makes, in place and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "flows.h"
#include "packet/merge.h"
#include "seed.h"
#include "tunnel/worker_pool.h"

#define JOBS 512
#define ROOM 1600

static uint8_t key[2][32];
static uint8_t *bytes[2];

static void bytes_new(void)
{
	bytes[0] = calloc(JOBS, ROOM);
	bytes[1] = calloc(JOBS, ROOM);
}

static void bytes_free(void)
{
	free(bytes[0]);
	free(bytes[1]);
}

static size_t plan(struct xt_job *jobs, uint8_t *at, uint64_t *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t len = (uint32_t)xt_below(r, 1500);

		jobs[i] = (struct xt_job){.key = key[i & 1],
					  .src = at + i * ROOM,
					  .dst = at + i * ROOM,
					  .counter = i,
					  .len = len};
	}
	return n;
}

static void a_crew_makes_what_one_thread_makes(void **state)
{
	static struct xt_job alone[JOBS], shared[JOBS];
	uint64_t seed = xt_seed();
	struct xt_aead *aead;
	struct xt_worker_pool *crew;

	(void)state;
	bytes_new();
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&crew, aead, 4), 0);
	assert_int_equal(xt_worker_pool_threads(crew), 4);
	for (int round = 0; round < 200; round++) {
		uint64_t r = seed + (uint64_t)round * 977, again = r;
		size_t n = plan(alone, bytes[0], &r, 1 + (size_t)round * 7 % JOBS);

		plan(shared, bytes[1], &again, n);
		xt_aead_seal(aead, alone, n);
		xt_worker_pool_seal(crew, shared, n);
		assert_memory_equal(bytes[0], bytes[1], JOBS * ROOM);
		bytes[1][(n / 2) * ROOM] ^= 1; /* one forgery */
		xt_worker_pool_open(crew, shared, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(shared[i].ok, i != n / 2);
		memset(bytes[0], round, JOBS * ROOM);
		memset(bytes[1], round, JOBS * ROOM);
	}
	xt_worker_pool_free(crew);
	xt_aead_free(aead);
	bytes_free();
}

static void jobs_that_are_laid_down_piece_by_piece_are_all_done(void **state)
{
	static struct xt_job alone[JOBS], shared[JOBS];
	uint64_t r = xt_seed(), again;
	struct xt_aead *aead;
	struct xt_worker_pool *crew;

	(void)state;
	bytes_new();
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (unsigned threads = 1; threads <= 3; threads++) {
		assert_int_equal(xt_worker_pool_new(&crew, aead, threads), 0);
		for (int round = 0; round < 100; round++) {
			bool opening = round & 1; /* what the round before has sealed */

			if (!opening) {
				again = r;
				plan(alone, bytes[0], &r, JOBS);
				plan(shared, bytes[1], &again, JOBS);
			}
			xt_worker_pool_begin(crew, shared, opening);
			for (size_t laid = 0; laid < JOBS;) {
				laid += xt_below(&r, 60);
				laid = XT_MIN(laid, (size_t)JOBS);
				xt_worker_pool_more(crew, laid);
			}
			xt_worker_pool_end(crew);
			if (opening)
				xt_aead_open(aead, alone, JOBS);
			else
				xt_aead_seal(aead, alone, JOBS);
			for (size_t i = 0; i < JOBS; i++)
				assert_true(shared[i].ok);
			assert_memory_equal(bytes[0], bytes[1], JOBS * ROOM);
		}
		xt_worker_pool_free(crew);
	}
	xt_aead_free(aead);
	bytes_free();
}

static void a_crew_of_one_has_no_thread_and_none_is_refused(void **state)
{
	struct xt_aead *aead;
	struct xt_worker_pool *crew;

	(void)state;
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&crew, aead, 0), XT_E_INVALID);
	assert_int_equal(xt_worker_pool_new(&crew, aead, XT_WORKER_POOL_MAX + 1), XT_E_INVALID);
	assert_int_equal(xt_worker_pool_new(&crew, aead, 1), 0);
	xt_worker_pool_seal(crew, NULL, 0);
	xt_worker_pool_free(crew);
	xt_worker_pool_free(NULL);
	xt_aead_free(aead);
}

/* With padding behind them, as they come from the wire. */
static void what_a_crew_opens_it_looks_through(void **state)
{
	static struct xt_job jobs[64];
	static const uint8_t payload[1000] = {1, 2, 3};
	struct flow f = flow_of(4, 6);
	struct xt_aead *aead;
	struct xt_worker_pool *crew;
	uint32_t len;

	(void)state;
	bytes[0] = calloc(XT_LEN(jobs), ROOM);
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&crew, aead, 2), 0);
	for (size_t i = 0; i < XT_LEN(jobs); i++) {
		uint8_t *at = bytes[0] + i * ROOM;

		len = (uint32_t)flow_packet(at, &f, payload, sizeof(payload));
		at[len - 1] ^= i == 7; /* damaged before it was sealed */
		jobs[i] = (struct xt_job){
		    .key = key[0], .src = at, .dst = at, .counter = i, .len = len + 9};
	}
	xt_worker_pool_seal(crew, jobs, XT_LEN(jobs));
	jobs[8].dst[100] ^= 1; /* and after */
	xt_worker_pool_open(crew, jobs, XT_LEN(jobs));
	for (size_t i = 0; i < XT_LEN(jobs); i++)
		assert_int_equal(jobs[i].sums, i != 7 && i != 8);
	assert_false(xt_merge_sums_right(jobs[0].dst, len - 1));
	assert_false(xt_merge_sums_right(jobs[0].dst, 20));
	assert_false(xt_merge_sums_right(jobs[0].dst, 0));
	xt_worker_pool_free(crew);
	xt_aead_free(aead);
	free(bytes[0]);
}

/* Members go to sleep when no call comes: at each moment of that, they are called or sent home. */
static void a_crew_about_to_sleep_is_called_and_ends(void **state)
{
	static struct xt_job jobs[64];
	uint64_t r = xt_seed();
	struct xt_aead *aead;

	(void)state;
	bytes[0] = calloc(JOBS, ROOM);
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (int round = 0; round < 60; round++) {
		struct xt_worker_pool *crew;

		assert_int_equal(xt_worker_pool_new(&crew, aead, 3), 0);
		for (int call = 0; call < 4; call++) {
			struct timespec gap = {.tv_nsec = (long)xt_below(&r, 250000)};
			size_t n = plan(jobs, bytes[0], &r, XT_LEN(jobs));

			xt_worker_pool_seal(crew, jobs, n);
			xt_worker_pool_open(crew, jobs, n);
			for (size_t i = 0; i < n; i++)
				assert_true(jobs[i].ok);
			nanosleep(&gap, NULL);
		}
		xt_worker_pool_free(crew);
	}
	xt_aead_free(aead);
	free(bytes[0]);
}

static void two_processors_keep_one_thread(void **state)
{
	(void)state;
	assert_int_equal(xt_worker_pool_auto(0), 1);
	assert_int_equal(xt_worker_pool_auto(2), 1);
	assert_int_equal(xt_worker_pool_auto(4), 2);
	assert_int_equal(xt_worker_pool_auto(128), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_crew_makes_what_one_thread_makes),
	    cmocka_unit_test(jobs_that_are_laid_down_piece_by_piece_are_all_done),
	    cmocka_unit_test(a_crew_of_one_has_no_thread_and_none_is_refused),
	    cmocka_unit_test(what_a_crew_opens_it_looks_through),
	    cmocka_unit_test(a_crew_about_to_sleep_is_called_and_ends),
	    cmocka_unit_test(two_processors_keep_one_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
