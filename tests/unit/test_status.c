/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The state of an instance as JSON and as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "ipc/status.h"
#include "reports.h"
#include "test_main.h"

static struct xt_peer_report peers[3];
static struct xt_cidr allowed[2];
static struct xt_report report;

static const struct xt_status_lock locks[] = {
    {"seccomp", "taken"}, {"landlock", "not here"}, {"parent", "unused"}, {NULL, NULL}};
static const struct xt_status status = {.name = "wg0",
					.ifindex = 7,
					.mtu = 1420,
					.pid = 99,
					.version = "0.1.0",
					.uptime_s = 3661,
					.aead = "sodium",
					.aead_reason = "as requested",
					.offload = "tso gso",
					.fallbacks = 2,
					.threads = 3,
					.udp_port = 51820,
					.udp_overruns = 5,
					.udp_egress_drops = 6,
					.sandbox = "partial",
					.sandbox_user = 61184,
					.sandbox_locks = locks,
					.echo = "both",
					.echo_host = 1,
					.echo_peer = 2};

static int fill(void **state)
{
	(void)state;
	memset(peers, 0, sizeof(peers));
	report = report_over(peers, 3, allowed, 2);
	memset(report.private_key.b, 0x77, 32);
	memset(report.public_key.b, 1, 32);
	for (int i = 0; i < 3; i++)
		memset(peers[i].key.b, 0x10 + i, 32);
	memset(peers[1].psk.b, 0x66, 32);
	strcpy(peers[1].name, "left \033[31mred");
	xt_endpoint_parse(&peers[1].endpoint, "192.0.2.1:7");
	peers[1].last_handshake_wall_ns = 1000 * 1000000000ull;
	peers[1].rx_bytes = 1526;
	peers[1].tx_bytes = 794;
	peers[1].keepalive_s = 25;
	peers[1].n_allowed = 2;
	peers[2].last_handshake_wall_ns = 1063 * 1000000000ull;
	xt_cidr_parse(&allowed[0], "10.0.0.0/8");
	xt_cidr_parse(&allowed[1], "fd07::/48");
	report.verdicts[XT_DROP_REPLAY] = 3;
	report.verdicts[XT_DROP_MULTICAST] = 9;
	report.verdicts[XT_PASS] = 5;
	return 0;
}

static char *print(const json_t *json, bool colour, uint64_t now_s)
{
	struct xt_status_style style = {colour, now_s};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	xt_status_print(f, json, &style);
	fclose(f);
	return text;
}

static void text_has_the_form_of_wg_show_and_more(void **state)
{
	json_t *json = xt_status_json(&status, &report);
	(void)state;

	assert_non_null(json);
	char *text = print(json, false, 1063);
	assert_string_equal(text, "interface: wg0\n"
				  "  public key: AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
				  "  private key: (hidden)\n"
				  "  listening port: 51820\n"
				  "  fwmark: 0xca6c\n"
				  "  mtu: 1420\n"
				  "  running for: 1 hour, 1 minute, 1 second\n"
				  "  aead: sodium (as requested)\n"
				  "  threads: 3\n"
				  "  offload: tso gso, refused 2 times\n"
				  "  echo: both, 1 answered to this host, 2 answered to peers\n"
				  "  sandbox: partial, user 61184, landlock: not here\n"
				  "  dropped: 3: counter seen before or too far behind\n"
				  "  ignored: 9: multicast or broadcast that no peer's AllowedIPs "
				  "cover\n"
				  "  dropped: 5: the socket's queue was full\n"
				  "  dropped: 6: the queue of a link was full\n"
				  "\n"
				  "peer: EhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEhI=\n"
				  "  allowed ips: (none)\n"
				  "  latest handshake: Now\n"
				  "\n"
				  "peer: ERERERERERERERERERERERERERERERERERERERERERE=\n"
				  "  name: left ?[31mred\n"
				  "  preshared key: (hidden)\n"
				  "  endpoint: 192.0.2.1:7\n"
				  "  allowed ips: 10.0.0.0/8, fd07::/48\n"
				  "  latest handshake: 1 minute, 3 seconds ago\n"
				  "  transfer: 1.49 KiB received, 794 B sent\n"
				  "  persistent keepalive: every 25 seconds\n"
				  "\n"
				  "peer: EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA=\n"
				  "  allowed ips: (none)\n");
	free(text);
	text = print(json, false, 10);
	assert_non_null(
	    strstr(text, "(System clock wound backward; connection problems may ensue.)"));
	free(text);
	text = print(json, true, 1063);
	assert_non_null(strstr(text, "\033[32m\033[1minterface\033[0m: \033[32mwg0\033[0m\n"));
	free(text);
	json_decref(json);
}

static bool on_entry(const void *ctx, const struct xt_public *peer, size_t entry,
		     struct xt_status_name *out)
{
	(void)ctx;
	(void)peer;
	if (entry == 1) {
		strcpy(out->name, "b.test:8");
		strcpy(out->state, "resolving");
	} else if (entry == 2) {
		strcpy(out->name, "c.test:9");
		strcpy(out->state, "at the last look-up: no such host");
	}
	return entry < 3;
}

static void endpoints_are_listed_with_their_states(void **state)
{
	struct xt_candidate_report c[4] = {{.state = XT_CANDIDATE_HELD, .hold_ns = 59500000000},
					   {.state = XT_CANDIDATE_IN_USE, .entry = 2},
					   {.state = XT_CANDIDATE_TRYING, .entry = 2},
					   {.state = XT_CANDIDATE_IDLE, .learned = true}};
	struct xt_status with = status;
	json_t *json, *list;
	char *text;
	(void)state;

	for (int i = 0; i < 4; i++) {
		c[i].endpoint.ip = (struct xt_ip){4, {192, 0, 2, (uint8_t)(i + 1)}};
		c[i].endpoint.port = 7;
	}
	with.endpoint_entry = on_entry;
	report.candidates = c;
	peers[1].n_candidates = 4;
	json = xt_status_json(&with, &report);
	text = print(json, false, 1063);
	assert_non_null(strstr(
	    text, "\n  endpoints: 192.0.2.1:7 (no answer, held for 60 s), b.test:8 (resolving), "
		  "192.0.2.2:7 (in use), 192.0.2.3:7 (trying), 192.0.2.4:7\n"));
	free(text);
	list = json_object_get(json_array_get(json_object_get(json, "peers"), 1), "endpoints");
	assert_int_equal(json_array_size(list), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "name")),
			    "c.test:9");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "lookup")),
			    "at the last look-up: no such host");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "state")),
			    "unresolved");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "hold_s")),
			 60);
	assert_true(json_is_true(json_object_get(json_array_get(list, 4), "learned")));
	json_decref(json);
	peers[1].n_candidates = 0;
	peers[1].endpoint_set = true;
	json = xt_status_json(&with, &report);
	list = json_object_get(json_array_get(json_object_get(json, "peers"), 1), "endpoints");
	assert_int_equal(json_array_size(list), 0);
	json_decref(json);
}

static void a_peer_that_is_not_fine_has_a_line_that_says_why(void **state)
{
	json_t *json, *peer;
	char *text;
	(void)state;

	peers[1].facts.initiations = 3;
	peers[1].facts.first_initiation = peers[1].facts.gave_up = 80 * 1000000000ull;
	peers[1].facts.heard = XT_NEVER;
	json = xt_status_json(&status, &report);
	peer = json_array_get(json_object_get(json, "peers"), 1);
	assert_string_equal(json_string_value(json_object_get(peer, "code")), "silent");
	assert_non_null(json_object_get(peer, "sentence"));
	peer = json_array_get(json_object_get(json, "peers"), 0);
	assert_string_equal(json_string_value(json_object_get(peer, "code")), "idle");
	assert_null(json_object_get(peer, "sentence"));
	text = print(json, false, 1063);
	assert_non_null(strstr(text, "\n  why: silent: 3 initiations sent to 192.0.2.1:7 in "));
	assert_null(strstr(text, "why: idle"));
	free(text);
	json_decref(json);
}

static void json_has_every_counter_and_no_secret(void **state)
{
	json_t *json = xt_status_json(&status, &report);
	(void)state;

	char *text = json_dumps(json, 0);
	assert_null(strstr(text, "d3d3d3d3")); /* base64 and hex of the private key and the psk */
	assert_null(strstr(text, "ZmZmZmZm"));
	assert_null(strstr(text, "77777777"));
	assert_null(strstr(text, "66666666"));
	free(text);
	assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
	assert_null(json_object_get(json, "config")); /* no path was given */
	const json_t *counters = json_object_get(json, "counters");
	assert_int_equal(json_object_size(counters), XT_VERDICTS);
	assert_int_equal(json_integer_value(json_object_get(counters, "drop_replay")), 3);
	const json_t *peer = json_array_get(json_object_get(json, "peers"), 1);
	assert_true(json_is_true(json_object_get(peer, "preshared_key")));
	assert_int_equal(json_integer_value(json_object_get(peer, "latest_handshake")), 1000);
	assert_int_equal(json_integer_value(json_object_get(json, "ifindex")), 7);
	json_decref(json);
}

static void a_peer_has_the_counters_that_are_not_0(void **state)
{
	(void)state;
	peers[1].facts.verdicts[XT_PEER_XT_DROP_REPLAY] = 4;
	peers[1].facts.verdicts[XT_PEER_XT_STAGED] = 1;
	json_t *json = xt_status_json(&status, &report);
	const json_t *list = json_object_get(json, "peers");
	const json_t *counters = json_object_get(json_array_get(list, 1), "counters");

	assert_int_equal(json_object_size(counters), 2);
	assert_int_equal(json_integer_value(json_object_get(counters, "drop_replay")), 4);
	assert_int_equal(json_integer_value(json_object_get(counters, "staged")), 1);
	assert_null(json_object_get(json_array_get(list, 0), "counters"));
	json_decref(json);
}

static void counters_keep_all_their_bits(void **state)
{
	(void)state;
	peers[1].rx_bytes = (1ull << 53) + 1;
	peers[1].tx_bytes = UINT64_MAX;
	json_t *json = xt_status_json(&status, &report);
	const json_t *peer = json_array_get(json_object_get(json, "peers"), 1);
	assert_true(json_integer_value(json_object_get(peer, "rx_bytes")) == (1ll << 53) + 1);
	assert_true(json_integer_value(json_object_get(peer, "tx_bytes")) == INT64_MAX);
	char *text = print(json, false, 1063);
	assert_non_null(strstr(text, "8192.00 TiB received"));
	free(text);
	json_decref(json);
}

static void brief_peer_clear(struct xt_peer_report *p)
{
	p->rx_bytes = p->tx_bytes = p->last_handshake_wall_ns = 0;
	p->handshake_attempts = 0;
	p->staged = 0;
	p->path_mtu = 0;
	p->facts.rtt_ns = 0;
	p->critical = false;
}

static void a_brief_status_has_of_peers_what_metrics_need(void **state)
{
	struct xt_status brief = status;
	json_t *json, *peer, *value;
	const char *key;
	(void)state;

	brief.brief = true;
	json = xt_status_json(&brief, &report);
	assert_non_null(json);
	peer = json_array_get(json_object_get(json, "peers"), 1);
	assert_int_equal(json_integer_value(json_object_get(peer, "rx_bytes")), 1526);
	assert_true(json_is_array(json_object_get(peer, "allowed_ips")));
	assert_true(json_is_string(json_object_get(peer, "code")));
	assert_null(json_object_get(peer, "endpoints"));
	assert_null(json_object_get(peer, "preshared_key"));
	assert_int_equal(json_integer_value(json_object_get(json, "mtu")), 1420);
	assert_true(json_is_true(json_object_get(json, "brief")));
	json_decref(json);
	/* What is 0 is left out. */
	brief_peer_clear(&peers[1]);
	json = xt_status_json(&brief, &report);
	peer = json_array_get(json_object_get(json, "peers"), 1);
	json_object_foreach(peer, key, value) assert_false(
	    json_is_false(value) || (json_is_integer(value) && !json_integer_value(value)));
	assert_non_null(json_object_get(peer, "public_key"));
	json_decref(json);
	json = xt_status_json(&status, &report);
	peer = json_array_get(json_object_get(json, "peers"), 1);
	assert_true(json_is_integer(json_object_get(peer, "rx_bytes")));
	assert_null(json_object_get(json, "brief"));
	json_decref(json);
}

static void an_object_of_another_version_is_printed_as_far_as_known(void **state)
{
	static const char *const texts[] = {
	    "{}", "{\"name\":7,\"peers\":{},\"echo\":[],\"counters\":1}",
	    "{\"peers\":[1,null,{\"allowed_ips\":[1,\"x\",\"a\\u001b/b\\u001b\"]}]}"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *json = json_loads(texts[i], 0, NULL);
		char *text = print(json, false, 0);

		assert_non_null(strstr(text, "interface: ?\n"));
		assert_null(strchr(text, '\033'));
		free(text);
		json_decref(json);
	}
}

static void colour_obeys_the_environment(void **state)
{
	FILE *f = fopen("/dev/null", "w");
	(void)state;

	unsetenv("NO_COLOR");
	setenv("WG_COLOR_MODE", "always", 1);
	assert_true(xt_status_colour(f));
	setenv("WG_COLOR_MODE", "never", 1);
	assert_false(xt_status_colour(f));
	unsetenv("WG_COLOR_MODE");
	assert_false(xt_status_colour(f));
	fclose(f);
}

TEST_MAIN(cmocka_unit_test_setup(text_has_the_form_of_wg_show_and_more, fill),
	  cmocka_unit_test_setup(endpoints_are_listed_with_their_states, fill),
	  cmocka_unit_test_setup(a_peer_that_is_not_fine_has_a_line_that_says_why, fill),
	  cmocka_unit_test_setup(json_has_every_counter_and_no_secret, fill),
	  cmocka_unit_test_setup(a_peer_has_the_counters_that_are_not_0, fill),
	  cmocka_unit_test_setup(counters_keep_all_their_bits, fill),
	  cmocka_unit_test_setup(a_brief_status_has_of_peers_what_metrics_need, fill),
	  cmocka_unit_test(an_object_of_another_version_is_printed_as_far_as_known),
	  cmocka_unit_test(colour_obeys_the_environment))
