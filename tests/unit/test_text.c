/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Keys and numbers as text, near words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/text.h"
#include "test_main.h"

#define KEY_BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_HEX	   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void a_key_survives_base64_and_hex(void **state)
{
	char base64[XT_KEY_BASE64], hex[XT_KEY_HEX];
	uint8_t key[32], back[32];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	xt_key_to_base64(base64, key);
	assert_string_equal(base64, KEY_BASE64);
	assert_true(xt_key_from_base64(back, base64, 44));
	assert_memory_equal(back, key, 32);
	xt_key_to_hex(hex, key);
	assert_string_equal(hex, KEY_HEX);
	memset(back, 0xee, sizeof(back));
	assert_true(xt_key_from_hex(back, hex, 64));
	assert_memory_equal(back, key, 32);
	for (char *p = hex; *p; p++)
		if (*p >= 'a')
			*p = (char)(*p - 32);
	assert_true(xt_key_from_hex(back, hex, 64));
}

static void what_controls_a_terminal_is_replaced(void **state)
{
	static const char *const pairs[][2] = {
	    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
	     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"a\x1b[2J\x7f\t\n\r", "a?[2J????"},
	    {"\xc2\x9b"
	     "31m",
	     "?31m"}, /* C1 as UTF-8 */
	    {"\x9b"
	     "31m \x85",
	     "?31m ?"}, /* C1 as a byte */
	    {"\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0"},
	    {"\xc0\x9b\xe0\x82\x9b\xf0\x80\x82\x9b", "?????????"}, /* overlong */
	    {"\xe2\x80\xae"
	     "x\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9",
	     "?x???"},
	    {"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c\xe2\x80\xa8\xe2\x80\xa9", "?????"},
	    {"\xed\xa0\x80\xf4\x90\x80\x80\xff\xfe", "?????????"},
	    {"\xc3", "?"}, /* cut off */
	    {"\xe2\x82", "??"},
	    {"", ""},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < XT_LEN(pairs); i++) {
		strcpy(text, pairs[i][0]);
		assert_int_equal(xt_text_is_printable(text), strcmp(text, pairs[i][1]) == 0);
		xt_text_clean(text);
		assert_string_equal(text, pairs[i][1]);
		assert_true(xt_text_is_printable(text));
	}
}

static void base64_is_read_strictly(void **state)
{
	static const char *const bad[] = {
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", /* a spare bit is set */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A", /* no padding: 33 bytes */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", /* 31 bytes */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=", /* another alphabet */
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh =",
	    " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
	    "=AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    ("AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM\xbc\xbe\x88\xb2\xbb\xbe\x88\xb2"
	     "DAwM="), /* no ASCII */
	};
	uint8_t key[32], zero[32] = {0};

	(void)state;
	for (size_t i = 0; i < XT_LEN(bad); i++) {
		assert_int_equal(strlen(bad[i]), 44);
		memset(key, 0xee, sizeof(key));
		if (xt_key_from_base64(key, bad[i], 44))
			fail_msg("accepted: %s", bad[i]);
		assert_memory_equal(key, zero, 32);
	}
	for (size_t len = 0; len < 44; len++)
		assert_false(xt_key_from_base64(key, KEY_BASE64, len));
	assert_false(xt_key_from_base64(key, KEY_BASE64 "=", 45));
	assert_true(xt_key_from_base64(key, KEY_BASE64 " trailing", 44));
}

static void hex_is_read_strictly(void **state)
{
	char text[XT_KEY_HEX];
	uint8_t key[32], zero[32] = {0};

	(void)state;
	for (size_t len = 0; len < 64; len++)
		assert_false(xt_key_from_hex(key, KEY_HEX, len));
	assert_false(xt_key_from_hex(key, KEY_HEX "0", 65));
	for (size_t i = 0; i < 64; i++) {
		memcpy(text, KEY_HEX, sizeof(text));
		text[i] = "gG :/@`\n"[i % 8];
		memset(key, 0xee, sizeof(key));
		assert_false(xt_key_from_hex(key, text, 64));
		assert_memory_equal(key, zero, 32);
	}
}

static void a_number_is_all_digits_and_in_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, v;
		bool hex, ok;
	} t[] = {
	    {"0", 0, 0, false, true},
	    {"65535", 65535, 65535, false, true},
	    {"65536", 65535, 0, false, false},
	    {"007", 7, 7, false, true},
	    {"9", 7, 0, false, false},
	    {"", 9, 0, false, false},
	    {"+1", 9, 0, false, false},
	    {"-1", UINT64_MAX, 0, false, false},
	    {" 1", 9, 0, false, false},
	    {"1 ", 9, 0, false, false},
	    {"1a", 99, 0, false, false},
	    {"1.0", 99, 0, false, false},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX, false, true},
	    {"18446744073709551616", UINT64_MAX, 0, false, false},
	    {"99999999999999999999999", UINT64_MAX, 0, false, false},
	    {"0x1F", 99, 31, true, true},
	    {"0XfF", 255, 255, true, true},
	    {"0x", 99, 0, true, false},
	    {"0x1F", 99, 0, false, false},
	    {"x1", 99, 0, true, false},
	    {"0xffffffffffffffff", UINT64_MAX, UINT64_MAX, true, true},
	    {"0x10000000000000000", UINT64_MAX, 0, true, false},
	    {"10", 99, 10, true, true},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		uint64_t v = 0;

		if (xt_number(&v, t[i].text, t[i].max, t[i].hex) != t[i].ok || v != t[i].v)
			fail_msg("wrong answer to '%s'", t[i].text);
	}
}

static void the_nearest_word_is_within_two_edits(void **state)
{
	static const char *const keys[] = {"PrivateKey", "PublicKey", "Endpoint",
					   "MTU",	 "up",	      "down"};
	static const char *const t[][2] = {
	    {"PrivatKey", "PrivateKey"},
	    {"publickey", "PublicKey"},
	    {"Enpdoint", "Endpoint"},
	    {"Endpiontt", "Endpoint"},
	    {"MUT", "MTU"},
	    {"donw", "down"},
	    {"xyz", NULL},
	    {"", NULL},
	    {"Endless", NULL},
	    {"u", NULL},
	    {"dwn", "down"},
	};
	char longest[200];

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		const char *near = xt_nearest(t[i][0], keys, XT_LEN(keys));

		if (!near || !t[i][1]) {
			if (near || t[i][1])
				fail_msg("%s: %s", t[i][0], near ? near : "(none)");
			continue;
		}
		assert_string_equal(near, t[i][1]);
	}
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_null(xt_nearest(longest, keys, XT_LEN(keys)));
}

static void what_is_wiped_is_zero(void **state)
{
	uint8_t b[5] = {1, 2, 3, 4, 5};

	(void)state;
	xt_wipe(b, 4);
	assert_int_equal(b[0] | b[1] | b[2] | b[3], 0);
	assert_int_equal(b[4], 5);
}

TEST_MAIN(cmocka_unit_test(a_key_survives_base64_and_hex),
	  cmocka_unit_test(what_controls_a_terminal_is_replaced),
	  cmocka_unit_test(base64_is_read_strictly), cmocka_unit_test(hex_is_read_strictly),
	  cmocka_unit_test(a_number_is_all_digits_and_in_range),
	  cmocka_unit_test(the_nearest_word_is_within_two_edits),
	  cmocka_unit_test(what_is_wiped_is_zero))
