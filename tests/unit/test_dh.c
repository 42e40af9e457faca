/* SPDX-License-Identifier: MIT */
/* layers: crypto base */
/* X25519 against RFC 7748, and the refusal of points of small order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/dh.h"
#include "test_main.h"

static const struct xt_public nine = {{9}};

static void from_hex(uint8_t out[32], const char *hex)
{
	assert_true(xt_key_from_hex(out, hex, 64));
}

static void both_vectors_of_the_rfc_come_out(void **state)
{
	static const char *const rows[][3] = {
	    {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
	    {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
	};
	struct xt_private scalar;
	struct xt_public point;
	uint8_t want[32], got[32];

	(void)state;
	for (size_t i = 0; i < XT_LEN(rows); i++) {
		from_hex(scalar.b, rows[i][0]);
		from_hex(point.b, rows[i][1]);
		from_hex(want, rows[i][2]);
		assert_int_equal(xt_dh_shared(got, &scalar, &point), 0);
		assert_memory_equal(got, want, 32);
	}
}

static void iterated_a_thousand_times_it_is_the_rfcs(void **state)
{
	struct xt_private k = {{9}};
	struct xt_public u = {{9}};
	uint8_t next[32], want[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(xt_dh_shared(next, &k, &u), 0);
		memcpy(u.b, k.b, 32);
		memcpy(k.b, next, 32);
		if (i == 0) {
			from_hex(want, "422c8e7a6227d7bca1350b3e2bb7279f"
				       "7897b87bb6854b783c60e80311ae3079");
			assert_memory_equal(k.b, want, 32);
		}
	}
	from_hex(want, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
	assert_memory_equal(k.b, want, 32);
}

static void alice_and_bob_of_the_rfc_agree(void **state)
{
	struct xt_private alice, bob;
	struct xt_public alice_public, bob_public;
	uint8_t a[32], b[32], want[32];

	(void)state;
	from_hex(alice.b, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	from_hex(bob.b, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	xt_dh_public(&alice_public, &alice);
	xt_dh_public(&bob_public, &bob);
	from_hex(want, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	assert_memory_equal(&bob_public, want, 32);
	assert_int_equal(xt_dh_shared(a, &alice, &bob_public), 0);
	assert_int_equal(xt_dh_shared(b, &bob, &alice_public), 0);
	from_hex(want, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	assert_memory_equal(a, want, 32);
	assert_memory_equal(b, want, 32);
}

static void clamping_sets_three_kinds_of_bits_and_changes_no_result(void **state)
{
	struct xt_private raw, clamped;
	struct xt_public a, b;

	(void)state;
	memset(&raw, 0xff, sizeof(raw));
	clamped = raw;
	xt_dh_clamp(&clamped);
	assert_int_equal(clamped.b[0], 0xf8);
	assert_int_equal(clamped.b[31], 0x7f);
	xt_dh_public(&a, &raw);
	xt_dh_public(&b, &clamped);
	assert_memory_equal(&a, &b, 32);
	memset(&clamped, 0, sizeof(clamped));
	xt_dh_clamp(&clamped);
	assert_int_equal(clamped.b[0], 0);
	assert_int_equal(clamped.b[31], 0x40);
}

/* 0, 1, the two of order 8, p - 1, p, p + 1, and those with the ignored top bit set. */
static void points_of_small_order_are_refused_and_leave_nothing(void **state)
{
	static const char *const points[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	static const uint8_t zero[32];
	struct xt_private scalar;
	struct xt_public point;
	uint8_t out[32];

	(void)state;
	memset(&scalar, 0x5a, sizeof(scalar));
	for (size_t i = 0; i < 2 * XT_LEN(points); i++) {
		from_hex(point.b, points[i / 2]);
		point.b[31] |= (uint8_t)(i % 2 << 7);
		memset(out, 0xa5, sizeof(out));
		assert_int_equal(xt_dh_shared(out, &scalar, &point), XT_E_AUTH);
		assert_memory_equal(out, zero, 32);
	}
	assert_int_equal(xt_dh_shared(out, &scalar, &nine), 0);
}

TEST_MAIN(cmocka_unit_test(both_vectors_of_the_rfc_come_out),
	  cmocka_unit_test(iterated_a_thousand_times_it_is_the_rfcs),
	  cmocka_unit_test(alice_and_bob_of_the_rfc_agree),
	  cmocka_unit_test(clamping_sets_three_kinds_of_bits_and_changes_no_result),
	  cmocka_unit_test(points_of_small_order_are_refused_and_leave_nothing))
