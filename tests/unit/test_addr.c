/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Addresses, networks and endpoints as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "test_main.h"

static struct xt_ip ip(const char *text)
{
	struct xt_ip out;

	assert_int_equal(xt_ip_parse(&out, text), 0);
	return out;
}

static void an_address_is_printed_in_its_canonical_form(void **state)
{
	static const char *const t[][2] = {
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"192.168.7.1", "192.168.7.1"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"1::", "1::"},
	    {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"0:0:1:0:0:0:1:0", "0:0:1::1:0"},
	    {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
	    {"fd07:0000::0a", "fd07::a"},
	    {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
	    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
	    {"::ffff:10.1.2.3", "::ffff:10.1.2.3"},
	    {"::1.2.3.4", "::102:304"},
	    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	    {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
	    {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
	    {"1:2::7.8.9.10", "1:2::708:90a"},
	    {"::2:3:4:5:6:7.8.9.10", "0:2:3:4:5:6:708:90a"},
	    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	    {"2001:0db8:0000:0000:0000:0000:192.0.2.1", "2001:db8::c000:201"},
	    {"FE80::ABCD", "fe80::abcd"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	char buf[XT_IP_TEXT];

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_ip a = ip(t[i][0]), b;

		assert_string_equal(xt_ip_print(&a, buf), t[i][1]);
		b = ip(buf);
		assert_true(xt_ip_equal(&a, &b));
	}
}

static void a_text_that_is_no_address_is_refused(void **state)
{
	static const char *const t[] = {"",
					" ",
					"1",
					"1.2.3",
					"1.2.3.",
					"1.2.3.4.",
					"1.2.3.4.5",
					".1.2.3",
					"1..2.3",
					"256.1.1.1",
					"1.2.3.1000",
					"010.1.1.1",
					"1.2.3.00",
					"1.2.3.4 ",
					" 1.2.3.4",
					"+1.2.3.4",
					"0x1.2.3.4",
					"1.2.3.-4",
					":",
					":::",
					"1::2::3",
					"12345::",
					"g::",
					"1:2:3:4:5:6:7",
					"1:2:3:4:5:6:7:8:9",
					"::1%2",
					"[::1]",
					"::1.2.3",
					"::01.2.3.4",
					"::1.02.3.4",
					"1:2:3:4:5:6:7:8::",
					"::1:2:3:4:5:6:7:8",
					"1:2:3:4::5:6:7:8",
					"1:2:3:4:5:6:7:",
					":1:2:3:4:5:6:7:8",
					":1",
					"1:",
					"::1:",
					":::1",
					"::1::",
					"1:2:3:4:5:6:7:1.2.3.4",
					"1:2:3:4:5:6:1.2.3.4:7",
					"::1.2.3.4.5",
					"::1.2.3.4:",
					"1.2.3.4::",
					"::00001",
					"::0x1",
					"::-1",
					"::1\n",
					"::\xef\xbc\x91",
					"::1 ",
					"1:2:3:4:5:6:7:8:1.2.3.4",
					"1.2.3.4/8",
					"1.2.3.4294967300",
					"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	struct xt_ip out, before;

	(void)state;
	memset(&out, 0x55, sizeof(out));
	before = out;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		if (xt_ip_parse(&out, t[i]) != XT_E_SYNTAX)
			fail_msg("accepted: %s", t[i]);
		assert_memory_equal(&out, &before, sizeof(out));
	}
}

static void a_network_keeps_its_host_bits_until_masked(void **state)
{
	static const char *const t[][3] = {
	    {"10.7.3.9/16", "10.7.3.9/16", "10.7.0.0/16"},
	    {"10.7.3.9", "10.7.3.9/32", "10.7.3.9/32"},
	    {"10.7.3.255/25", "10.7.3.255/25", "10.7.3.128/25"},
	    {"1.2.3.4/0", "1.2.3.4/0", "0.0.0.0/0"},
	    {"fd07::ffff/48", "fd07::ffff/48", "fd07::/48"},
	    {"fd07::1", "fd07::1/128", "fd07::1/128"},
	    {"ffff::/3", "ffff::/3", "e000::/3"},
	    {"::1/0", "::1/0", "::/0"},
	};
	char buf[XT_CIDR_TEXT];

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_cidr c;

		assert_int_equal(xt_cidr_parse(&c, t[i][0]), 0);
		assert_string_equal(xt_cidr_print(&c, buf), t[i][1]);
		xt_cidr_mask(&c);
		assert_string_equal(xt_cidr_print(&c, buf), t[i][2]);
	}
}

static void a_text_that_is_no_network_is_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} t[] = {
	    {"10.0.0.0/33", XT_E_INVALID},
	    {"::/129", XT_E_INVALID},
	    {"10.0.0.0/18446744073709551624", XT_E_INVALID},
	    {"10.0.0.0/", XT_E_SYNTAX},
	    {"10.0.0.0/-1", XT_E_SYNTAX},
	    {"10.0.0.0/+8", XT_E_SYNTAX},
	    {"10.0.0.0/8 ", XT_E_SYNTAX},
	    {"10.0.0.0/8/8", XT_E_SYNTAX},
	    {"10.0.0.0/255.0.0.0", XT_E_SYNTAX},
	    {"/8", XT_E_SYNTAX},
	    {"10.0.0/8", XT_E_SYNTAX},
	};
	struct xt_cidr out;

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++)
		if (xt_cidr_parse(&out, t[i].text) != t[i].err)
			fail_msg("wrong answer to %s", t[i].text);
}

static void an_endpoint_survives_printing_and_parsing(void **state)
{
	static const char *const t[] = {"198.18.0.1:51820",	  "1.2.3.4:1",
					"[2001:db8::1]:65535",	  "[fe80::1%3]:5",
					"[fe80::1%4294967295]:5", "[fe80::1]:5"};
	char buf[XT_ENDPOINT_TEXT];

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_endpoint a, b;

		assert_int_equal(xt_endpoint_parse(&a, t[i]), 0);
		assert_string_equal(xt_endpoint_print(&a, buf), t[i]);
		assert_int_equal(xt_endpoint_parse(&b, buf), 0);
		assert_true(xt_endpoint_equal(&a, &b));
	}
}

static void a_text_that_is_no_endpoint_is_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
	} t[] = {
	    {"", XT_E_SYNTAX},
	    {":", XT_E_SYNTAX},
	    {":5", XT_E_SYNTAX},
	    {"1.2.3.4", XT_E_SYNTAX},
	    {"1.2.3.4:", XT_E_SYNTAX},
	    {"1.2.3.4:0", XT_E_INVALID},
	    {"1.2.3.4:65536", XT_E_INVALID},
	    {"1.2.3.4:x", XT_E_SYNTAX},
	    {"1.2.3.4:5 ", XT_E_SYNTAX},
	    {"::1:5", XT_E_SYNTAX},
	    {"[::1:5", XT_E_SYNTAX},
	    {"::1]:5", XT_E_SYNTAX},
	    {"[]:5", XT_E_SYNTAX},
	    {"[:5", XT_E_SYNTAX},
	    {"]:5", XT_E_SYNTAX},
	    {"[1.2.3.4]:5", XT_E_SYNTAX},
	    {"[::1]5", XT_E_SYNTAX},
	    {"[fe80::1%]:5", XT_E_SYNTAX},
	    {"[fe80::1%eth0]:5", XT_E_SYNTAX},
	    {"[fe80::1%0]:5", XT_E_INVALID},
	    {"[fe80::1%4294967296]:5", XT_E_INVALID},
	    {"[fe80::1%00000000000000001]:5", XT_E_SYNTAX},
	    {"[2001:db8::1%3]:5", XT_E_INVALID},
	    {"example.org:5", XT_E_SYNTAX},
	};
	struct xt_endpoint out;

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++)
		if (xt_endpoint_parse(&out, t[i].text) != t[i].err)
			fail_msg("wrong answer to %s", t[i].text);
}

static void a_network_contains_what_shares_its_prefix(void **state)
{
	static const struct {
		const char *net, *ip;
		bool in;
	} t[] = {
	    {"10.7.0.0/16", "10.7.255.255", true},
	    {"10.7.0.0/16", "10.8.0.0", false},
	    {"10.7.3.128/25", "10.7.3.129", true},
	    {"10.7.3.128/25", "10.7.3.127", false},
	    {"0.0.0.0/0", "9.9.9.9", true},
	    {"0.0.0.0/0", "::", false},
	    {"::/0", "0.0.0.0", false},
	    {"1.2.3.4/32", "1.2.3.4", true},
	    {"1.2.3.4/32", "1.2.3.5", false},
	    {"fd07::/48", "fd07::1", true},
	    {"fd07::/48", "fd07:0:1::1", false},
	    {"fd07::1/128", "fd07::1", true},
	    {"fd07::1/127", "fd07::2", false},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_ip a = ip(t[i].ip);
		struct xt_cidr c;

		assert_int_equal(xt_cidr_parse(&c, t[i].net), 0);
		if (xt_cidr_contains(&c, &a) != t[i].in)
			fail_msg("%s in %s", t[i].ip, t[i].net);
	}
}

static void networks_overlap_when_one_holds_the_other(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} t[] = {
	    {"10.7.0.0/16", "10.7.3.0/24", true},   {"10.7.0.9/16", "10.7.3.9/24", true},
	    {"10.7.0.0/24", "10.7.1.0/24", false},  {"10.7.0.0/24", "10.7.0.0/24", true},
	    {"0.0.0.0/0", "192.168.1.1/32", true},  {"0.0.0.0/0", "::/0", false},
	    {"fd07::/48", "fd07:0:0:1::/64", true}, {"fd07::/64", "fd07:0:0:1::/64", false},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_cidr a, b;

		assert_int_equal(xt_cidr_parse(&a, t[i].a), 0);
		assert_int_equal(xt_cidr_parse(&b, t[i].b), 0);
		if (xt_cidr_overlaps(&a, &b) != t[i].overlap ||
		    xt_cidr_overlaps(&b, &a) != t[i].overlap)
			fail_msg("%s and %s", t[i].a, t[i].b);
	}
}

static void kinds_of_addresses_are_told_apart(void **state)
{
	static const struct {
		const char *ip;
		const char
		    *kinds; /* l(oopback) m(ulticast) u(nspecified) b(roadcast) k (link-local) */
	} t[] = {
	    {"127.0.0.1", "l"},
	    {"127.255.255.255", "l"},
	    {"128.0.0.1", ""},
	    {"::1", "l"},
	    {"::2", ""},
	    {"224.0.0.1", "m"},
	    {"239.255.255.255", "m"},
	    {"240.0.0.1", ""},
	    {"ff02::1", "m"},
	    {"fe00::1", ""},
	    {"0.0.0.0", "u"},
	    {"::", "u"},
	    {"0.0.0.1", ""},
	    {"255.255.255.255", "b"},
	    {"255.255.255.254", ""},
	    {"169.254.9.9", "k"},
	    {"169.253.0.1", ""},
	    {"fe80::1", "k"},
	    {"febf::1", "k"},
	    {"fec0::1", ""},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(t); i++) {
		struct xt_ip a = ip(t[i].ip);
		char kinds[6], *p = kinds;

		if (xt_ip_is_loopback(&a))
			*p++ = 'l';
		if (xt_ip_is_multicast(&a))
			*p++ = 'm';
		if (xt_ip_is_unspecified(&a))
			*p++ = 'u';
		if (xt_ip_is_limited_broadcast(&a))
			*p++ = 'b';
		if (xt_ip_is_link_local(&a))
			*p++ = 'k';
		*p = '\0';
		assert_string_equal(kinds, t[i].kinds);
	}
}

TEST_MAIN(cmocka_unit_test(an_address_is_printed_in_its_canonical_form),
	  cmocka_unit_test(a_text_that_is_no_address_is_refused),
	  cmocka_unit_test(a_network_keeps_its_host_bits_until_masked),
	  cmocka_unit_test(a_text_that_is_no_network_is_refused),
	  cmocka_unit_test(an_endpoint_survives_printing_and_parsing),
	  cmocka_unit_test(a_text_that_is_no_endpoint_is_refused),
	  cmocka_unit_test(a_network_contains_what_shares_its_prefix),
	  cmocka_unit_test(networks_overlap_when_one_holds_the_other),
	  cmocka_unit_test(kinds_of_addresses_are_told_apart))
