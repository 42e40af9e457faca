/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* The AEAD backends against each other, known answers and forgeries.  The quick run takes lengths
 * up to 65,535 in steps; XT_LONG=1: all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sodium.h>

#include <xtunnel/error.h>

#include "aead_backends.h"
#include "seed.h"
#include "test_main.h"
#include "vectors.h"
#include "base/bytes.h"
#include "crypto/aead_once.h"
#include "crypto/blake2s.h"
#include "crypto/nonce.h"

#define LEN_MAX 65535
#define MARGIN	64
#define ROOM	(MARGIN + 16 + LEN_MAX + XT_TAG_LEN + MARGIN)
#define CANARY	0xc5

static uint64_t seed;
static uint8_t key[32];
static uint8_t *plain, *want, *got;
static uint8_t canaries[ROOM], zeroes[LEN_MAX];

static void random_bytes(uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)xt_next(&seed);
}

static int begin(void **state)
{
	seed = xt_seed();
	plain = malloc(LEN_MAX);
	want = malloc(LEN_MAX + XT_TAG_LEN);
	got = malloc(ROOM);
	if (plain == NULL || want == NULL || got == NULL)
		return -1;
	random_bytes(plain, LEN_MAX);
	memset(canaries, CANARY, sizeof(canaries));
	return backends_open(state);
}

static int end(void **state)
{
	free(plain);
	free(want);
	free(got);
	return backends_close(state);
}

/* The buffer has exactly the size that this length needs. */
static void expect_canaries(const uint8_t *dst, size_t n, size_t room)
{
	assert_memory_equal(got, canaries, (size_t)(dst - got));
	assert_memory_equal(dst + n, canaries, (size_t)(got + room - (dst + n)));
}

/* One length by one backend: sealed and opened, in place or apart, at an odd address. */
static void expect_agreement(struct xt_aead *aead, uint32_t len, uint64_t counter, bool in_place)
{
	uint8_t *dst = got + MARGIN + xt_below(&seed, 16);
	const size_t room = ROOM - LEN_MAX + len;
	struct xt_job job = {.key = key, .dst = dst, .counter = counter, .len = len};

	memset(got, CANARY, room);
	if (in_place)
		memcpy(dst, plain, len);
	job.src = in_place ? dst : plain;
	xt_aead_seal(aead, &job, 1);
	assert_true(job.ok);
	assert_memory_equal(dst, want, len + XT_TAG_LEN);
	expect_canaries(dst, len + XT_TAG_LEN, room);

	memset(got, CANARY, room);
	if (in_place)
		memcpy(dst, want, len + XT_TAG_LEN);
	job.src = in_place ? dst : want;
	job.ok = false;
	xt_aead_open(aead, &job, 1);
	assert_true(job.ok);
	assert_memory_equal(dst, plain, len);
	expect_canaries(dst, in_place ? len + XT_TAG_LEN : len, room);
	if (in_place)
		assert_memory_equal(dst + len, want + len, XT_TAG_LEN);
}

static void all_backends_agree_at_every_length(void **state)
{
	const bool all = getenv("XT_LONG") != NULL;
	unsigned count = 0;

	(void)state;
	/* All small lengths, for each remainder of vector code. */
	for (uint32_t len = 0; len <= LEN_MAX;
	     len += all || len < 1600 ? 1 : 1 + (uint32_t)xt_below(&seed, 800)) {
		uint64_t counter = xt_next(&seed);

		random_bytes(key, sizeof(key));
		xt_aead_once_seal(want, plain, len, NULL, 0, key, counter);
		for (size_t i = 0; i < n_backends; i++) {
			expect_agreement(backends[i], len, counter, false);
			expect_agreement(backends[i], len, counter, true);
		}
		count++;
	}
	fprintf(stderr, "%u lengths\n", count);
}

static void known_answers_come_from_every_backend(void **state)
{
	static const uint32_t lens[] = {0,   1,	  15,  16,  17,	 63,  64,  65,	 127, 128,
					129, 255, 256, 257, 511, 512, 513, 1420, 9000};
	const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only "
			    "one tip for the future, sunscreen would be it.";
	uint8_t k[32], digest[32], pattern[9000];
	char name[32];

	(void)state;
	vector_pattern(pattern, sizeof(pattern), 0);
	for (size_t b = 0; b < n_backends; b++) {
		struct xt_job job = {.key = k, .dst = got};

		vector_pattern(k, sizeof(k), 7);
		for (size_t i = 0; i < XT_LEN(lens); i++) {
			job.src = pattern;
			job.len = lens[i];
			job.counter = (1ull << 40) + lens[i];
			xt_aead_seal(backends[b], &job, 1);
			xt_blake2s(digest, &(struct xt_piece){got, lens[i] + XT_TAG_LEN}, 1);
			snprintf(name, sizeof(name), "aead_%u", lens[i]);
			vector_expect("crypto.txt", name, digest, sizeof(digest));
		}
		for (size_t i = 0; i < sizeof(k); i++)
			k[i] = (uint8_t)(0x80 + i);
		job.src = (const uint8_t *)text;
		job.len = sizeof(text) - 1;
		job.counter = 0x4746454443424140;
		xt_aead_seal(backends[b], &job, 1);
		vector_expect("crypto.txt", "aead_sunscreen", got, job.len + XT_TAG_LEN);
	}
}

/* bad: len + XT_TAG_LEN bytes that no key sealed. */
static void expect_refusal(const uint8_t *bad, uint32_t len)
{
	for (size_t i = 0; i < 2 * n_backends; i++) {
		const bool in_place = i & 1;
		uint8_t *dst = got + MARGIN;
		struct xt_job job = {
		    .key = key, .src = bad, .dst = dst, .counter = 5, .len = len, .ok = true};

		memset(got, CANARY, MARGIN + len + XT_TAG_LEN + MARGIN);
		if (in_place) {
			memcpy(dst, bad, len + XT_TAG_LEN);
			job.src = dst;
		}
		xt_aead_open(backends[i / 2], &job, 1);
		assert_false(job.ok);
		assert_memory_equal(dst, zeroes, len);
		if (!in_place)
			assert_int_equal(dst[len], CANARY);
	}
}

static void every_flipped_bit_is_refused_and_leaves_zeroes(void **state)
{
	static const uint32_t lens[] = {0, 1, 16, 37, 64, 129, 300};
	uint8_t bad[300 + XT_TAG_LEN];

	(void)state;
	random_bytes(key, sizeof(key));
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		xt_aead_once_seal(bad, plain, lens[i], NULL, 0, key, 5);
		for (size_t bit = 0; bit < 8 * (lens[i] + XT_TAG_LEN); bit++) {
			bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
			expect_refusal(bad, lens[i]);
			bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void a_large_forgery_leaves_nothing_behind(void **state)
{
	static const uint32_t lens[] = {1023, 1024, 1025, 1420, 9000, LEN_MAX};

	(void)state;
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		random_bytes(key, sizeof(key));
		xt_aead_once_seal(want, plain, lens[i], NULL, 0, key, 5);
		for (size_t at = 0; at < XT_TAG_LEN; at++) {
			want[lens[i] + at] ^= 0x10;
			expect_refusal(want, lens[i]);
			want[lens[i] + at] ^= 0x10;
		}
		want[xt_below(&seed, lens[i])] ^= 1;
		expect_refusal(want, lens[i]);
	}
}

static void a_forgery_among_others_stands_alone(void **state)
{
	enum { N = 64, LEN = 1420 };
	static uint8_t sealed[N][LEN + XT_TAG_LEN], keys[N][32];
	struct xt_job jobs[N];
	uint64_t forged = xt_next(&seed);

	(void)state;
	for (size_t b = 0; b < n_backends; b++) {
		for (size_t i = 0; i < N; i++) {
			random_bytes(keys[i], sizeof(keys[i]));
			xt_aead_once_seal(sealed[i], plain + i, LEN, NULL, 0, keys[i], i);
			if (forged >> i & 1)
				sealed[i][xt_below(&seed, LEN)] ^= 0x80;
			jobs[i] = (struct xt_job){.key = keys[i],
						  .src = sealed[i],
						  .dst = sealed[i],
						  .counter = i,
						  .len = LEN};
		}
		xt_aead_open(backends[b], jobs, N);
		for (size_t i = 0; i < N; i++) {
			static const uint8_t zero[LEN];

			assert_int_equal(jobs[i].ok, !(forged >> i & 1));
			assert_memory_equal(sealed[i], jobs[i].ok ? plain + i : zero, LEN);
		}
	}
}

/* A job reads what the one before it wrote. */
static void jobs_are_done_in_order(void **state)
{
	enum { N = 20, LEN = 200 };
	static uint8_t first[LEN + (N + 1) * XT_TAG_LEN], expected[sizeof(first)];
	struct xt_job jobs[N];

	(void)state;
	random_bytes(key, sizeof(key));
	memcpy(expected, plain, LEN);
	for (uint32_t i = 0; i < N; i++)
		xt_aead_once_seal(expected, expected, LEN + i * XT_TAG_LEN, NULL, 0, key, i);
	for (size_t b = 0; b < n_backends; b++) {
		memcpy(first, plain, LEN);
		for (uint32_t i = 0; i < N; i++)
			jobs[i] = (struct xt_job){.key = key,
						  .src = first,
						  .dst = first,
						  .counter = i,
						  .len = LEN + i * XT_TAG_LEN};
		xt_aead_seal(backends[b], jobs, N);
		assert_memory_equal(first, expected, LEN + N * XT_TAG_LEN);
		for (uint32_t i = 0; i < N; i++) {
			jobs[i].counter = N - 1 - i;
			jobs[i].len = LEN + (N - 1 - i) * XT_TAG_LEN;
		}
		xt_aead_open(backends[b], jobs, N);
		for (size_t i = 0; i < N; i++)
			assert_true(jobs[i].ok);
		assert_memory_equal(first, plain, LEN);
	}
}

/* Copies the stack below the caller's frame. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static bool
below_is(const uint8_t *needle, size_t len, size_t depth)
{
	const volatile uint8_t *top = __builtin_frame_address(0);

	for (size_t i = len; i < depth; i++) {
		size_t at = 0;

		while (at < len && top[-(ptrdiff_t)i + (ptrdiff_t)at] == needle[at])
			at++;
		if (at == len)
			return true;
	}
	return false;
}

/* Key stream left behind decrypts a recorded packet; its first 32 bytes, the authenticator's key,
 * forge one. */
static void no_key_stream_stays_on_the_stack(void **state)
{
	enum { LEN = 1420, PIECE = 16 };
	static uint8_t stream[64 + LEN], sealed[LEN + XT_TAG_LEN];
	uint8_t nonce[XT_NONCE_LEN];

	(void)state;
	for (size_t i = 0; i < 2 * n_backends; i++) {
		struct xt_job job = {
		    .key = key, .src = plain, .dst = sealed, .counter = i, .len = LEN};

		random_bytes(key, sizeof(key));
		xt_nonce_of(nonce, i);
		crypto_stream_chacha20_ietf(stream, sizeof(stream), nonce, key);
		if (i & 1) {
			xt_aead_once_seal(sealed, plain, LEN, NULL, 0, key, i);
			job.src = sealed;
			xt_aead_open(backends[i / 2], &job, 1);
		} else {
			xt_aead_seal(backends[i / 2], &job, 1);
		}
		for (size_t at = 0; at + PIECE <= sizeof(stream); at += at == 16 ? 48 : PIECE)
			assert_false(below_is(stream + at, PIECE, 16384));
	}
}

static void a_clone_is_of_the_same_backend(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_backends; i++) {
		struct xt_aead *clone, *original = backends[i];

		assert_int_equal(xt_aead_clone(&clone, original), 0);
		assert_string_equal(xt_aead_name(clone), xt_aead_name(original));
		random_bytes(key, sizeof(key));
		xt_aead_once_seal(want, plain, 1420, NULL, 0, key, 9);
		expect_agreement(clone, 1420, 9, true);
		xt_aead_free(clone);
		expect_agreement(original, 1420, 9, true);
	}
}

GROUP_TEST_MAIN(begin, end, cmocka_unit_test(known_answers_come_from_every_backend),
		cmocka_unit_test(all_backends_agree_at_every_length),
		cmocka_unit_test(every_flipped_bit_is_refused_and_leaves_zeroes),
		cmocka_unit_test(a_large_forgery_leaves_nothing_behind),
		cmocka_unit_test(a_forgery_among_others_stands_alone),
		cmocka_unit_test(jobs_are_done_in_order),
		cmocka_unit_test(no_key_stream_stays_on_the_stack),
		cmocka_unit_test(a_clone_is_of_the_same_backend))
