/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* Look-ups beside the tunnel: files, questions, and answers, also hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/dns_query.h"
#include "seed.h"
#include "test_main.h"

static void name_servers_are_read_from_resolv_conf(void **state)
{
	struct xt_dns_servers servers;

	(void)state;
	xt_dns_servers_parse(&servers, "\n# nameserver 9.9.9.9\nsearch corp\nnameserver 192.0.2.1\n"
				       "nameserver nonsense\nnameserver\t2001:db8::1\n"
				       "nameserver 192.0.2.2\nnameserver 192.0.2.3");
	assert_int_equal(servers.n, 3);
	assert_int_equal(servers.v[0].ip.b[3], 1);
	assert_int_equal(servers.v[0].port, 53);
	assert_int_equal(servers.v[1].ip.family, 6);
	assert_int_equal(servers.v[2].ip.b[3], 2);
	xt_dns_servers_parse(&servers, NULL);
	assert_int_equal(servers.n, 0);
}

static void hosts_of_the_file_are_found(void **state)
{
	static const char text[] = "127.0.0.1 localhost\n\n# 192.0.2.9 b.test\n"
				   "192.0.2.1\ta.test B.test # b.test\n2001:db8::1 b.test\n"
				   "nonsense b.test\n192.0.2.2 b.test";
	struct xt_endpoint v[4];

	(void)state;
	assert_int_equal(xt_dns_hosts_find(text, "b.test", 3, v, 4), 3);
	assert_int_equal(v[0].ip.b[3], 1);
	assert_int_equal(v[1].ip.family, 6);
	assert_int_equal(xt_dns_hosts_find(text, "b.test", 2, v, 4), 1);
	assert_int_equal(xt_dns_hosts_find(text, "b.test", 3, v, 2), 2);
	assert_int_equal(xt_dns_hosts_find(text, "c.test", 3, v, 4), 0);
	assert_int_equal(xt_dns_hosts_find(NULL, "c.test", 3, v, 4), 0);
}

static void a_question_holds_the_labels(void **state)
{
	uint8_t q[XT_DNS_MESSAGE];
	char label[70];

	(void)state;
	assert_int_equal(xt_dns_question(q, 0x1234, "a.test.", 28), 12 + 8 + 4);
	assert_memory_equal(q, "\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\4test\0\0\x1c\0\1", 24);
	assert_int_equal(xt_dns_question(q, 1, "", 1), 0);
	assert_int_equal(xt_dns_question(q, 1, ".", 1), 0);
	assert_int_equal(xt_dns_question(q, 1, "a..b", 1), 0);
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	assert_int_equal(xt_dns_question(q, 1, label, 1), 0);
	label[63] = '\0';
	assert_true(xt_dns_question(q, 1, label, 1) > 0);
}

/* An answer to q with a CNAME and two addresses. */
static size_t answer_make(uint8_t out[200], const uint8_t *q, size_t n)
{
	static const uint8_t records[] =
	    "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e" /* CNAME b.test */
	    "\xc0\x24\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\0\1"
	    "\1b\4test\0\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\0\2";

	memcpy(out, q, n);
	out[2] = 0x81;
	out[3] = 0x80;
	out[7] = 3;
	memcpy(out + n, records, sizeof(records) - 1);
	return n + sizeof(records) - 1;
}

static void an_answer_gives_its_addresses(void **state)
{
	uint8_t q[XT_DNS_MESSAGE], a[200];
	size_t n = xt_dns_question(q, 7, "a.test", 1), len = answer_make(a, q, n);
	struct xt_endpoint v[4];

	(void)state;
	assert_int_equal(xt_dns_answer(a, len, q, n, v, 4), 2);
	assert_int_equal(v[0].ip.family, 4);
	assert_int_equal(v[1].ip.b[3], 2);
	assert_int_equal(xt_dns_answer(a, len, q, n, v, 1), 1);
	a[3] = 0x83; /* no such name: an answer, without addresses */
	a[7] = 0;
	assert_int_equal(xt_dns_answer(a, n, q, n, v, 4), 0);
	a[3] = 0x82; /* the server failed */
	assert_int_equal(xt_dns_answer(a, n, q, n, v, 4), -1);
}

static void an_answer_to_something_else_is_none(void **state)
{
	uint8_t q[XT_DNS_MESSAGE], a[200];
	size_t n = xt_dns_question(q, 7, "a.test", 1), len = answer_make(a, q, n);
	struct xt_endpoint v[4];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool judged = i < 2 || i >= 12;

		a[i] ^= 0x10;
		if (judged)
			assert_int_equal(xt_dns_answer(a, len, q, n, v, 4), -1);
		a[i] ^= 0x10;
	}
	a[2] = 1; /* a question */
	assert_int_equal(xt_dns_answer(a, len, q, n, v, 4), -1);
}

/* Each copy lies at the end of its memory, so that a sanitizer sees what reads beyond it. */
static void a_malformed_answer_is_read_within_its_bounds(void **state)
{
	uint8_t q[XT_DNS_MESSAGE], a[200];
	size_t n = xt_dns_question(q, 7, "a.test", 1), len = answer_make(a, q, n);
	struct xt_endpoint v[4];
	uint64_t seed = xt_seed();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t cut = xt_pick(&seed, len + 1);
		uint8_t *copy = malloc(cut + 1), *end = copy + 1;
		int found;

		memcpy(end, a, cut);
		for (size_t i = xt_pick(&seed, 4); i > 0 && cut > n; i--)
			end[n + xt_below(&seed, cut - n)] = (uint8_t)xt_below(&seed, 256);
		found = xt_dns_answer(end, cut, q, n, v, 4);
		assert_true(found >= -1 && found <= 4);
		free(copy);
	}
}

TEST_MAIN(cmocka_unit_test(name_servers_are_read_from_resolv_conf),
	  cmocka_unit_test(hosts_of_the_file_are_found),
	  cmocka_unit_test(a_question_holds_the_labels),
	  cmocka_unit_test(an_answer_gives_its_addresses),
	  cmocka_unit_test(an_answer_to_something_else_is_none),
	  cmocka_unit_test(a_malformed_answer_is_read_within_its_bounds))
