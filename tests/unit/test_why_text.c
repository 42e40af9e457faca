/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* What `why` says: sentences with their values, causes, remedies, as JSON and as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "test_main.h"
#include "why_peers.h"

#define LOCAL_KEY "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define PEER_KEY  "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define OTHER_KEY "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="

static void assert_sentence(const char *expected)
{
	char text[XT_WHY_SENTENCE];

	xt_why_sentence(&status, &report, &peer, text);
	assert_string_equal(text, expected);
}

static const json_t *peer_json(json_t **why)
{
	*why = xt_why_json(&status, &report, NULL);
	assert_non_null(*why);
	return json_array_get(json_object_get(*why, "peers"), 0);
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *cause(const json_t *o, size_t i)
{
	return json_string_value(json_array_get(json_object_get(o, "causes"), i));
}

static char *print(const json_t *json, bool colour)
{
	struct xt_status_style style = {.colour = colour};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	xt_why_print(f, json, &style);
	fclose(f);
	return text;
}

static void stranger_add(const char *from, bool unknown_key)
{
	struct xt_stranger *s = &report.facts.strangers[report.facts.n_strangers++];

	memset(s, 0, sizeof(*s));
	s->unknown_key = unknown_key;
	memset(&s->key, 3, sizeof(s->key));
	xt_endpoint_parse(&s->from, from);
	s->messages = 4;
	s->age = 2 * S;
}

static void sentences_before_a_session(void **state)
{
	struct xt_peer_facts *f = peer_new();
	(void)state;

	assert_sentence("nothing was to be sent yet, and the peer was not heard");
	peer.keepalive_s = 25;
	assert_sentence("the first handshake is about to begin");
	f->heard = 3723 * S;
	assert_sentence("nothing to send: heard 1 hour, 2 minutes, 3 seconds ago");
	peer_calling(1);
	peer.facts.first_initiation = 200 * MS;
	assert_sentence("a handshake with 192.0.2.1:51820 began less than 1 second ago");
	peer_calling(3);
	assert_sentence("3 initiations sent to 192.0.2.1:51820 in 12 seconds, nothing heard. This "
			"side's public key is " LOCAL_KEY ", the peer's " PEER_KEY);
	f->gave_up = 10 * S;
	f->first_initiation = 100 * S;
	f->heard = 7200 * S;
	xt_ip_parse(&peer.local, "192.0.2.2");
	peer.ifindex = 1;
	assert_sentence("3 initiations sent to 192.0.2.1:51820 over lo from 192.0.2.2 in 1 minute, "
			"30 seconds, nothing heard for 2 hours; gave up 10 seconds ago. This "
			"side's public key is " LOCAL_KEY ", the peer's " PEER_KEY);
	f->gave_up = 200 * S; /* another attempt */
	assert_sentence(
	    "3 initiations sent to 192.0.2.1:51820 over lo from 192.0.2.2 in 1 minute, "
	    "40 seconds, nothing heard for 2 hours. This side's public key is " LOCAL_KEY
	    ", the peer's " PEER_KEY);
	memset(&peer.endpoint, 0, sizeof(peer.endpoint));
	f->heard = XT_NEVER;
	assert_sentence("no Endpoint is set, and the peer was never heard");
	status.endpoint_name = name_is_looked_up;
	assert_sentence("the name left.example:51820 has no address yet: resolving, next try in 5 "
			"s: no such host");
}

static void silence_counts_the_addresses_that_were_tried(void **state)
{
	static struct xt_candidate_report c[4] = {{.state = XT_CANDIDATE_IN_USE},
						  {.state = XT_CANDIDATE_HELD},
						  {.state = XT_CANDIDATE_IDLE},
						  {.state = XT_CANDIDATE_TRYING}};
	char text[XT_WHY_SENTENCE];
	(void)state;

	peer_calling(3);
	for (size_t i = 0; i < 4; i++) {
		c[i].endpoint = peer.endpoint;
		c[i].endpoint.port = (uint16_t)(51820 + i);
	}
	report.candidates = c;
	peer.n_candidates = 3;
	xt_why_sentence(&status, &report, &peer, text);
	assert_non_null(strstr(text, "sent to 192.0.2.1:51820 and 1 other address in "));
	peer.n_candidates = 4;
	xt_why_sentence(&status, &report, &peer, text);
	assert_non_null(strstr(text, "sent to 192.0.2.1:51820 and 2 other addresses in "));
}

static bool way_of_the_host(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
			    uint32_t *ifindex)
{
	assert_int_equal(to->port, 51820);
	assert_int_equal(mark, 7);
	xt_ip_parse(source, "192.0.2.99");
	*ifindex = 1;
	return true;
}

static void silence_names_the_way_that_the_host_takes(void **state)
{
	char text[XT_WHY_SENTENCE];
	(void)state;

	peer_calling(1);
	status.way = way_of_the_host;
	report.fwmark = 7;
	xt_why_sentence(&status, &report, &peer, text);
	assert_non_null(strstr(text, "to 192.0.2.1:51820 over lo from 192.0.2.99 in "));
	xt_ip_parse(&peer.local, "192.0.2.2"); /* where the peer was heard counts more */
	xt_why_sentence(&status, &report, &peer, text);
	assert_non_null(strstr(text, "to 192.0.2.1:51820 over lo from 192.0.2.2 in "));
}

static void silence_names_a_wrong_clock_first(void **state)
{
	char text[XT_WHY_SENTENCE];
	json_t *why;
	(void)state;

	peer_calling(3);
	status.clock_behind_ns = 7200 * S;
	xt_why_sentence(&status, &report, &peer, text);
	assert_non_null(strstr(text, "nothing heard; this host's clock is 2 hours behind the time "
				     "of its own files. This side's"));
	assert_non_null(strstr(cause(peer_json(&why), 0), "clock is wrong"));
	json_decref(why);
	stranger_add("192.0.2.1:51820", true); /* that explains it */
	assert_null(strstr(cause(peer_json(&why), 0), "clock is wrong"));
	json_decref(why);
}

static void sentences_of_failed_handshakes(void **state)
{
	struct xt_peer_facts *f = peer_calling(2);
	(void)state;

	f->send_error = EPERM;
	f->send_error_count = 3;
	f->send_error_age = 2 * S;
	assert_sentence("this host refuses to send to 192.0.2.1:51820: not permitted (EPERM) (3 "
			"times, the latest 2 seconds ago)");
	f = peer_calling(2);
	f->icmp_kind = XT_UNREACHABLE_ADMIN;
	f->icmp_count = 1;
	f->icmp_age = 2 * S;
	xt_ip_parse(&f->icmp_from, "198.51.100.1");
	assert_sentence("datagrams to 192.0.2.1:51820 do not arrive: router 198.51.100.1 says "
			"prohibited by a filter (once, the latest 2 seconds ago)");
	f->icmp_kind = XT_UNREACHABLE_PORT;
	xt_ip_parse(&f->icmp_from, "192.0.2.1");
	assert_sentence("datagrams to 192.0.2.1:51820 do not arrive: the peer's host (192.0.2.1) "
			"says port unreachable (once, the latest 2 seconds ago)");
	f->icmp_kind = XT_UNREACHABLE_HOST; /* by this host itself */
	xt_ip_parse(&f->icmp_from, "192.0.2.2");
	assert_sentence("datagrams to 192.0.2.1:51820 do not arrive: router 192.0.2.2 says host "
			"unreachable (once, the latest 2 seconds ago)");
	xt_ip_parse(&peer.local, "192.0.2.2");
	assert_sentence("datagrams to 192.0.2.1:51820 do not leave this host: neither 192.0.2.1 "
			"nor a gateway to it answers (once, the latest 2 seconds ago)");
	f = peer_calling(2);
	f->response_bad = 2;
	f->response_bad_age = 2 * S;
	assert_sentence(
	    "2 responses of 192.0.2.1:51820 failed authentication, the latest 2 seconds "
	    "ago: the keys match, the pre-shared key does not");
	f = peer_new();
	f->old = 1;
	f->old_age = 3 * S;
	f->old_back_ns = 86400 * S;
	f->has_clock = true;
	f->clock_ns = -(int64_t)(86400 * S);
	assert_sentence("1 initiation of the peer refused, the latest 3 seconds ago: its timestamp "
			"is 1 day older than one before; it is 1 day behind this host's clock");
	f = peer_calling(1);
	f->cookies = 1;
	f->cookie_age = 1 * S;
	assert_sentence("192.0.2.1:51820 is under load: it asked for a cookie once, the latest 1 "
			"second ago");
	f->cookies = 0;
	report.under_load = true;
	assert_sentence("this interface is under load: handshakes need a cookie first");
	f = peer_calling(3);
	f->heard = 2 * S;
	assert_sentence("the peer was heard 2 seconds ago, but 3 initiations to 192.0.2.1:51820 in "
			"12 seconds were not answered");
	f = peer_new();
	f->answered = 4;
	f->answered_age = f->heard = 2 * S;
	xt_endpoint_parse(&f->answered_from, "[2001:db8::1]:7");
	assert_sentence(
	    "4 initiations of [2001:db8::1]:7 answered, the latest 2 seconds ago, but no "
	    "session followed");
	peer.loop = true;
	peer.loop_key = peer.key;
	xt_cidr_parse(&peer.loop_network, "0.0.0.0/0");
	assert_sentence("datagrams to 192.0.2.1:51820 come back into the tunnel: 192.0.2.1 is in "
			"AllowedIPs 0.0.0.0/0 of this peer");
}

static void sentences_of_a_session(void **state)
{
	struct xt_peer_facts *f = peer_up();
	(void)state;

	peer.ifindex = 1;
	peer.path_mtu = 1420;
	peer.path_mtu_source = XT_PATH_MTU_PROBED;
	assert_sentence("handshake 30 seconds ago, heard less than 1 second ago, round trip 0.40 "
			"ms, loss 1.0 %, path MTU 1420 bytes, IPv4 over lo");
	peer.path_mtu = 1400; /* on that path the peer's probes are lost */
	assert_sentence("handshake 30 seconds ago, heard less than 1 second ago, round trip 0.40 "
			"ms, path MTU 1400 bytes, IPv4 over lo");
	f->received = f->expected;
	assert_sentence("handshake 30 seconds ago, heard less than 1 second ago, round trip 0.40 "
			"ms, loss 0 %, path MTU 1400 bytes, IPv4 over lo");
	f->expected = 500; /* more than they are */
	assert_sentence("handshake 30 seconds ago, heard less than 1 second ago, round trip 0.40 "
			"ms, loss 80 %, path MTU 1400 bytes, IPv4 over lo");
	f->rtt_ns = f->expected = 0;
	peer.path_mtu_source = XT_PATH_MTU_SILENT;
	peer.ifindex = 0;
	status.now_s = 0;
	assert_sentence("handshake, heard less than 1 second ago, IPv4");
	f = peer_up();
	f->source_refused = 2;
	f->source_age = 1 * S;
	f->data_received = XT_NEVER;
	xt_ip_parse(&f->source, "fd09::77");
	assert_sentence(
	    "the peer's packets from fd09::77 are dropped (2 times, the latest 1 second "
	    "ago): fd09::77/128 is not in AllowedIPs of this peer on this side");
	f = peer_up();
	f->too_large = 2;
	f->too_large_age = 1 * S;
	f->too_large_len = 1420;
	peer.path_mtu = 1300;
	peer.path_mtu_source = XT_PATH_MTU_PROBED;
	assert_sentence(
	    "packets of more than 1300 bytes do not fit the path: 2 packets, the latest "
	    "of 1420 bytes 1 second ago; MTU of this interface is 1420");
	f = peer_up();
	f->requests = 6;
	f->requests_age = 6 * S;
	f->data_received = XT_NEVER;
	f->traffic = (struct xt_traffic){6, 0, 7, 1};
	assert_sentence("the peer is heard, but no content came since the first of 6 requests 6 "
			"seconds ago. Packets in 10 s: 6 sent, 0 received; in 60 s: 7 sent, 1 "
			"received");
	f->heard = 7 * S;
	assert_sentence(
	    "nothing came since the first of 6 requests 6 seconds ago. Packets in 10 s: "
	    "6 sent, 0 received; in 60 s: 7 sent, 1 received");
	f = peer_new();
	f->unknown_sessions = 3;
	f->unknown_age = 1 * S;
	assert_sentence(
	    "3 datagrams of 192.0.2.1:51820 for a session that does not exist here, the "
	    "latest 1 second ago");
}

static void a_caller_from_the_endpoint_explains_silence(void **state)
{
	json_t *why;
	const json_t *o;
	(void)state;

	peer_calling(3);
	stranger_add("192.0.2.9:51820", true); /* from elsewhere */
	o = peer_json(&why);
	assert_string_equal(cause(o, 0),
			    "a firewall drops UDP port 51820 at the peer, on the way or "
			    "at this host");
	json_decref(why);
	stranger_add("192.0.2.1:51820", true);
	o = peer_json(&why);
	assert_string_equal(cause(o, 0), "PublicKey of this peer is wrong here: 192.0.2.1:51820 "
					 "calls with " OTHER_KEY);
	json_decref(why);
	report.facts.n_strangers = 0;
	stranger_add("192.0.2.1:51820", false);
	o = peer_json(&why);
	assert_string_equal(cause(o, 0), "the peer has a wrong PublicKey for this side: "
					 "192.0.2.1:51820 calls another key");
	assert_non_null(strstr(text_of(o, "remedy"), LOCAL_KEY));
	json_decref(why);
}

static void each_case_has_its_causes(void **state)
{
	struct xt_peer_facts *f = peer_calling(2);
	json_t *why;
	const json_t *o;
	(void)state;

	f->icmp_kind = XT_UNREACHABLE_PORT;
	f->icmp_count = 1;
	f->icmp_age = 2 * S;
	o = peer_json(&why);
	assert_int_equal(json_array_size(json_object_get(o, "causes")), 3);
	assert_string_equal(cause(o, 1), "the peer listens on another port than 51820");
	assert_string_equal(text_of(o, "remedy"),
			    "start the peer, and compare its ListenPort with Endpoint here");
	json_decref(why);
	f = peer_calling(2);
	f->response_bad = 1;
	f->response_bad_age = 1 * S;
	o = peer_json(&why);
	assert_string_equal(cause(o, 0),
			    "the peer has a PresharedKey for this side, and this side has none");
	json_decref(why);
	memset(&peer.psk, 5, sizeof(peer.psk));
	o = peer_json(&why);
	assert_string_equal(cause(o, 0),
			    "the peer has another PresharedKey for this side, or none");
	json_decref(why);
}

static void json_has_facts_callers_and_the_device(void **state)
{
	json_t *why;
	const json_t *o, *facts;
	char *text;
	(void)state;

	peer_up();
	peer.facts.verdicts[XT_PEER_XT_DROP_SOURCE] = 7;
	memset(&peer.psk, 0x66, sizeof(peer.psk));
	memset(&report.private_key, 0x77, sizeof(report.private_key));
	stranger_add("192.0.2.7:1", true);
	stranger_add("192.0.2.8:2", false);
	stranger_add("192.0.2.9:3", true);
	report.facts.strangers[2].key = peer.key; /* it is a peer by now */
	report.facts.n_no_routes = 2;
	xt_ip_parse(&report.facts.no_routes[0].to, "10.9.0.2"); /* covered by now */
	xt_ip_parse(&report.facts.no_routes[1].to, "10.8.0.1");
	report.facts.no_routes[1].packets = 3;
	status.udp_overruns = 2;
	o = peer_json(&why);
	assert_int_equal(json_integer_value(json_object_get(why, "schema")), XT_WHY_SCHEMA);
	assert_string_equal(text_of(why, "interface"), "wg0");
	assert_string_equal(text_of(o, "public_key"), PEER_KEY);
	assert_string_equal(text_of(o, "name"), "left");
	assert_string_equal(text_of(o, "code"), "up");
	facts = json_object_get(o, "facts");
	assert_int_equal(json_integer_value(json_object_get(facts, "round_trip_us")), 400);
	assert_int_equal(json_integer_value(json_object_get(facts, "heard_age_s")), 0);
	assert_null(json_object_get(facts, "gave_up_age_s")); /* never */
	assert_non_null(json_object_get(json_object_get(facts, "traffic"), "sent_10s_packets"));
	facts = json_object_get(facts, "verdicts");
	assert_int_equal(json_object_size(facts), 1);
	assert_int_equal(json_integer_value(json_object_get(facts, "drop_source")), 7);

	o = json_object_get(why, "strangers");
	assert_int_equal(json_array_size(o), 2);
	assert_string_equal(text_of(json_array_get(o, 0), "code"), "unknown-peer");
	assert_int_equal(json_array_size(json_object_get(json_array_get(o, 0), "section")), 3);
	assert_string_equal(
	    text_of(json_array_get(o, 0), "sentence"),
	    "4 initiations of 192.0.2.7:1, the latest 2 seconds ago, with the key " OTHER_KEY
	    ", which is no peer's here");
	assert_string_equal(text_of(json_array_get(o, 1), "code"), "other-key");
	assert_string_equal(text_of(json_array_get(o, 1), "address"), "192.0.2.8:2");
	assert_null(json_object_get(json_array_get(o, 1), "public_key"));

	o = json_object_get(why, "device");
	assert_int_equal(json_array_size(o), 2);
	assert_string_equal(
	    text_of(json_array_get(o, 0), "sentence"),
	    "this host sends to what no peer's AllowedIPs cover: 10.8.0.1 (3 packets)");
	assert_string_equal(
	    text_of(json_array_get(o, 1), "sentence"),
	    "in the last 3 minutes 2 datagrams lost because the queue of the UDP socket was full");
	text = json_dumps(why, 0);
	assert_null(strstr(text, "ZmZmZmZm")); /* no secret */
	assert_null(strstr(text, "d3d3d3d3"));
	free(text);
	json_decref(why);
	report.verdicts[XT_PASS] = 1000000; /* two of a million are no overload */
	peer_json(&why);
	assert_int_equal(json_array_size(json_object_get(why, "device")), 1);
	json_decref(why);
	report.verdicts[XT_PASS] = 0;
	status.before.udp_overruns = 2; /* that was long ago */
	peer_json(&why);
	assert_int_equal(json_array_size(json_object_get(why, "device")), 1);
	json_decref(why);
	report.verdicts[XT_PASS] = 1000500; /* among the latest 500 packets they are */
	status.before = (struct xt_status_losses){.passed = 1000000};
	peer_json(&why);
	assert_int_equal(json_array_size(json_object_get(why, "device")), 2);
	json_decref(why);
}

static void one_peer_may_be_asked_for(void **state)
{
	struct xt_public other;
	json_t *why;
	(void)state;

	peer_up();
	why = xt_why_json(&status, &report, &peer.key);
	assert_int_equal(json_array_size(json_object_get(why, "peers")), 1);
	assert_true(xt_why_fine(why));
	json_decref(why);
	memset(&other, 9, sizeof(other));
	why = xt_why_json(&status, &report, &other);
	assert_int_equal(json_array_size(json_object_get(why, "peers")), 0);
	json_decref(why);
	peer_calling(4);
	why = xt_why_json(&status, &report, NULL);
	assert_false(xt_why_fine(why));
	json_decref(why);
	assert_false(xt_why_fine(NULL));
}

static void text_is_a_paragraph_a_peer(void **state)
{
	json_t *why;
	char *text;
	(void)state;

	peer_calling(1);
	peer.facts.cookies = 1;
	peer.facts.cookie_age = 1 * S;
	stranger_add("192.0.2.7:1", true);
	peer_json(&why);
	text = print(why, false);
	assert_non_null(strstr(text, "peer left (" PEER_KEY "): load\n"
				     "  192.0.2.1:51820 is under load: it asked for a cookie once, "
				     "the latest 1 second ago\n"
				     "  cause: many handshakes at once"));
	assert_non_null(strstr(text, "\n     or: "));
	assert_non_null(strstr(text, "\n   next: wait: "));
	assert_non_null(strstr(text, "\n\ncaller 192.0.2.7:1 (" OTHER_KEY "): unknown-peer\n"));
	assert_non_null(strstr(text,
			       "\n    [Peer]\n    PublicKey = " OTHER_KEY
			       "\n    AllowedIPs = # its inner address, such as 10.9.0.2/32\n"));
	assert_null(strchr(text, '\033'));
	free(text);
	text = print(why, true);
	assert_non_null(strstr(text, "\033[31mload\033[0m\n"));
	free(text);
	json_decref(why);
}

static bool hostile_name(const void *ctx, const struct xt_public *key, struct xt_status_name *out)
{
	(void)ctx;
	(void)key;
	memset(out->name, 'n', sizeof(out->name) - 1);
	out->name[sizeof(out->name) - 1] = '\0';
	memset(out->state, '\033', sizeof(out->state) - 1);
	out->state[sizeof(out->state) - 1] = '\0';
	return true;
}

static void hostile_text_stays_text(void **state)
{
	static const char *const objects[] = {
	    "{}", "[]", "{\"peers\":7,\"strangers\":{},\"device\":[1,null]}",
	    ("{\"peers\":[null,{\"name\":\"a\\u001b[31m\\nb\",\"code\":\"x\\n\",\"causes\":[1,\"\\n\"],"
	     "\"sentence\":\"\\u001b\",\"remedy\":\"\\u202e\",\"section\":[1,\"\\u0007\\n\"]}]}")};
	char sentence[XT_WHY_SENTENCE], *text;
	json_t *why;
	(void)state;

	peer_new();
	memset(&peer.endpoint, 0, sizeof(peer.endpoint));
	memset(peer.name, '\033', sizeof(peer.name)); /* not terminated either */
	status.endpoint_name = hostile_name;
	xt_why_sentence(&status, &report, &peer, sentence);
	assert_true(strlen(sentence) < XT_WHY_SENTENCE);
	assert_null(strchr(sentence, '\033'));
	assert_non_null(strstr(sentence, "???"));
	peer_json(&why);
	text = print(why, false);
	assert_null(strchr(text, '\033'));
	free(text);
	json_decref(why);
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		why = json_loads(objects[i], 0, NULL);
		text = print(why, false);
		assert_null(strchr(text, '\033'));
		assert_null(strchr(text, '\a'));
		assert_null(strstr(text, "\nb"));
		free(text);
		assert_false(xt_why_fine(why) && i == 3);
		json_decref(why);
	}
}

TEST_MAIN(cmocka_unit_test(sentences_before_a_session),
	  cmocka_unit_test(silence_counts_the_addresses_that_were_tried),
	  cmocka_unit_test(silence_names_the_way_that_the_host_takes),
	  cmocka_unit_test(silence_names_a_wrong_clock_first),
	  cmocka_unit_test(sentences_of_failed_handshakes),
	  cmocka_unit_test(sentences_of_a_session),
	  cmocka_unit_test(a_caller_from_the_endpoint_explains_silence),
	  cmocka_unit_test(each_case_has_its_causes),
	  cmocka_unit_test(json_has_facts_callers_and_the_device),
	  cmocka_unit_test(one_peer_may_be_asked_for), cmocka_unit_test(text_is_a_paragraph_a_peer),
	  cmocka_unit_test(hostile_text_stays_text))
