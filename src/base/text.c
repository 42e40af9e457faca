/* SPDX-License-Identifier: MIT */
/* Keys and numbers as text. */
#include "base/text.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"

bool xt_key_from_base64(uint8_t out[32], const char *text, size_t len)
{
	unsigned char all = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	/* libsodium is strict about padding and spare bits and decodes in constant time, but takes
	 * some bytes above ASCII for digits. */
	if (len == XT_KEY_BASE64 - 1 && all < 0x80 &&
	    !sodium_base642bin(out, 32, text, len, NULL, &n, NULL,
			       sodium_base64_VARIANT_ORIGINAL) &&
	    n == 32)
		return true;
	sodium_memzero(out, 32);
	return false;
}

void xt_key_to_base64(char out[XT_KEY_BASE64], const uint8_t key[32])
{
	sodium_bin2base64(out, XT_KEY_BASE64, key, 32, sodium_base64_VARIANT_ORIGINAL);
}

bool xt_key_from_hex(uint8_t out[32], const char *text, size_t len)
{
	size_t n = 0;

	if (len == XT_KEY_HEX - 1 && !sodium_hex2bin(out, 32, text, len, NULL, &n, NULL) && n == 32)
		return true;
	sodium_memzero(out, 32);
	return false;
}

void xt_key_to_hex(char out[XT_KEY_HEX], const uint8_t key[32])
{
	sodium_bin2hex(out, XT_KEY_HEX, key, 32);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool xt_number(uint64_t *out, const char *text, uint64_t max, bool hex)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned d = (unsigned)digit_value(*text);

		if (d >= base || d > max || v > (max - d) / base)
			return false;
		v = v * base + d;
	}
	*out = v;
	return true;
}

/* Length of the UTF-8 sequence at p and its code point; 0: not UTF-8. Overlong forms and surrogates
 * are not UTF-8. A NUL ends every sequence, so nothing behind it is read. */
static size_t utf8_decode(const unsigned char *p, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	*point = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	if (n > 1 && (p[0] < 0xc0 || p[0] > 0xf7))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (p[i] & 0x3f);
	}
	if (*point < least[n] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000))
		return 0;
	return n;
}

static bool point_is_printable(uint32_t point)
{
	return point >= 0x20 && (point < 0x7f || point >= 0xa0) && point != 0x61c &&
	       point != 0x200e && point != 0x200f && !(point >= 0x2028 && point <= 0x202e) &&
	       !(point >= 0x2066 && point <= 0x2069);
}

size_t xt_text_character(const char *text, bool *printable)
{
	uint32_t point;
	size_t n = utf8_decode((const unsigned char *)text, &point);

	*printable = n && point_is_printable(point);
	return n ? n : 1;
}

bool xt_text_is_printable(const char *text)
{
	bool printable = true;

	while (*text && printable) {
		while (*text >= 0x20 && *text < 0x7f) /* most are ASCII */
			text++;
		if (*text)
			text += xt_text_character(text, &printable);
	}
	return printable;
}

void xt_text_clean(char *text)
{
	char *to = text;
	bool printable;

	if (xt_text_is_printable(text))
		return;
	for (const char *from = text; *from;) {
		size_t n = xt_text_character(from, &printable);

		if (printable)
			memmove(to, from, n);
		else
			*to = '?';
		to += printable ? n : 1;
		from += n;
	}
	*to = '\0';
}

const char *xt_text_last(const char *text, char c, size_t n)
{
	while (n > 0) {
		if (text[--n] == c)
			return text + n;
	}
	return NULL;
}

void xt_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

#define WORD_MAX 40

static int char_lower(char c)
{
	return tolower((unsigned char)c);
}

/* Optimal string alignment: insert, delete, replace a character, swap two neighbours. */
static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t row[3][WORD_MAX + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *upper = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			bool same = char_lower(a[i - 1]) == char_lower(b[j - 1]);
			size_t best = XT_MIN(up[j], now[j - 1]) + 1;

			best = XT_MIN(best, up[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && char_lower(a[i - 1]) == char_lower(b[j - 2]) &&
			    char_lower(a[i - 2]) == char_lower(b[j - 1]))
				best = XT_MIN(best, upper[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[n_a % 3][n_b];
}

const char *xt_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t n_word = strlen(word), least = 3;
	const char *best = NULL;

	if (n_word > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(candidates[i]), d;

		if (len > WORD_MAX)
			continue;
		d = edit_distance(word, n_word, candidates[i], len);
		/* Two edits of a three-letter word leave one letter. */
		if (d < least && d < XT_MAX(n_word, len) - 1) {
			least = d;
			best = candidates[i];
		}
	}
	return best;
}

static bool char_equal(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static bool rest_equal(const char *a, const char *b)
{
	while (*a && char_equal(*a, *b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

bool xt_one_edit(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return false;
	while (*a && char_equal(*a, *b)) {
		a++;
		b++;
	}
	if (!*a && !*b)
		return true;		/* only case */
	if (*a && rest_equal(a + 1, b)) /* inserted */
		return true;
	if (*b && rest_equal(a, b + 1)) /* deleted */
		return true;
	if (!*a || !*b)
		return false;
	return rest_equal(a + 1, b + 1) || (char_equal(a[0], b[1]) && char_equal(a[1], b[0]) &&
					    a[1] && rest_equal(a + 2, b + 2));
}
