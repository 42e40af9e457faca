/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* HMAC-BLAKE2s and KDF1..3 against an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "test_main.h"
#include "vectors.h"
#include "base/bytes.h"
#include "crypto/kdf.h"

static void hmac_matches_for_keys_shorter_and_longer_than_a_block(void **state)
{
	static const size_t lens[] = {0, 1, 32, 64, 65, 200};
	uint8_t key[200], data[77], got[32];
	char name[32];

	(void)state;
	vector_pattern(data, sizeof(data), 0);
	for (size_t i = 0; i < XT_LEN(lens); i++) {
		const struct xt_piece row[] = {{data, 30}, {data + 30, 47}};

		vector_pattern(key, lens[i], 11);
		xt_hmac(got, key, lens[i], row, XT_LEN(row));
		snprintf(name, sizeof(name), "hmac_key%zu", lens[i]);
		vector_expect("crypto.txt", name, got, sizeof(got));
	}
}

static void kdf_gives_one_two_and_three_keys(void **state)
{
	uint8_t key[32], input[32], t[96];

	(void)state;
	vector_pattern(key, sizeof(key), 5);
	vector_pattern(input, sizeof(input), 9);
	xt_kdf1(t, key, input, sizeof(input));
	vector_expect("crypto.txt", "kdf1_32", t, 32);
	xt_kdf2(t, t + 32, key, input, sizeof(input));
	vector_expect("crypto.txt", "kdf2_32", t, 64);
	xt_kdf2(t, t + 32, key, NULL, 0);
	vector_expect("crypto.txt", "kdf2_0", t, 64);
	xt_kdf3(t, t + 32, t + 64, key, input, sizeof(input));
	vector_expect("crypto.txt", "kdf3_32", t, 96);
}

static void outputs_may_replace_key_and_input(void **state)
{
	uint8_t key[32], input[32], third[32], got[96];

	(void)state;
	vector_pattern(key, sizeof(key), 5);
	vector_pattern(input, sizeof(input), 9);
	xt_kdf3(key, input, third, key, input, sizeof(input));
	memcpy(got, key, 32);
	memcpy(got + 32, input, 32);
	memcpy(got + 64, third, 32);
	vector_expect("crypto.txt", "kdf3_32", got, 96);
}

TEST_MAIN(cmocka_unit_test(hmac_matches_for_keys_shorter_and_longer_than_a_block),
	  cmocka_unit_test(kdf_gives_one_two_and_three_keys),
	  cmocka_unit_test(outputs_may_replace_key_and_input))
