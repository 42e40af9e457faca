/* SPDX-License-Identifier: MIT */
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
#include "test_main.h"
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

static void pool_do(struct xt_worker_pool *pool, enum xt_worker_op op, struct xt_job *jobs,
		    size_t n)
{
	assert_int_equal(xt_worker_pool_submit(pool, op, jobs, n), n > 0);
	xt_worker_pool_complete(pool);
	assert_true(xt_worker_pool_poll(pool));
}

static void a_pool_computes_what_one_thread_computes(void **state)
{
	static struct xt_job alone[JOBS], shared[JOBS];
	uint64_t seed = xt_seed();
	struct xt_aead *aead;
	struct xt_worker_pool *pool;

	(void)state;
	bytes_new();
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&pool, aead, 4), 0);
	assert_int_equal(xt_worker_pool_threads(pool), 4);
	for (int round = 0; round < 200; round++) {
		uint64_t r = seed + (uint64_t)round * 977, again = r;
		size_t n = plan(alone, bytes[0], &r, 1 + (size_t)round * 7 % JOBS);

		plan(shared, bytes[1], &again, n);
		xt_aead_seal(aead, alone, n);
		pool_do(pool, XT_WORKER_SEAL, shared, n);
		assert_memory_equal(bytes[0], bytes[1], JOBS * ROOM);
		bytes[1][(n / 2) * ROOM] ^= 1; /* one forgery */
		pool_do(pool, XT_WORKER_OPEN, shared, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(shared[i].ok, i != n / 2);
		memset(bytes[0], round, JOBS * ROOM);
		memset(bytes[1], round, JOBS * ROOM);
	}
	xt_worker_pool_free(pool);
	xt_aead_free(aead);
	bytes_free();
}

static void jobs_that_are_submitted_piece_by_piece_are_all_done(void **state)
{
	static struct xt_job alone[JOBS], shared[JOBS];
	uint64_t r = xt_seed(), again;
	struct xt_aead *aead;
	struct xt_worker_pool *pool;

	(void)state;
	bytes_new();
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (unsigned threads = 1; threads <= 3; threads++) {
		assert_int_equal(xt_worker_pool_new(&pool, aead, threads), 0);
		for (int round = 0; round < 100; round++) {
			bool opening = round & 1; /* what the round before has sealed */

			if (!opening) {
				again = r;
				plan(alone, bytes[0], &r, JOBS);
				plan(shared, bytes[1], &again, JOBS);
			}
			for (size_t at = 0; at < JOBS;) {
				size_t n = 1 + xt_pick(&r, 60);

				n = XT_MIN(n, JOBS - at);
				assert_true(xt_worker_pool_submit(pool, (enum xt_worker_op)opening,
								  shared + at, n));
				at += n;
			}
			xt_worker_pool_complete(pool);
			assert_true(xt_worker_pool_poll(pool));
			if (opening)
				xt_aead_open(aead, alone, JOBS);
			else
				xt_aead_seal(aead, alone, JOBS);
			for (size_t i = 0; i < JOBS; i++)
				assert_true(shared[i].ok);
			assert_memory_equal(bytes[0], bytes[1], JOBS * ROOM);
		}
		xt_worker_pool_free(pool);
	}
	xt_aead_free(aead);
	bytes_free();
}

static void a_pool_of_one_has_no_thread_and_none_is_refused(void **state)
{
	struct xt_aead *aead;
	struct xt_worker_pool *pool;

	(void)state;
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&pool, aead, 0), XT_E_INVALID);
	assert_int_equal(xt_worker_pool_new(&pool, aead, XT_WORKER_POOL_MAX + 1), XT_E_INVALID);
	assert_int_equal(xt_worker_pool_new(&pool, aead, 1), 0);
	pool_do(pool, XT_WORKER_SEAL, NULL, 0);
	xt_worker_pool_free(pool);
	xt_worker_pool_free(NULL);
	xt_aead_free(aead);
}

/* With padding behind them, as they come from the wire. */
static void opening_verifies_the_checksums_of_the_plaintext(void **state)
{
	static struct xt_job jobs[64];
	static const uint8_t payload[1000] = {1, 2, 3};
	struct flow f = flow_of(4, 6);
	struct xt_aead *aead;
	struct xt_worker_pool *pool;
	uint32_t len;

	(void)state;
	bytes[0] = calloc(XT_LEN(jobs), ROOM);
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	assert_int_equal(xt_worker_pool_new(&pool, aead, 2), 0);
	for (size_t i = 0; i < XT_LEN(jobs); i++) {
		uint8_t *at = bytes[0] + i * ROOM;

		len = (uint32_t)flow_packet(at, &f, payload, sizeof(payload));
		at[len - 1] ^= i == 7; /* damaged before it was sealed */
		jobs[i] = (struct xt_job){
		    .key = key[0], .src = at, .dst = at, .counter = i, .len = len + 9};
	}
	pool_do(pool, XT_WORKER_SEAL, jobs, XT_LEN(jobs));
	jobs[8].dst[100] ^= 1; /* and after */
	pool_do(pool, XT_WORKER_OPEN, jobs, XT_LEN(jobs));
	for (size_t i = 0; i < XT_LEN(jobs); i++)
		assert_int_equal(jobs[i].sums, i != 7 && i != 8);
	assert_false(xt_merge_sums_right(jobs[0].dst, len - 1));
	assert_false(xt_merge_sums_right(jobs[0].dst, 20));
	assert_false(xt_merge_sums_right(jobs[0].dst, 0));
	xt_worker_pool_free(pool);
	xt_aead_free(aead);
	free(bytes[0]);
}

/* Workers go to sleep when nothing is submitted; at each moment of that, jobs come or the pool
 * ends. */
static void workers_about_to_sleep_take_jobs_and_end(void **state)
{
	static struct xt_job jobs[64];
	uint64_t r = xt_seed();
	struct xt_aead *aead;

	(void)state;
	bytes[0] = calloc(JOBS, ROOM);
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (int round = 0; round < 60; round++) {
		struct xt_worker_pool *pool;

		assert_int_equal(xt_worker_pool_new(&pool, aead, 3), 0);
		for (int submission = 0; submission < 4; submission++) {
			struct timespec gap = {.tv_nsec = (long)xt_below(&r, 250000)};
			size_t n = plan(jobs, bytes[0], &r, XT_LEN(jobs));

			pool_do(pool, XT_WORKER_SEAL, jobs, n);
			pool_do(pool, XT_WORKER_OPEN, jobs, n);
			for (size_t i = 0; i < n; i++)
				assert_true(jobs[i].ok);
			nanosleep(&gap, NULL);
		}
		xt_worker_pool_free(pool);
	}
	xt_aead_free(aead);
	free(bytes[0]);
}

static void a_busy_pool_takes_no_other_jobs(void **state)
{
	static struct xt_job jobs[JOBS], others[8];
	uint64_t r = xt_seed();
	struct xt_worker_pool *pool;
	struct xt_aead *aead;

	(void)state;
	bytes_new();
	assert_int_equal(xt_aead_new(&aead, NULL), 0);
	for (unsigned threads = 1; threads <= 2; threads++) {
		assert_int_equal(xt_worker_pool_new(&pool, aead, threads), 0);
		plan(jobs, bytes[0], &r, JOBS);
		plan(others, bytes[1], &r, XT_LEN(others));
		assert_false(xt_worker_pool_submit(pool, XT_WORKER_SEAL, jobs, 0));
		assert_true(xt_worker_pool_submit(pool, XT_WORKER_SEAL, jobs, 100));
		assert_false(xt_worker_pool_submit(pool, XT_WORKER_SEAL, others, XT_LEN(others)));
		assert_false(xt_worker_pool_submit(pool, XT_WORKER_OPEN, jobs + 100, 100));
		assert_true(xt_worker_pool_submit(pool, XT_WORKER_SEAL, jobs + 100, 0));
		assert_true(xt_worker_pool_submit(pool, XT_WORKER_SEAL, jobs + 100, 3));
		assert_int_equal(xt_worker_pool_poll(pool), threads == 1); /* three wait */
		xt_worker_pool_complete(pool);
		for (size_t i = 0; i < 103; i++)
			assert_true(jobs[i].ok);
		for (size_t i = 0; i < XT_LEN(others); i++)
			assert_false(others[i].ok);
		pool_do(pool, XT_WORKER_SEAL, others, XT_LEN(others));
		xt_worker_pool_free(pool);
	}
	xt_aead_free(aead);
	bytes_free();
}

static void two_processors_keep_one_thread(void **state)
{
	(void)state;
	assert_int_equal(xt_worker_pool_auto(0), 1);
	assert_int_equal(xt_worker_pool_auto(2), 1);
	assert_int_equal(xt_worker_pool_auto(4), 2);
	assert_int_equal(xt_worker_pool_auto(128), 4);
}

TEST_MAIN(cmocka_unit_test(a_pool_computes_what_one_thread_computes),
	  cmocka_unit_test(jobs_that_are_submitted_piece_by_piece_are_all_done),
	  cmocka_unit_test(a_pool_of_one_has_no_thread_and_none_is_refused),
	  cmocka_unit_test(opening_verifies_the_checksums_of_the_plaintext),
	  cmocka_unit_test(workers_about_to_sleep_take_jobs_and_end),
	  cmocka_unit_test(a_busy_pool_takes_no_other_jobs),
	  cmocka_unit_test(two_processors_keep_one_thread))
