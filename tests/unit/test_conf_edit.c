/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* Changes of a configuration file as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "config/conf_edit.h"
#include "test_main.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
#define KEY_C "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA="

#define HEAD                                                                                       \
	"# the hub\n\n[Interface] # here\nPrivateKey = " KEY_C " # secret\nAddress=10.7.0.1/24\n"
#define PEER_A "# Anna's\n[Peer]\n  PublicKey = " KEY_A "\n\n# inside\nAllowedIPs = 10.7.0.2\n"
#define PEER_B "[peer]\n#: Name = b\nPublicKey=" KEY_B "#x\nAllowedIPs = 10.7.0.3/32\n# tail\n"
#define ADDED  "[Peer]\n#: Name = new\nPublicKey = " KEY_C "\nAllowedIPs = 10.7.0.4/32\n"

enum operation { APPEND, REMOVE, DISABLE, ENABLE, SET_PSK, SET_PRIVATE };

/* The changed text, to be freed; NULL: XT_E_NOPEER. */
static char *edit(const char *text, enum operation operation, const char *key)
{
	struct xt_edit e;
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_public public;
	size_t len;
	char *result;
	int rc = XT_E_INVALID;

	if (key)
		assert_true(xt_key_from_base64(public.b, key, strlen(key)));
	assert_int_equal(xt_edit_open(&e, text, strlen(text)), 0);
	switch (operation) {
	case APPEND:
		rc = xt_edit_append(&e, ADDED, &out);
		break;
	case REMOVE:
		rc = xt_edit_remove(&e, &public, &out);
		break;
	case DISABLE:
		rc = xt_edit_disable(&e, &public, &out);
		break;
	case ENABLE:
		rc = xt_edit_enable(&e, &public, &out);
		break;
	case SET_PSK:
		rc = xt_edit_set(&e, &public, "PresharedKey", "NEW", &out);
		break;
	case SET_PRIVATE:
		rc = xt_edit_set(&e, NULL, "PrivateKey", "NEW", &out);
		break;
	}
	xt_edit_clear(&e);
	if (rc == XT_E_NOPEER)
		return NULL;
	assert_int_equal(rc, 0);
	xt_secbuf_append(&out, "", 1);
	assert_int_equal(xt_secbuf_detach(&out, &result, &len), 0);
	return result;
}

static void expect(const char *text, enum operation operation, const char *key,
		   const char *expected)
{
	char *result = edit(text, operation, key);

	if (expected) {
		assert_non_null(result);
		assert_string_equal(result, expected);
	} else {
		assert_null(result);
	}
	free(result);
}

/* Lines with "\r\n", to be freed. */
static char *with_crlf(const char *text)
{
	char *out = calloc(2 * strlen(text) + 1, 1), *at = out;

	assert_non_null(out);
	for (; *text; text++) {
		if (*text == '\n')
			*at++ = '\r';
		*at++ = *text;
	}
	return out;
}

static void there_and_back(const char *text, enum operation there, enum operation back,
			   const char *key)
{
	char *changed = edit(text, there, key);

	assert_non_null(changed);
	assert_string_not_equal(changed, text);
	expect(changed, back, key, text);
	free(changed);
}

static const char *const files[] = {
    HEAD,
    HEAD "\n" PEER_A "\n" PEER_B,
    HEAD PEER_A PEER_B,
    HEAD "\n" PEER_A "\n" PEER_B "\n\n# the end\n",
    HEAD "\n" PEER_B "\n# --- servers ---\n\n" PEER_A,
    "\xef\xbb\xbf" PEER_A HEAD PEER_B,
    HEAD "\n" PEER_A "\n" PEER_B "\n\n\n",
};
#define N_FILES (sizeof(files) / sizeof(files[0]))

/* Also with the other line ends, and without the last one. */
static void each_file(void (*check)(const char *text))
{
	for (size_t i = 0; i < N_FILES; i++) {
		char *open = strdup(files[i]), *crlf = with_crlf(files[i]), *both;

		assert_non_null(open);
		open[strlen(open) - 1] = '\0';
		both = with_crlf(open);
		check(files[i]);
		check(open);
		check(crlf);
		check(both);
		free(open);
		free(crlf);
		free(both);
	}
}

static void append_check(const char *text)
{
	there_and_back(text, APPEND, REMOVE, KEY_C);
}

static void disable_check(const char *text)
{
	if (!strstr(text, KEY_A))
		return;
	there_and_back(text, DISABLE, ENABLE, KEY_A);
	there_and_back(text, DISABLE, ENABLE, KEY_B);
}

static void what_append_adds_remove_takes_away(void **state)
{
	(void)state;
	each_file(append_check);
	there_and_back("", APPEND, REMOVE, KEY_C);
}

static void what_disable_makes_a_comment_enable_restores(void **state)
{
	(void)state;
	each_file(disable_check);
}

static void a_new_section_has_the_line_ends_of_the_file(void **state)
{
	(void)state;
	expect("[Interface]\r\nMTU = 1400\r\n", APPEND, NULL,
	       "[Interface]\r\nMTU = 1400\r\n\r\n[Peer]\r\n#: Name = new\r\nPublicKey = " KEY_C
	       "\r\nAllowedIPs = 10.7.0.4/32\r\n");
	expect("[Interface]", APPEND, NULL,
	       "[Interface]\n\n[Peer]\n#: Name = new\nPublicKey = " KEY_C
	       "\nAllowedIPs = 10.7.0.4/32");
}

static void remove_takes_the_comment_above_and_no_other(void **state)
{
	(void)state;
	expect(HEAD "\n" PEER_A "\n" PEER_B "\n# the end\n", REMOVE, KEY_A,
	       HEAD "\n" PEER_B "\n# the end\n");
	expect(HEAD "\n" PEER_A "\n" PEER_B "\n# the end\n", REMOVE, KEY_B,
	       HEAD "\n" PEER_A "\n# the end\n");
	expect(HEAD "\n" PEER_B "\n# --- servers ---\n\n" PEER_A, REMOVE, KEY_B,
	       HEAD "\n# --- servers ---\n\n" PEER_A);
	expect(HEAD PEER_A PEER_B, REMOVE, KEY_A, HEAD PEER_B);
	expect(HEAD PEER_B, REMOVE, KEY_A, NULL);
}

static void remove_takes_all_sections_of_a_key(void **state)
{
	(void)state;
	expect(HEAD "\n" PEER_B "\n" PEER_A "\n" PEER_B, REMOVE, KEY_B, HEAD "\n" PEER_A);
}

static void a_disabled_section_is_removed_too(void **state)
{
	char *disabled = edit(HEAD "\n" PEER_A "\n" PEER_B, DISABLE, KEY_A);
	(void)state;

	expect(disabled, REMOVE, KEY_A, HEAD "\n" PEER_B);
	expect(disabled, DISABLE, KEY_A, NULL);
	expect(disabled, ENABLE, KEY_B, NULL);
	free(disabled);
}

static void neighbours_are_disabled_each_for_itself(void **state)
{
	char *one, *two;
	(void)state;

	one = edit(HEAD PEER_A PEER_B, DISABLE, KEY_B);
	two = edit(one, DISABLE, KEY_A);
	expect(two, ENABLE, KEY_A, one);
	expect(one, ENABLE, KEY_B, HEAD PEER_A PEER_B);
	free(one);
	one = edit(two, ENABLE, KEY_B);
	expect(one, ENABLE, KEY_A, HEAD PEER_A PEER_B);
	free(one);
	free(two);
}

static void disabled_sections_are_a_configuration(void **state)
{
	char *text = edit(HEAD "\n" PEER_A "\n" PEER_B, DISABLE, KEY_B);
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_edit e;
	(void)state;

	assert_int_equal(xt_edit_open(&e, text, strlen(text)), 0);
	assert_int_equal(xt_edit_disabled(&e, &out), 0);
	assert_string_equal(out.p, PEER_B);
	xt_edit_clear(&e);
	xt_secbuf_clear(&out);
	free(text);
}

static void a_value_is_replaced_in_its_line(void **state)
{
	(void)state;
	expect(HEAD "\n" PEER_A, SET_PRIVATE, NULL,
	       "# the hub\n\n[Interface] # here\nPrivateKey = NEW # "
	       "secret\nAddress=10.7.0.1/24\n\n" PEER_A);
	expect("[Interface]\r\n privatekey=x\r\n", SET_PRIVATE, NULL,
	       "[Interface]\r\n privatekey=NEW\r\n");
	expect("[Interface]\nMTU = 1400\n", SET_PRIVATE, NULL, NULL);
	expect("[Peer]\nPresharedKey = old\nPublicKey = " KEY_A "\n", SET_PSK, KEY_A,
	       "[Peer]\nPresharedKey = NEW\nPublicKey = " KEY_A "\n");
}

static void a_value_that_lacks_follows_the_public_key(void **state)
{
	(void)state;
	expect(PEER_B "\n" PEER_A, SET_PSK, KEY_B,
	       "[peer]\n#: Name = b\nPublicKey=" KEY_B "#x\nPresharedKey = NEW\nAllowedIPs = "
	       "10.7.0.3/32\n# tail\n\n" PEER_A);
	expect("[Peer]\r\nPublicKey = " KEY_A, SET_PSK, KEY_A,
	       "[Peer]\r\nPublicKey = " KEY_A "\r\nPresharedKey = NEW");
	expect(PEER_B, SET_PSK, KEY_A, NULL);
}

static void the_last_endpoint_is_remembered(void **state)
{
	static const char text[] =
	    HEAD "\n" PEER_A XT_EDIT_ENDPOINT "a.example:1\n\n" XT_EDIT_DISABLED
		 "[Peer]\n" XT_EDIT_DISABLED XT_EDIT_ENDPOINT "b.example:2\r\n";
	struct xt_edit e;
	char out[32], small[8];
	(void)state;

	assert_int_equal(xt_edit_open(&e, text, sizeof(text) - 1), 0);
	assert_true(xt_edit_endpoint(&e, out, sizeof(out)));
	assert_string_equal(out, "b.example:2");
	assert_false(xt_edit_endpoint(&e, small, sizeof(small)));
	xt_edit_clear(&e);
	assert_int_equal(xt_edit_open(&e, HEAD, strlen(HEAD)), 0);
	assert_false(xt_edit_endpoint(&e, out, sizeof(out)));
	xt_edit_clear(&e);
}

/* Lines of any kind in any order: what is added and removed, or disabled and enabled,
 * comes back. */
static void any_lines_come_back(void **state)
{
	static const char *const lines[] = {
	    "[Interface]",
	    "[Peer]",
	    "[peer]  # x",
	    "",
	    "   ",
	    "# comment",
	    "#: Name = n",
	    "MTU = 1400",
	    "AllowedIPs = 1",
	    "\t",
	    "#",
	    "PublicKey = " KEY_A,
	    "junk",
	    "[Peer",
	    "= x",
	    "# [Peer]",
	    "PublicKey = " KEY_B,
	    "#disabled: [Peer]\n#disabled: PublicKey = " KEY_B "\n\n[Peer]",
	    "#disabled: MTU = 1",
	    "#disabled: PublicKey = " KEY_B,
	};
	uint32_t random = 17;
	(void)state;

	for (int round = 0; round < 3000; round++) {
		char text[1024] = "";
		size_t n;

		random = random * 1103515245u + 12345u;
		n = random >> 16 & 15;
		for (size_t i = 0; i < n; i++) {
			random = random * 1103515245u + 12345u;
			strcat(text, lines[(random >> 16) % (sizeof(lines) / sizeof(lines[0]))]);
			if (i + 1 < n || random >> 30 & 1)
				strcat(text, round & 1 ? "\r\n" : "\n");
		}
		there_and_back(text, APPEND, REMOVE, KEY_C);
		char *disabled = edit(text, DISABLE, KEY_A);
		if (disabled)
			expect(disabled, ENABLE, KEY_A, text);
		free(disabled);
	}
}

static void disabled_lines_are_kept_for_a_new_text(void **state)
{
	static const char text[] =
	    HEAD "\n#disabled: [Peer]\n#disabled: PublicKey = " KEY_A
		 "\n# comment\n#disabled: [Peer]\n#disabled: PublicKey = " KEY_B;
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	(void)state;

	assert_int_equal(xt_edit_keep_disabled(text, sizeof(text) - 1, &out), 0);
	assert_string_equal(out.p, "\n#disabled: [Peer]\n#disabled: PublicKey = " KEY_A
				   "\n\n#disabled: [Peer]\n#disabled: PublicKey = " KEY_B "\n");
	xt_secbuf_clear(&out);
}

TEST_MAIN(cmocka_unit_test(any_lines_come_back),
	  cmocka_unit_test(disabled_lines_are_kept_for_a_new_text),
	  cmocka_unit_test(what_append_adds_remove_takes_away),
	  cmocka_unit_test(what_disable_makes_a_comment_enable_restores),
	  cmocka_unit_test(a_new_section_has_the_line_ends_of_the_file),
	  cmocka_unit_test(remove_takes_the_comment_above_and_no_other),
	  cmocka_unit_test(remove_takes_all_sections_of_a_key),
	  cmocka_unit_test(a_disabled_section_is_removed_too),
	  cmocka_unit_test(neighbours_are_disabled_each_for_itself),
	  cmocka_unit_test(disabled_sections_are_a_configuration),
	  cmocka_unit_test(a_value_is_replaced_in_its_line),
	  cmocka_unit_test(a_value_that_lacks_follows_the_public_key),
	  cmocka_unit_test(the_last_endpoint_is_remembered))
