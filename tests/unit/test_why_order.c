/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The precedence of codes: of several that hold, the first of why.def is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
		f->asked = 9;
		f->asked_age = 9 * S;
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
	assert_code(XT_WHY_SILENT);
}

TEST_MAIN(cmocka_unit_test(of_two_codes_the_first_of_the_table_is_said))
