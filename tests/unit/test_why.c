/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* What a link's facts are called: each code from the sides that see it, and links that are never
 * accused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_main.h"
#include "why_peers.h"

static bool second_entry_is_a_name(const void *ctx, const struct xt_public *key, size_t i,
				   struct xt_status_name *out)
{
	memset(out, 0, sizeof(*out));
	return i == 0 || (i == 1 && name_is_looked_up(ctx, key, out));
}

static void a_name_without_address_is_name(void **state)
{
	(void)state;
	peer_new();
	status.endpoint_name = name_is_looked_up;
	assert_code(XT_WHY_IDLE); /* it has an address */
	memset(&peer.endpoint, 0, sizeof(peer.endpoint));
	assert_code(XT_WHY_NAME);
	status.endpoint_name = NULL;
	status.endpoint_entry = second_entry_is_a_name;
	assert_code(XT_WHY_NAME);
	peer.endpoint_set = true; /* the list counts no more */
	assert_code(XT_WHY_NO_ENDPOINT);
}

static void a_peer_without_endpoint_that_was_heard_is_idle(void **state)
{
	(void)state;
	peer_new();
	memset(&peer.endpoint, 0, sizeof(peer.endpoint));
	assert_code(XT_WHY_NO_ENDPOINT);
	peer.facts.heard = 3600 * S;
	assert_code(XT_WHY_IDLE);
}

static void a_loop_ends_with_traffic_in_both_directions(void **state)
{
	struct xt_peer_facts *f = peer_calling(3);
	(void)state;

	peer.loop = true;
	assert_code(XT_WHY_LOOP);
	f = peer_up();
	peer.loop = true;
	assert_code(XT_WHY_UP);
	f->requests = 1; /* an answer is missing */
	f->requests_age = 1 * S;
	assert_code(XT_WHY_LOOP);
	f->requests = 0;
	f->data_received = 30 * S;
	assert_code(XT_WHY_LOOP);
	f->data_received = 20 * MS;
	f->data_sent = 15 * S;
	assert_code(XT_WHY_LOOP);
}

static void what_the_host_does_not_send_is_send_error(void **state)
{
	struct xt_peer_facts *f = peer_calling(1);
	(void)state;

	f->send_error = ENETUNREACH;
	f->send_error_count = 1;
	f->send_error_age = 1 * S;
	assert_code(XT_WHY_SEND_ERROR);
	f = peer_up(); /* the answer to what was just heard */
	f->send_error = EPERM;
	f->send_error_age = 10 * MS;
	assert_code(XT_WHY_SEND_ERROR);
	f->send_error_age = 10 * S; /* a keepalive, between what is heard */
	f->heard = 1 * MS;
	assert_code(XT_WHY_SEND_ERROR);
	f->send_error_age = 20 * S; /* heard since, and the next keepalive was sent */
	assert_code(XT_WHY_UP);
	f->send_error = 0;
	f->send_error_age = 10 * MS;
	assert_code(XT_WHY_UP);
}

static void icmp_needs_something_unanswered(void **state)
{
	struct xt_peer_facts *f = peer_calling(2);
	(void)state;

	f->icmp_count = 2;
	f->icmp_age = 2 * S;
	assert_code(XT_WHY_ICMP);
	f->icmp_age = 8 * S; /* the latest initiation was not refused */
	assert_code(XT_WHY_ICMP);
	f->icmp_age = 9 * S;
	assert_code(XT_WHY_SILENT);
	f->icmp_age = 7 * S; /* a peer has been started there since */
	f->response_bad = 1;
	f->response_bad_age = 2 * S;
	assert_code(XT_WHY_PSK);
	f->response_bad = 0;
	f->response_bad_age = XT_NEVER;
	f->icmp_age = 40 * S; /* of an earlier attempt */
	assert_code(XT_WHY_SILENT);
	f = peer_calling(4);
	f->heard = 4 * S;
	f->icmp_count = 2;
	f->icmp_age = 5 * S; /* heard since */
	assert_code(XT_WHY_HALF);
	f = peer_calling(18);
	f->icmp_count = 1;
	f->icmp_age = 30 * S; /* what was sent since is not answered so */
	assert_code(XT_WHY_SILENT);
	f = peer_new(); /* nothing was sent to which it could belong */
	f->icmp_count = 9;
	f->icmp_age = 1 * S;
	assert_code(XT_WHY_IDLE);
	f->answered = 1; /* a response was refused */
	f->answered_age = 1 * S;
	f->heard = 1 * S + MS;
	assert_code(XT_WHY_ICMP);
	f->icmp_age = 30 * S; /* an earlier one */
	f->heard = 60 * S;
	assert_code(XT_WHY_HALF);
}

static void icmp_while_the_link_works_is_forged(void **state)
{
	struct xt_peer_facts *f = peer_up();
	(void)state;

	f->icmp_count = 100;
	f->icmp_age = 10 * MS;
	assert_code(XT_WHY_UP);
	f->heard = f->data_received = 60 * S; /* quiet in both directions */
	f->data_sent = 60 * S;
	assert_code(XT_WHY_UP);
	f->heard = 9 * S; /* a stream in one direction, answered by keepalives */
	f->data_received = XT_NEVER;
	f->data_sent = 1 * MS;
	assert_code(XT_WHY_UP);
	f->heard = 13 * S;
	assert_code(XT_WHY_ICMP);
	f->heard = 2 * S; /* a request that the peer does not answer */
	f->requests = 1;
	f->requests_age = 2 * S;
	assert_code(XT_WHY_ICMP);
	f->heard = 1 * S;
	assert_code(XT_WHY_UP);
}

static void a_response_that_does_not_verify_is_psk(void **state)
{
	struct xt_peer_facts *f = peer_calling(1);
	(void)state;

	f->response_bad = 1;
	f->response_bad_age = 1 * S;
	assert_code(XT_WHY_PSK);
	f->response_bad_age = 100 * S; /* before this attempt */
	assert_code(XT_WHY_SILENT);
	f = peer_up(); /* one in a renewal may be forged */
	f->response_bad = 1;
	f->response_bad_age = 1 * S;
	f->initiations = 2;
	f->first_initiation = 6 * S;
	assert_code(XT_WHY_UP);
	f->response_bad = 2;
	assert_code(XT_WHY_PSK);
}

static void an_initiation_that_is_too_old_is_clock(void **state)
{
	struct xt_peer_facts *f = peer_new();
	(void)state;

	f->old = 1;
	f->old_age = 1 * S;
	f->heard = 3600 * S;
	assert_code(XT_WHY_CLOCK);
	f = peer_up(); /* overtaken by one that came to a session */
	f->old = 1;
	f->old_age = 10 * MS;
	f->heard = 20 * MS;
	assert_code(XT_WHY_UP);
	f->old = 2; /* the session is only this side's */
	f->heard = 40 * S;
	assert_code(XT_WHY_CLOCK);
	f->heard = 1 * MS;
	assert_code(XT_WHY_UP);
	f = peer_calling(4); /* it was before this attempt */
	f->old = 5;
	f->old_age = 3600 * S;
	f->heard = 7200 * S;
	assert_code(XT_WHY_SILENT);
}

static void load_is_of_the_peer_or_of_this_side(void **state)
{
	struct xt_peer_facts *f = peer_calling(1);
	(void)state;

	f->cookies = 1;
	f->cookie_age = 1 * S;
	assert_code(XT_WHY_LOAD);
	f = peer_calling(2);
	report.under_load = true;
	assert_code(XT_WHY_LOAD);
	f->first_initiation = 1 * S;
	assert_code(XT_WHY_LOAD);
	f = peer_new(); /* it has nothing to do with load */
	report.under_load = true;
	f->cookies = 1;
	f->cookie_age = 1 * S;
	assert_code(XT_WHY_IDLE);
	f = peer_up();
	report.under_load = true;
	f->cookies = 2;
	f->cookie_age = 1 * S;
	assert_code(XT_WHY_UP);
}

static void half_is_seen_by_the_side_that_answers(void **state)
{
	struct xt_peer_facts *f = peer_new();
	(void)state;

	f->answered = 1; /* the session is on its way */
	f->answered_age = f->heard = 20 * MS;
	assert_code(XT_WHY_IDLE);
	f->answered_age = f->heard = 1 * S;
	assert_code(XT_WHY_HALF);
	f->answered_age = f->heard = 86400 * S; /* the peer gave up */
	assert_code(XT_WHY_HALF);
	f->heard = 3600 * S; /* another session was there since */
	assert_code(XT_WHY_IDLE);
	f->answered = 2; /* the first of them had no effect */
	f->answered_age = f->heard = 20 * MS;
	assert_code(XT_WHY_HALF);
	f->answered_age = f->heard = 86400 * S;
	assert_code(XT_WHY_HALF);
	f = peer_calling(1); /* between two initiations of the peer */
	f->answered = 1;
	f->answered_age = f->heard = 4 * S;
	assert_code(XT_WHY_HALF);
	f = peer_calling(2); /* that was another time */
	f->answered = 3;
	f->answered_age = f->heard = 3600 * S;
	assert_code(XT_WHY_SILENT);
	f = peer_up();
	f->answered = 2;
	f->answered_age = 1 * S;
	assert_code(XT_WHY_UP);
	f->answered = 5; /* an outage that has just ended */
	assert_code(XT_WHY_UP);
	f->answered = 6;
	assert_code(XT_WHY_HALF);
}

static void half_is_seen_by_the_side_that_calls(void **state)
{
	struct xt_peer_facts *f = peer_calling(3);
	(void)state;

	f->heard = 4 * S;
	assert_code(XT_WHY_HALF);
	f->heard = 11500 * MS; /* it was on its way when the first initiation was sent */
	assert_code(XT_WHY_SILENT);
	f = peer_up(); /* a renewal with lost initiations on a link that carries data */
	f->initiations = 3;
	f->first_initiation = 12 * S;
	assert_code(XT_WHY_UP);
	f->initiations = 4;
	assert_code(XT_WHY_UP);
	f->first_initiation = 16 * S; /* the peer is heard again only now */
	assert_code(XT_WHY_UP);
	f->initiations_heard = 3;
	assert_code(XT_WHY_HALF);
	f->initiations_heard = 2;
	assert_code(XT_WHY_UP);
}

static void silent_without_session_comes_at_once(void **state)
{
	struct xt_peer_facts *f = peer_calling(1);
	(void)state;

	f->first_initiation = f->last_initiation = 200 * MS; /* a far peer needs that */
	assert_code(XT_WHY_IDLE);
	f->first_initiation = f->last_initiation = 1 * S;
	assert_code(XT_WHY_SILENT);
	f = peer_calling(18);
	f->gave_up = 86400 * S;
	f->last_initiation += 86400 * S;
	f->first_initiation += 86400 * S;
	peer.handshaking = false;
	assert_code(XT_WHY_SILENT);
	f = peer_calling(1); /* the next attempt */
	f->first_initiation = f->last_initiation = 10 * MS;
	f->gave_up = 30 * S;
	assert_code(XT_WHY_SILENT);
	f->heard = 29 * S;
	assert_code(XT_WHY_IDLE);
}

static void a_session_whose_peer_has_gone_is_silent(void **state)
{
	struct xt_peer_facts *f = peer_lost(1);
	(void)state;

	assert_code(XT_WHY_UP); /* 1 s after the first initiation */
	f = peer_lost(2);
	assert_code(XT_WHY_SILENT);
	peer.last_handshake_wall_ns = (status.now_s - 126) * S; /* a renewal, of a quiet link */
	assert_code(XT_WHY_UP);
	f = peer_lost(3);
	peer.last_handshake_wall_ns = (status.now_s - 140) * S;
	assert_code(XT_WHY_SILENT);
	f = peer_lost(4); /* the user asked for one while the link was in use, and it broke then */
	f->heard = f->first_initiation + 1 * S;
	assert_code(XT_WHY_SILENT);
	f->initiations = 3;
	assert_code(XT_WHY_SILENT);
	f->first_initiation = 6 * S;
	f->heard = 7 * S;
	assert_code(XT_WHY_UP);
	f->initiations = 2;
	f->first_initiation = 20 * S;
	f->heard = 21 * S;
	assert_code(XT_WHY_UP);
	status.now_s = 0; /* the age of the session is not known: wait for three */
	f = peer_lost(2);
	status.now_s = 0;
	assert_code(XT_WHY_UP);
}

static void a_refused_source_is_allowed_ips_until_it_is_covered(void **state)
{
	struct xt_peer_facts *f = peer_up();
	(void)state;

	f->source_refused = 4;
	f->source_age = 1 * S;
	f->data_received = XT_NEVER;
	xt_ip_parse(&f->source, "10.9.0.77");
	assert_code(XT_WHY_ALLOWED_IPS);
	peer.session = false;
	assert_code(XT_WHY_IDLE);
	peer.session = true;
	f->source_age = 200 * S;
	assert_code(XT_WHY_UP);
	f->source_age = 30 * S; /* what came since was accepted */
	f->data_received = 1 * S;
	assert_code(XT_WHY_UP);
	f->source_age = 1 * S;
	xt_cidr_parse(&allowed[0], "10.9.0.0/24"); /* mended by a reload */
	assert_code(XT_WHY_UP);
}

static void a_source_of_another_peer_is_allowed_ips(void **state)
{
	static struct xt_peer_report both[2];
	struct xt_peer_facts *f = peer_up();
	(void)state;

	f->source_refused = 1;
	f->source_age = 1 * S;
	xt_ip_parse(&f->source, "10.9.0.77");
	xt_cidr_parse(&allowed[0], "10.9.0.0/24");
	xt_cidr_parse(&allowed[1], "10.9.0.77/32");
	both[0] = both[1] = peer;
	both[1].first_allowed = 1;
	report.peers = both;
	report.n_peers = report.n_allowed = 2;
	assert_int_equal(xt_why_judge(&status, &report, &both[0]), XT_WHY_ALLOWED_IPS);
	assert_int_equal(xt_why_judge(&status, &report, &both[1]), XT_WHY_UP);
}

static void packets_beyond_the_path_mtu_are_mtu(void **state)
{
	struct xt_peer_facts *f = peer_up();
	(void)state;

	f->too_large = 2;
	f->too_large_age = 60 * S;
	peer.path_mtu = 1300;
	peer.path_mtu_source = XT_PATH_MTU_PROBED;
	assert_code(XT_WHY_MTU);
	f->too_large_age = 200 * S;
	assert_code(XT_WHY_UP);
	f->too_large_age = 60 * S;
	peer.path_mtu = 1420; /* the whole interface's */
	assert_code(XT_WHY_UP);
	peer.path_mtu = 1300;
	peer.path_mtu_source = XT_PATH_MTU_SILENT;
	assert_code(XT_WHY_UP);
}

static void requests_without_answers_are_one_way(void **state)
{
	struct xt_peer_facts *f = peer_up();
	(void)state;

	f->requests = 6;
	f->requests_age = 6 * S;
	f->data_received = 3600 * S;
	f->heard = 1 * S;
	assert_code(XT_WHY_ONE_WAY);
	f->requests_age = 4 * S;
	assert_code(XT_WHY_UP);
	f->requests_age = 60 * S;
	f->requests = 2;
	assert_code(XT_WHY_UP);
	f->requests = 6;
	f->data_sent = 200 * S; /* some time ago */
	assert_code(XT_WHY_UP);
	f = peer_up(); /* a stream in one direction asks for nothing */
	f->data_received = XT_NEVER;
	f->heard = 9 * S;
	f->data_sent = 0;
	f->traffic.sent_60s = 100000;
	assert_code(XT_WHY_UP);
}

static void datagrams_of_an_unknown_session_are_restarted(void **state)
{
	struct xt_peer_facts *f = peer_new();
	(void)state;

	f->unknown_sessions = 3;
	f->unknown_age = 1 * S;
	assert_code(XT_WHY_RESTARTED);
	f->unknown_age = 170 * S;
	assert_code(XT_WHY_RESTARTED);
	f->unknown_age = 200 * S;
	assert_code(XT_WHY_IDLE);
	f->unknown_age = 1 * S;
	f->heard = 500 * MS;
	assert_code(XT_WHY_IDLE);
	f = peer_up();
	f->unknown_sessions = 3;
	f->unknown_age = 1 * MS;
	assert_code(XT_WHY_UP);
}

static void a_peer_in_a_session_of_before_is_not_silent(void **state)
{
	struct xt_peer_facts *f = peer_calling(3);
	(void)state;

	f->unknown_sessions = 9;
	f->unknown_age = 25 * S; /* by its keepalive */
	assert_code(XT_WHY_RESTARTED);
	report.facts.n_strangers = 1; /* it calls another key: this side's has changed */
	report.facts.strangers[0].from = peer.endpoint;
	assert_code(XT_WHY_SILENT);
	report.facts.n_strangers = 0;
	f->unknown_age = 31 * S; /* it has gone */
	assert_code(XT_WHY_SILENT);
	f->unknown_age = 1 * S;
	f->answered = 2; /* it calls as well, and does not get the responses */
	f->answered_age = f->heard = 1 * S;
	assert_code(XT_WHY_HALF);
	f = peer_calling(1);
	f->gave_up = 60 * S;
	f->unknown_sessions = 1;
	f->unknown_age = 1 * S;
	assert_code(XT_WHY_RESTARTED);
}

static void healthy_links_are_up_or_idle(void **state)
{
	struct xt_peer_facts *f = peer_new();
	(void)state;

	assert_code(XT_WHY_IDLE);
	f->heard = f->data_sent = f->data_received = 7200 * S; /* quiet for hours */
	assert_code(XT_WHY_IDLE);
	f = peer_up();
	assert_code(XT_WHY_UP);
	f->heard = f->data_sent = f->data_received = 170 * S; /* quiet, with a session */
	assert_code(XT_WHY_UP);
	f->initiations = 1; /* the next packet renews it */
	f->first_initiation = f->last_initiation = 20 * MS;
	f->data_sent = 20 * MS;
	assert_code(XT_WHY_UP);
	f = peer_up(); /* just healed: what was before the session */
	f->icmp_count = 5;
	f->icmp_age = 2 * S;
	f->old = 2;
	f->old_age = 3 * S;
	f->source_refused = 9;
	f->source_age = 181 * S;
	assert_code(XT_WHY_UP);
}

TEST_MAIN(cmocka_unit_test(a_name_without_address_is_name),
	  cmocka_unit_test(a_peer_without_endpoint_that_was_heard_is_idle),
	  cmocka_unit_test(a_loop_ends_with_traffic_in_both_directions),
	  cmocka_unit_test(what_the_host_does_not_send_is_send_error),
	  cmocka_unit_test(icmp_needs_something_unanswered),
	  cmocka_unit_test(icmp_while_the_link_works_is_forged),
	  cmocka_unit_test(a_response_that_does_not_verify_is_psk),
	  cmocka_unit_test(an_initiation_that_is_too_old_is_clock),
	  cmocka_unit_test(load_is_of_the_peer_or_of_this_side),
	  cmocka_unit_test(half_is_seen_by_the_side_that_answers),
	  cmocka_unit_test(half_is_seen_by_the_side_that_calls),
	  cmocka_unit_test(silent_without_session_comes_at_once),
	  cmocka_unit_test(a_session_whose_peer_has_gone_is_silent),
	  cmocka_unit_test(a_refused_source_is_allowed_ips_until_it_is_covered),
	  cmocka_unit_test(a_source_of_another_peer_is_allowed_ips),
	  cmocka_unit_test(packets_beyond_the_path_mtu_are_mtu),
	  cmocka_unit_test(requests_without_answers_are_one_way),
	  cmocka_unit_test(datagrams_of_an_unknown_session_are_restarted),
	  cmocka_unit_test(a_peer_in_a_session_of_before_is_not_silent),
	  cmocka_unit_test(healthy_links_are_up_or_idle))
