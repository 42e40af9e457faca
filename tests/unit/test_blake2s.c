/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* BLAKE2s against RFC 7693 and an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "test_main.h"
#include "vectors.h"
#include "base/bytes.h"
#include "crypto/blake2s.h"
#include "crypto/init.h"

static void hash_of_abc_is_that_of_the_rfc(void **state)
{
	static const char want[] =
	    "\x50\x8c\x5e\x8c\x32\x7c\x14\xe2\xe1\xa7\x2b\xa3\x4e\xeb\x45\x2f"
	    "\x37\x45\x8b\x20\x9e\xd6\x3a\x29\x4d\x99\x9b\x4c\x86\x67\x59\x82";
	uint8_t got[32];

	(void)state;
	xt_blake2s(got, &(struct xt_piece){"abc", 3}, 1);
	assert_memory_equal(got, want, 32);
}

/* RFC 7693 appendix E: the generator of its test data. */
static void sequence(uint8_t *out, size_t len, uint32_t seed)
{
	uint32_t a = 0xdead4bad * seed, b = 1, t;

	for (size_t i = 0; i < len; i++) {
		t = a + b;
		a = b;
		b = t;
		out[i] = (uint8_t)(t >> 24);
	}
}

static void grand_hash_of_the_rfcs_self_test_comes_out(void **state)
{
	static const char want[] =
	    "\x6a\x41\x1f\x08\xce\x25\xad\xcd\xfb\x02\xab\xa6\x41\x45\x1c\xec"
	    "\x53\xc5\x98\xb2\x4f\x4f\xc7\x87\xfb\xdc\x88\x79\x7f\x4c\x1d\xfe";
	static const size_t out_lens[] = {16, 20, 28, 32};
	static const size_t in_lens[] = {0, 3, 64, 65, 255, 1024};
	uint8_t all[2 * 6 * (16 + 20 + 28 + 32)], in[1024], key[32], got[32];
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < XT_LEN(out_lens); i++) {
		const size_t out_len = out_lens[i];

		for (size_t j = 0; j < XT_LEN(in_lens); j++) {
			const struct xt_piece piece = {in, in_lens[j]};

			sequence(in, in_lens[j], (uint32_t)in_lens[j]);
			xt_blake2s_mac(all + used, out_len, NULL, 0, &piece, 1);
			used += out_len;
			sequence(key, out_len, (uint32_t)out_len);
			xt_blake2s_mac(all + used, out_len, key, out_len, &piece, 1);
			used += out_len;
		}
	}
	assert_int_equal(used, sizeof(all));
	xt_blake2s(got, &(struct xt_piece){all, used}, 1);
	assert_memory_equal(got, want, 32);
}

static void pieces_are_hashed_as_their_concatenation(void **state)
{
	uint8_t data[200], got[32];

	(void)state;
	vector_pattern(data, sizeof(data), 0);
	for (size_t a = 0; a <= sizeof(data); a++) {
		const size_t b = a + (sizeof(data) - a) / 2;
		const struct xt_piece row[] = {
		    {data, a}, {NULL, 0}, {data + a, b - a}, {data + b, sizeof(data) - b}};

		xt_blake2s(got, row, XT_LEN(row));
		vector_expect("crypto.txt", "hash_pieces", got, sizeof(got));
	}
}

static void mac_is_blake2s_with_a_key_not_hmac(void **state)
{
	uint8_t key[32], data[132], got[16];

	(void)state;
	vector_pattern(key, sizeof(key), 3);
	vector_pattern(data, sizeof(data), 0);
	xt_blake2s_mac(got, 16, key, 32, &(struct xt_piece){data, 116}, 1);
	vector_expect("crypto.txt", "mac16", got, sizeof(got));
	xt_blake2s_mac(got, 16, key, 16, &(struct xt_piece){data, 132}, 1);
	vector_expect("crypto.txt", "mac16_key16", got, sizeof(got));
}

static void output_may_be_an_input(void **state)
{
	uint8_t data[200], want[32];

	(void)state;
	vector_pattern(data, sizeof(data), 0);
	xt_blake2s(want, &(struct xt_piece){data, sizeof(data)}, 1);
	xt_blake2s(data + 40, &(struct xt_piece){data, sizeof(data)}, 1);
	assert_memory_equal(data + 40, want, 32);
}

static void libraries_pass_their_self_test_again_and_again(void **state)
{
	(void)state;
	assert_int_equal(xt_crypto_init(), 0);
	assert_int_equal(xt_crypto_init(), 0);
}

TEST_MAIN(cmocka_unit_test(hash_of_abc_is_that_of_the_rfc),
	  cmocka_unit_test(grand_hash_of_the_rfcs_self_test_comes_out),
	  cmocka_unit_test(pieces_are_hashed_as_their_concatenation),
	  cmocka_unit_test(mac_is_blake2s_with_a_key_not_hmac),
	  cmocka_unit_test(output_may_be_an_input),
	  cmocka_unit_test(libraries_pass_their_self_test_again_and_again))
