/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The table of codes: its words, and its order, which is the precedence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipc/why_impl.h"
#include "test_main.h"
#include "why_peers.h"

/* Facts that make a code hold beside others. */
static void code_add(enum xt_why code)
{
	struct xt_peer_facts *f = &peer.facts;

	switch (code) {
	case XT_WHY_NAME:
		status.endpoint_name = name_is_looked_up;
		memset(&peer.endpoint, 0, sizeof(peer.endpoint));
		break;
	case XT_WHY_NO_ENDPOINT:
		memset(&peer.endpoint, 0, sizeof(peer.endpoint));
		f->heard = XT_NEVER;
		break;
	case XT_WHY_LOOP:
		peer.loop = true;
		f->data_received = XT_NEVER;
		break;
	case XT_WHY_SEND_ERROR:
		f->send_error = EPERM;
		f->send_error_age = 1 * MS;
		break;
	case XT_WHY_ICMP:
		f->icmp_count = 1;
		f->icmp_age = 1 * MS;
		break;
	case XT_WHY_PSK:
		f->response_bad = 2;
		f->response_bad_age = 1 * S;
		break;
	case XT_WHY_CLOCK:
		f->old = 2;
		f->old_age = 1 * MS;
		break;
	case XT_WHY_LOAD:
		f->cookies = 1;
		f->cookie_age = 1 * S;
		break;
	case XT_WHY_HALF:
		f->answered = 5;
		f->answered_age = 1 * S;
		break;
	case XT_WHY_ALLOWED_IPS:
		f->source_refused = 1;
		f->source_age = 1 * S;
		xt_ip_parse(&f->source, "10.9.0.77");
		break;
	case XT_WHY_MTU:
		f->too_large = 1;
		f->too_large_age = 1 * S;
		peer.path_mtu = 1300;
		peer.path_mtu_source = XT_PATH_MTU_PROBED;
		break;
	case XT_WHY_ONE_WAY:
		f->requests = 9;
		f->requests_age = 9 * S;
		f->data_received = 60 * S;
		break;
	case XT_WHY_RESTARTED:
		f->unknown_sessions = 1;
		f->unknown_age = 1 * MS;
		break;
	default: /* silent, up and idle are there from the beginning */
		break;
	}
}

static void of_two_codes_the_first_of_the_table_is_said(void **state)
{
	(void)state;
	for (enum xt_why a = XT_WHY_NAME; a < XT_WHY_SILENT; a++)
		for (enum xt_why b = a; b <= XT_WHY_SILENT; b++) {
			peer_calling(4); /* silent holds */
			code_add(b);
			code_add(a);
			assert_code(a);
		}
	for (enum xt_why a = XT_WHY_ALLOWED_IPS; a < XT_WHY_RESTARTED; a++)
		for (enum xt_why b = a; b <= XT_WHY_ONE_WAY; b++) {
			peer_up(); /* up holds */
			peer.facts.data_received = XT_NEVER;
			code_add(b);
			code_add(a);
			assert_code(a);
		}
	peer_new(); /* idle holds */
	code_add(XT_WHY_RESTARTED);
	assert_code(XT_WHY_RESTARTED);
	peer_calling(4);
	code_add(XT_WHY_RESTARTED);
	assert_code(XT_WHY_RESTARTED); /* it is not silent */
	peer.facts.unknown_age = 60 * S;
	assert_code(XT_WHY_SILENT);
}

/* A word that no value has would be printed as "?", a case that does not exist never. */
static void words_are_those_of_the_table(const char *lines)
{
	static const char *const cases[] = {
	    "AllowedIPs",   "route",	 "no route", "source",	    "not permitted", "prohibited",
	    "link",	    "size",	 "memory",   "family",	    "other",	     "port",
	    "host",	    "network",	 "hops",     "set",	    "not set",	     "peer",
	    "this side",    "answering", "calling",  "unknown key", "other key",     "missing",
	    "another peer", "heard",	 "quiet",    "new",	    "due",	     "begun",
	    "clock",	    "socket",	 "tun",	     "both",	    "answered",	     "neighbour"};

	for (const char *p = lines; (p = strchr(p, '{')); p++)
		assert_true(xt_why_value_exists(p + 1, strcspn(p + 1, "}")));
	for (const char *p = lines; *p;
	     p += p[strcspn(p, "\n")] ? strcspn(p, "\n") + 1 : strlen(p)) {
		size_t i = 0;

		assert_true(*p != ' ' && *p != '\n');
		if (*p != '(')
			continue;
		while (i < sizeof(cases) / sizeof(*cases) &&
		       (strncmp(p + 1, cases[i], strlen(cases[i])) != 0 ||
			strncmp(p + 1 + strlen(cases[i]), ") ", 2) != 0))
			i++;
		assert_true(i < sizeof(cases) / sizeof(*cases));
	}
}

static void every_row_of_the_table_is_whole(void **state)
{
	(void)state;
	for (enum xt_why code = 0; code < XT_WHYS; code++) {
		const struct xt_why_row *row = xt_why_row(code);

		assert_true(*row->word && *row->sides && *row->known);
		assert_true(row->fine || (*row->causes && *row->remedy));
		words_are_those_of_the_table(row->known);
		words_are_those_of_the_table(row->causes);
		words_are_those_of_the_table(row->remedy);
		assert_true(xt_why_word_is_fine(row->word) == row->fine);
	}
	assert_string_equal(xt_why_word(XT_WHYS), "unknown");
	assert_false(xt_why_word_is_fine("unknown"));
}

TEST_MAIN(cmocka_unit_test(of_two_codes_the_first_of_the_table_is_said),
	  cmocka_unit_test(every_row_of_the_table_is_whole))
