/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* ChaCha20-Poly1305 in vectors of jobs and singly: RFC 8439, an independent implementation,
 * forgery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xtunnel/aead.h>
#include <xtunnel/error.h>

#include "test_main.h"
#include "vectors.h"
#include "base/bytes.h"
#include "base/text.h"
#include "crypto/aead_once.h"
#include "crypto/blake2s.h"

static const size_t lens[] = {0,   1,	15,  16,  17,  63,  64,	 65,   127, 128,
			      129, 255, 256, 257, 511, 512, 513, 1420, 9000};
#define COUNTER_BASE (1ull << 40)

static struct xt_aead *aead;
static uint8_t key[32];

static int open_default(void **state)
{
	(void)state;
	vector_pattern(key, sizeof(key), 7);
	return xt_aead_new(&aead, NULL);
}

static int close_it(void **state)
{
	(void)state;
	xt_aead_free(aead);
	return 0;
}

static void expect_digest(size_t len, const uint8_t *sealed)
{
	uint8_t digest[32];
	char name[32];

	xt_blake2s(digest, &(struct xt_piece){sealed, len + XT_TAG_LEN}, 1);
	snprintf(name, sizeof(name), "aead_%zu", len);
	vector_expect("crypto.txt", name, digest, sizeof(digest));
}

static void backends_are_found_by_name(void **state)
{
	struct xt_aead *other;

	(void)state;
	assert_string_equal(xt_aead_name(aead), "sodium");
	assert_int_equal(xt_aead_new(&other, "sodium"), 0);
	xt_aead_free(other);
	assert_int_equal(xt_aead_new(&other, "no such"), XT_E_UNSUPPORTED);
	xt_aead_free(NULL);
}

/* All lengths in one call, each in place, then opened elsewhere. */
static void every_length_seals_to_the_known_answer_and_opens_again(void **state)
{
	static uint8_t buf[XT_LEN(lens)][9000 + XT_TAG_LEN], out[XT_LEN(lens)][9000];
	uint8_t plain[9000];
	struct xt_job jobs[XT_LEN(lens)];

	(void)state;
	vector_pattern(plain, sizeof(plain), 0);
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		memcpy(buf[i], plain, lens[i]);
		jobs[i] = (struct xt_job){.key = key,
					  .src = buf[i],
					  .dst = buf[i],
					  .counter = COUNTER_BASE + lens[i],
					  .len = (uint32_t)lens[i]};
	}
	xt_aead_seal(aead, jobs, XT_LEN(jobs));
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		assert_true(jobs[i].ok);
		expect_digest(lens[i], buf[i]);
		jobs[i].dst = out[i];
		jobs[i].ok = false;
	}
	xt_aead_open(aead, jobs, XT_LEN(jobs));
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		assert_true(jobs[i].ok);
		assert_memory_equal(out[i], plain, lens[i]);
	}
}

static void sealing_elsewhere_leaves_the_source_alone(void **state)
{
	uint8_t plain[1420], copy[1420], sealed[1420 + XT_TAG_LEN];
	struct xt_job job = {.key = key,
			     .src = plain,
			     .dst = sealed,
			     .counter = COUNTER_BASE + sizeof(plain),
			     .len = sizeof(plain)};

	(void)state;
	vector_pattern(plain, sizeof(plain), 0);
	memcpy(copy, plain, sizeof(copy));
	xt_aead_seal(aead, &job, 1);
	expect_digest(sizeof(plain), sealed);
	assert_memory_equal(plain, copy, sizeof(plain));
}

static void zero_jobs_are_allowed(void **state)
{
	(void)state;
	xt_aead_seal(aead, NULL, 0);
	xt_aead_open(aead, NULL, 0);
}

/* Every bit of ciphertext, tag, key and counter; in place and apart. */
static void a_flipped_bit_opens_to_zeroes(void **state)
{
	enum { LEN = 37 };
	static const uint8_t zero[LEN];
	uint8_t sealed[LEN + XT_TAG_LEN], bad[LEN + XT_TAG_LEN], out[LEN], k[32];
	struct xt_job job = {.key = k, .src = bad, .len = LEN};
	const size_t bits = (sizeof(sealed) + sizeof(k) + 8) * 8;

	(void)state;
	vector_pattern(sealed, LEN, 0);
	xt_aead_seal(
	    aead,
	    &(struct xt_job){.key = key, .src = sealed, .dst = sealed, .counter = 5, .len = LEN},
	    1);
	for (size_t i = 0; i < 2 * bits; i++) {
		const size_t bit = i % bits, at = bit / 8;
		const uint8_t mask = (uint8_t)(1 << bit % 8);

		memcpy(bad, sealed, sizeof(bad));
		memcpy(k, key, sizeof(k));
		job.counter = 5;
		if (at < sizeof(bad))
			bad[at] ^= mask;
		else if (at < sizeof(bad) + sizeof(k))
			k[at - sizeof(bad)] ^= mask;
		else
			job.counter ^= 1ull << (bit - 8 * (sizeof(bad) + sizeof(k)));
		job.dst = i < bits ? out : bad;
		job.ok = true;
		memset(out, 0xa5, sizeof(out));
		xt_aead_open(aead, &job, 1);
		assert_false(job.ok);
		assert_memory_equal(job.dst, zero, LEN);
	}
}

static void a_forged_job_does_not_touch_its_neighbours(void **state)
{
	uint8_t buf[3][64 + XT_TAG_LEN];
	struct xt_job jobs[3];
	uint8_t plain[64];

	(void)state;
	vector_pattern(plain, sizeof(plain), 1);
	for (size_t i = 0; i < 3; i++) {
		memcpy(buf[i], plain, sizeof(plain));
		jobs[i] = (struct xt_job){
		    .key = key, .src = buf[i], .dst = buf[i], .counter = i, .len = 64};
	}
	xt_aead_seal(aead, jobs, 3);
	buf[1][70] ^= 4;
	xt_aead_open(aead, jobs, 3);
	assert_true(jobs[0].ok && !jobs[1].ok && jobs[2].ok);
	assert_memory_equal(buf[0], plain, 64);
	assert_memory_equal(buf[2], plain, 64);
}

/* RFC 8439 appendix A.5: its nonce is one that a counter can produce. */
static void appendix_a5_of_the_rfc_opens(void **state)
{
	static const char text[] =
	    "Internet-Drafts are draft documents valid for a maximum of six months and may be "
	    "updated, replaced, or obsoleted by other documents at any time. It is "
	    "inappropriate to use Internet-Drafts as reference material or to cite them other "
	    "than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	static const char tag[] =
	    "\xee\xad\x9d\x67\x89\x0c\xbb\x22\x39\x23\x36\xfe\xa1\x85\x1f\x38";
	static const char head[] =
	    "\x64\xa0\x86\x15\x75\x86\x1a\xf4\x60\xf0\x62\xc7\x9b\xe6\x43\xbd";
	static const char aad[] = "\xf3\x33\x88\x86\x00\x00\x00\x00\x00\x00\x4e\x91";
	const size_t len = sizeof(text) - 1;
	uint8_t k[32], sealed[sizeof(text) + XT_TAG_LEN], out[sizeof(text)];

	(void)state;
	assert_true(xt_key_from_hex(
	    k, "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", 64));
	xt_aead_once_seal(sealed, text, len, aad, 12, k, 0x0807060504030201);
	assert_memory_equal(sealed, head, 16);
	assert_memory_equal(sealed + len, tag, 16);
	assert_true(xt_aead_once_open(out, sealed, len, aad, 12, k, 0x0807060504030201));
	assert_memory_equal(out, text, len);
	assert_false(xt_aead_once_open(out, sealed, len, aad, 11, k, 0x0807060504030201));
	for (size_t i = 0; i < len; i++)
		assert_int_equal(out[i], 0);
}

static void one_by_one_gives_what_a_job_gives(void **state)
{
	uint8_t sealed[114 + XT_TAG_LEN], k[32], nothing[XT_TAG_LEN];
	const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only "
			    "one tip for the future, sunscreen would be it.";

	(void)state;
	for (size_t i = 0; i < sizeof(k); i++)
		k[i] = (uint8_t)(0x80 + i);
	xt_aead_once_seal(sealed, text, 114, NULL, 0, k, 0x4746454443424140);
	vector_expect("crypto.txt", "aead_sunscreen", sealed, sizeof(sealed));
	xt_aead_once_seal(nothing, NULL, 0, NULL, 0, k, 1);
	vector_expect("crypto.txt", "aead_nothing", nothing, sizeof(nothing));
	assert_true(xt_aead_once_open(sealed, sealed, 114, NULL, 0, k, 0x4746454443424140));
	assert_memory_equal(sealed, text, 114);
}

static void xchacha_matches_and_refuses_another_nonce(void **state)
{
	uint8_t k[32], nonce[24], plain[16], aad[16], sealed[32], out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(k); i++)
		k[i] = (uint8_t)(0x80 + i);
	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)(0x40 + i);
	vector_pattern(plain, 16, 0);
	vector_pattern(aad, 16, 100);
	xt_xaead_seal(sealed, plain, 16, aad, 16, k, nonce);
	vector_expect("crypto.txt", "xaead", sealed, sizeof(sealed));
	assert_true(xt_xaead_open(out, sealed, 16, aad, 16, k, nonce));
	assert_memory_equal(out, plain, 16);
	nonce[0] ^= 1;
	assert_false(xt_xaead_open(out, sealed, 16, aad, 16, k, nonce));
	assert_int_equal(out[0] | out[15], 0);
}

GROUP_TEST_MAIN(open_default, close_it, cmocka_unit_test(backends_are_found_by_name),
		cmocka_unit_test(every_length_seals_to_the_known_answer_and_opens_again),
		cmocka_unit_test(sealing_elsewhere_leaves_the_source_alone),
		cmocka_unit_test(zero_jobs_are_allowed),
		cmocka_unit_test(a_flipped_bit_opens_to_zeroes),
		cmocka_unit_test(a_forged_job_does_not_touch_its_neighbours),
		cmocka_unit_test(appendix_a5_of_the_rfc_opens),
		cmocka_unit_test(one_by_one_gives_what_a_job_gives),
		cmocka_unit_test(xchacha_matches_and_refuses_another_nonce))
