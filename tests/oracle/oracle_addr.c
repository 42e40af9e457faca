/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Addresses as text against the C library's inet_pton. glibc agrees on every text; others differ on
 * octets with leading zeros, which are refused here. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "seed.h"
#include "test_main.h"

#define TEXT 64

static uint64_t seed;

/* 4, 6 or 0; bytes: 16, zeros after those of IPv4 */
static int text_read(uint8_t bytes[16], const char *text)
{
	memset(bytes, 0, 16);
	if (strchr(text, ':'))
		return inet_pton(AF_INET6, text, bytes) == 1 ? 6 : 0;
	return inet_pton(AF_INET, text, bytes) == 1 ? 4 : 0;
}

/* A zero before other digits of an octet: the library of wine, for one, takes it. */
static bool octet_has_zero(const char *text)
{
	for (const char *c = text; *c; c++) {
		bool begins = c == text || c[-1] == '.' || c[-1] == ':';

		if (begins && c[0] == '0' && c[1] >= '0' && c[1] <= '9' && strchr(text, '.'))
			return true;
	}
	return false;
}

static unsigned accepted;

static void text_compare(const char *text)
{
	struct xt_ip ip = {0};
	uint8_t bytes[16];
	int family = text_read(bytes, text);

	if (xt_ip_parse(&ip, text) < 0)
		ip = (struct xt_ip){0};
	if (family != ip.family && octet_has_zero(text) && ip.family == 0)
		return;
	if (family != ip.family || (family && memcmp(bytes, ip.b, 16) != 0))
		fail_msg("\"%s\": inet_pton says %d, xt_ip_parse %d", text, family, ip.family);
	accepted += ip.family != 0;
}

/* --- what is nearly an address --- */

static void address_write(uint64_t *r, char *text)
{
	static const int widths[] = {1, 1, 1, 1, 2, 4, 5};
	unsigned groups = xt_below(r, 3) ? (unsigned)xt_below(r, 9) : 8;
	unsigned gap = (unsigned)xt_below(r, 12);
	bool tail = xt_below(r, 4) == 0;
	char *at = text;

	for (unsigned i = 0; i < groups; i++) {
		uint64_t v = xt_below(r, 3) ? xt_next(r) & 0xffff : xt_below(r, 3);

		if (i == gap)
			at += sprintf(at, i ? ":" : "::");
		if (at < text + TEXT - 24)
			at += sprintf(at, xt_below(r, 4) ? "%0*x" : "%0*X",
				      widths[xt_below(r, XT_LEN(widths))], (unsigned)v);
		if (i + 1 < groups || tail || xt_below(r, 16) == 0)
			at += sprintf(at, ":");
	}
	if (groups <= gap && xt_below(r, 2))
		at += sprintf(at, ":");
	if (tail && at < text + TEXT - 16)
		sprintf(at, "%u.%u.%u.%u", (unsigned)xt_below(r, 258), (unsigned)xt_below(r, 256),
			(unsigned)xt_below(r, 100), (unsigned)xt_below(r, 10));
}

static void octets_write(uint64_t *r, char *text)
{
	unsigned n = xt_below(r, 8) ? 4 : (unsigned)xt_below(r, 7);
	char *at = text;

	*text = '\0';
	for (unsigned i = 0; i < n; i++)
		at += sprintf(at, "%s%s%u", i ? "." : "", xt_below(r, 20) ? "" : "0",
			      (unsigned)xt_below(r, xt_below(r, 6) ? 256 : 1100));
}

static void text_damage(uint64_t *r, char *text)
{
	static const char some[] = "0123456789abcfF:::...%g xX-+/[]\x80";
	size_t len = strlen(text), at = xt_pick(r, len + 1);

	switch (xt_below(r, 3)) {
	case 0:
		if (at < len)
			text[at] = some[xt_below(r, sizeof(some) - 1)];
		break;
	case 1:
		if (at < len)
			memmove(text + at, text + at + 1, len - at);
		break;
	default:
		if (len + 2 < TEXT) {
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = some[xt_below(r, sizeof(some) - 1)];
		}
		break;
	}
}

static void near_addresses_are_read_as_the_c_library_reads_them(void **state)
{
	uint64_t r = seed;

	(void)state;
	accepted = 0;
	for (int step = 0; step < 400000; step++) {
		char text[TEXT] = "";

		if (xt_below(&r, 4))
			address_write(&r, text);
		else
			octets_write(&r, text);
		while (xt_below(&r, 2))
			text_damage(&r, text);
		text_compare(text);
	}
	assert_true(accepted > 40000); /* else it has tried refusals alone */
}

/* All texts of up to seven characters, of those that matter. */
static void short_texts_are_read_as_the_c_library_reads_them(void **state)
{
	static const char some[] = "01a:.f";
	char text[8] = "";
	unsigned long n = 1;

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		n *= sizeof(some) - 1;
		for (unsigned long i = 0; i < n; i++) {
			unsigned long rest = i;

			for (size_t at = 0; at < len; at++, rest /= sizeof(some) - 1)
				text[at] = some[rest % (sizeof(some) - 1)];
			text_compare(text);
		}
	}
}

SEED_TEST_MAIN(seed, cmocka_unit_test(near_addresses_are_read_as_the_c_library_reads_them),
	       cmocka_unit_test(short_texts_are_read_as_the_c_library_reads_them))
