/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The state of instances as metrics, as the status page's JSON, and as a verdict of health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "ipc/metrics.h"
#include "test_main.h"

#define KEY "EREREREREREREREREREREREREREREREREREREREREREQ="
#define LEFT                                                                                       \
	"{\"name\":\"left\",\"public_key\":\"AQ==\",\"version\":\"0.2.0\",\"uptime_s\":61,"        \
	"\"cpu_us\":1250000,\"mtu\":1420,\"listen_port\":51820,\"threads\":2,\"aead\":\"sodium\"," \
	"\"offload\":\"tso gso\",\"offload_fallbacks\":3,\"under_load\":false,"                    \
	"\"sandbox\":{\"state\":\"on\"},"                                                          \
	"\"echo\":{\"mode\":\"both\",\"answered_host\":4,\"answered_peer\":5},"                    \
	"\"udp\":{\"port\":51820,\"refused\":6,\"overruns\":7,\"egress_drops\":8},"                \
	"\"counters\":{\"pass\":9,\"drop_replay\":10}"
#define PEER                                                                                       \
	"{\"public_key\":\"" KEY "\",\"name\":\"a \\\"b\\\" \\\\ c\\nd\","                         \
	"\"endpoint\":\"192.0.2.1:7\",\"allowed_ips\":[\"10.7.0.2/32\",\"fd07::/64\"],"            \
	"\"latest_handshake\":1764494000,\"rx_bytes\":1526,\"tx_bytes\":794,\"critical\":true,"    \
	"\"rtt_us\":20500,\"path_mtu\":1420,\"handshake_attempts\":2,\"staged\":1,"                \
	"\"counters\":{\"taken_handshake\":3,\"drop_auth\":11},"                                   \
	"\"code\":\"silent\",\"sentence\":\"no answer of \\\"b\\\"\"}"

static void add(struct xt_metrics *m, const char *text, int rc)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	assert_int_equal(xt_metrics_add(m, json), rc);
	json_decref(json);
}

static struct xt_metrics *metrics_of(const char *text)
{
	struct xt_metrics *m;

	assert_int_equal(xt_metrics_new(&m, "0.2.0"), 0);
	if (text)
		add(m, text, 0);
	return m;
}

/* Read in pieces of at most that many bytes. */
static char *text_of(const struct xt_metrics *m, enum xt_metrics_format format, size_t piece)
{
	struct xt_metrics_reading reading = {.format = format};
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char buf[8192], *out;
	size_t n;

	while ((n = xt_metrics_read(m, &reading, buf, piece)))
		xt_secbuf_append(&text, buf, n);
	assert_int_equal(reading.text.error, 0);
	xt_metrics_read_end(&reading);
	assert_int_equal(xt_secbuf_detach(&text, &out, &n), 0);
	return out;
}

#define OURS "{interface=\"left\",public_key=\"" KEY "\",name=\"a \\\"b\\\" \\\\ c\\nd\""
#define FLAVOR                                                                                     \
	"{interface=\"left\",public_key=\"" KEY                                                    \
	"\",allowed_ips=\"10.7.0.2/32,fd07::/64\",friendly_name=\"a \\\"b\\\" \\\\ c\\nd\"} "
#define DEVICE		       "{device=\"left\",public_key=\"" KEY "\""
#define HEAD(name, type, help) "# HELP " name " " help "\n# TYPE " name " " type "\n"

static void all_families_are_printed_once_with_their_labels(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	char *text = text_of(m, XT_METRICS_TEXT, 8192);
	(void)state;

	assert_string_equal(
	    text,
	    HEAD(
		"xtunnel_build_info", "gauge",
		"Version of the program that prints these metrics.") "xtunnel_build_info{version=\"0.2.0\"} 1\n" /**/
	    HEAD("xtunnel_up", "gauge",
		 "Whether the instance has answered.") "xtunnel_up{interface=\"left\"} 1\n" /**/
	    HEAD(
		"wireguard_device_info", "gauge",
		"Metadata about a device.") "wireguard_device_info{device=\"left\",public_key=\"AQ==\"} 1\n" /**/
	    HEAD(
		"xtunnel_instance_info", "gauge",
		"Version, AEAD backend, offloads and sandbox of the instance.") "xtunnel_instance_info{interface=\"left\",version=\"0.2.0\",aead=\"sodium\","
										"offload=\"tso gso\",sandbox=\"on\",echo=\"both\"} 1\n" /**/
	    HEAD(
		"xtunnel_uptime_seconds", "gauge",
		"Seconds since the instance started.") "xtunnel_uptime_seconds{interface=\"left\"} 61\n" /**/
	    HEAD(
		"xtunnel_cpu_seconds_total", "counter",
		"Processor time of the process that moves packets.") "xtunnel_cpu_seconds_total{interface=\"left\"} 1.25\n" /**/
	    HEAD("xtunnel_threads", "gauge",
		 "Threads that encrypt.") "xtunnel_threads{interface=\"left\"} 2\n" /**/
	    HEAD("xtunnel_mtu_bytes", "gauge",
		 "MTU of the interface.") "xtunnel_mtu_bytes{interface=\"left\"} 1420\n" /**/
	    HEAD("xtunnel_listen_port", "gauge",
		 "UDP port of the instance.") "xtunnel_listen_port{interface=\"left\"} 51820\n" /**/
	    HEAD("xtunnel_peers", "gauge",
		 "Peers that are configured.") "xtunnel_peers{interface=\"left\"} 1\n" /**/
	    HEAD(
		"xtunnel_under_load", "gauge",
		"Whether handshakes need a cookie first.") "xtunnel_under_load{interface=\"left\"} 0\n" /**/
	    HEAD(
		"xtunnel_queue_overruns_total", "counter",
		"Datagrams that a full queue had no room for.") "xtunnel_queue_overruns_total{interface=\"left\",queue=\"socket\"} 7\n"
								"xtunnel_queue_overruns_total{interface=\"left\",queue=\"link\"} 8\n" /**/
	    HEAD(
		"xtunnel_send_refused_total", "counter",
		"Datagrams that the kernel refused to send.") "xtunnel_send_refused_total{interface=\"left\"} 6\n" /**/
	    HEAD(
		"xtunnel_offload_fallbacks_total", "counter",
		"Offloads that the kernel refused while running.") "xtunnel_offload_fallbacks_total{interface=\"left\"} 3\n" /**/
	    HEAD(
		"xtunnel_echo_answered_total", "counter",
		"Echo requests that the instance answered itself.") "xtunnel_echo_answered_total{interface=\"left\",side=\"host\"} 4\n"
								    "xtunnel_echo_answered_total{interface=\"left\",side=\"peer\"} 5\n" /**/
	    HEAD(
		"xtunnel_drops_total", "counter",
		"Packets dropped, by verdict.") "xtunnel_drops_total{interface=\"left\",verdict=\"replay\"} 10\n" /**/
	    HEAD(
		"xtunnel_packets_total", "counter",
		"Packets not dropped, by verdict.") "xtunnel_packets_total{interface=\"left\",verdict=\"pass\"} 9\n" /**/
	    HEAD("wireguard_sent_bytes_total", "counter",
		 "Bytes sent to the peer.") "wireguard_sent_bytes_total" FLAVOR "794\n" /**/
	    HEAD("wireguard_received_bytes_total", "counter",
		 "Bytes received from the peer.") "wireguard_received_bytes_total" FLAVOR
						  "1526\n" /**/
	    HEAD(
		"wireguard_latest_handshake_seconds", "gauge",
		"Seconds since 1970 of the latest handshake; 0: never.") "wireguard_latest_handshake_seconds" FLAVOR
									 "1764494000\n" /**/
	    HEAD(
		"wireguard_peer_info", "gauge",
		"Metadata about a peer.") "wireguard_peer_info" DEVICE
					  ",endpoint=\"192.0.2.1:7\",name=\"a \\\"b\\\" \\\\ c\\nd\","
					  "allowed_ips=\"10.7.0.2/32,fd07::/64\"} 1\n" /**/
	    HEAD("wireguard_peer_allowed_ips_info", "gauge",
		 "Each network of a peer's AllowedIPs.") "wireguard_peer_allowed_ips_info" DEVICE
							 ",allowed_ips=\"10.7.0.2/32\"} 1\n"
							 "wireguard_peer_allowed_ips_info" DEVICE
							 ",allowed_ips=\"fd07::/64\"} 1\n" /**/
	    HEAD("wireguard_peer_receive_bytes_total", "counter",
		 "Bytes received from the peer.") "wireguard_peer_receive_bytes_total" DEVICE
						  "} 1526\n" /**/
	    HEAD("wireguard_peer_transmit_bytes_total", "counter",
		 "Bytes sent to the peer.") "wireguard_peer_transmit_bytes_total" DEVICE
					    "} 794\n" /**/
	    HEAD(
		"wireguard_peer_last_handshake_seconds", "gauge",
		"Seconds since 1970 of the latest handshake; 0: never.") "wireguard_peer_last_handshake_seconds" DEVICE
									 "} 1764494000\n" /**/
	    HEAD(
		"xtunnel_peer_why", "gauge",
		"Why the peer is reached or not: the code of `xtunnel why`.") "xtunnel_peer_why" OURS
									      ",code=\"silent\"} 1\n" /**/
	    HEAD("xtunnel_peer_up", "gauge",
		 "Whether the code of the peer is up.") "xtunnel_peer_up" OURS "} 0\n" /**/
	    HEAD("xtunnel_peer_critical", "gauge",
		 "1: the file says Critical = yes.") "xtunnel_peer_critical" OURS "} 1\n" /**/
	    HEAD("xtunnel_peer_rtt_seconds", "gauge",
		 "From an initiation to its response, of the latest handshake that this side "
		 "began.") "xtunnel_peer_rtt_seconds" OURS "} 0.0205\n" /**/
	    HEAD(
		"xtunnel_peer_path_mtu_bytes", "gauge",
		"Largest packet that is known to reach the peer in one datagram.") "xtunnel_peer_path_mtu_bytes" OURS
										   "} 1420\n" /**/
	    HEAD(
		"xtunnel_peer_handshakes_total", "counter",
		"Handshake messages of the peer that were accepted.") "xtunnel_peer_handshakes_total" OURS
								      "} 3\n" /**/
	    HEAD(
		"xtunnel_peer_handshake_attempts", "gauge",
		"Initiations sent since the last handshake.") "xtunnel_peer_handshake_attempts" OURS
							      "} 2\n" /**/
	    HEAD("xtunnel_peer_staged_packets", "gauge",
		 "Packets that wait for a session.") "xtunnel_peer_staged_packets" OURS "} 1\n" /**/
	    HEAD(
		"xtunnel_peer_drops_total", "counter",
		"Packets of the peer that were dropped, by verdict.") "xtunnel_peer_drops_total" OURS
								      ",verdict=\"auth\"} 11\n");
	free(text);
	xt_metrics_free(m);
}

static void the_size_of_the_pieces_changes_nothing(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	char *whole = text_of(m, XT_METRICS_TEXT, 8192), *pieces = text_of(m, XT_METRICS_TEXT, 7);
	(void)state;

	assert_string_equal(whole, pieces);
	free(whole);
	free(pieces);
	xt_metrics_free(m);
}

static void openmetrics_names_counters_without_suffix_and_has_an_end(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	char *text = text_of(m, XT_METRICS_OPENMETRICS, 8192);
	(void)state;

	assert_non_null(strstr(text, "\n# TYPE wireguard_sent_bytes counter\n"
				     "wireguard_sent_bytes_total{"));
	assert_non_null(strstr(text, "\n# TYPE xtunnel_up gauge\nxtunnel_up{"));
	assert_null(strstr(text, "_total counter"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
	xt_metrics_free(m);
}

static void parts_of_an_instance_make_the_whole(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}"), *parts;
	json_t *more =
	    json_loads("{\"peers\":[{\"public_key\":\"other\",\"code\":\"up\"}]}", 0, NULL);
	char *text;
	(void)state;

	assert_int_equal(xt_metrics_add_peers(m, more), 0);
	text = text_of(m, XT_METRICS_TEXT, 8192);
	assert_non_null(strstr(text, "xtunnel_peers{interface=\"left\"} 2\n"));
	assert_non_null(strstr(text, "public_key=\"other\",name=\"\"} 1\n"));
	assert_int_equal(xt_metrics_new(&parts, "0"), 0);
	assert_int_equal(xt_metrics_add_peers(parts, more), XT_E_INVALID);
	free(text);
	json_decref(more);
	xt_metrics_free(parts);
	xt_metrics_free(m);
}

static void what_is_missing_or_of_another_type_is_left_out(void **state)
{
	struct xt_metrics *m = metrics_of(
	    "{\"name\":\"a\",\"mtu\":\"x\",\"uptime_s\":-1,\"udp\":7,\"counters\":[1],\"peers\":[1,"
	    "{\"public_key\":5,\"allowed_ips\":\"no\",\"rx_bytes\":1.5,\"name\":\"\\u0001\"}]}");
	char *text = text_of(m, XT_METRICS_TEXT, 8192);
	(void)state;

	assert_null(strstr(text, "xtunnel_mtu_bytes"));
	assert_null(strstr(text, "xtunnel_uptime_seconds"));
	assert_null(strstr(text, "wireguard_received_bytes_total"));
	assert_null(strstr(text, "xtunnel_peer_why"));
	assert_null(strstr(text, "xtunnel_peer_up"));
	assert_non_null(strstr(text,
			       "xtunnel_peer_handshakes_total{interface=\"a\",public_key=\"\","
			       "name=\"?\"} 0\n"));
	add(m, "{\"name\":7}", XT_E_INVALID);
	free(text);
	xt_metrics_free(m);
}

static void an_instance_that_is_silent_is_down_and_has_no_peers(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	char *text;
	(void)state;

	assert_int_equal(xt_metrics_add_silent(m, "left", "does not answer"), 0);
	add(m, "{\"name\":\"right\",\"running\":false,\"fails_closed\":true}", 0);
	text = text_of(m, XT_METRICS_TEXT, 8192);
	assert_non_null(strstr(text, "xtunnel_up{interface=\"left\"} 0\n"
				     "xtunnel_up{interface=\"right\"} 0\n"));
	assert_null(strstr(text, "wireguard_"));
	free(text);
	xt_metrics_free(m);
}

static void check_health(const char *text, bool healthy, const char *expected)
{
	struct xt_secbuf reasons = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_metrics *m = metrics_of(text);

	assert_int_equal(xt_metrics_healthy(m, &reasons), healthy);
	assert_string_equal(reasons.p ? reasons.p : "", expected);
	xt_secbuf_clear(&reasons);
	xt_metrics_free(m);
}

#define ONE(critical, code)                                                                        \
	"{\"name\":\"a\",\"peers\":[{\"public_key\":\"k\",\"critical\":" critical                  \
	",\"code\":\"" code "\"}]}"

static void health_is_that_of_critical_peers(void **state)
{
	(void)state;
	check_health(NULL, true, "");
	check_health(ONE("true", "up"), true, "");
	check_health(ONE("true", "idle"), false, "a: k: idle\n");
	check_health(ONE("false", "silent"), true, "");
	check_health(ONE("true", "silent"), false, "a: k: silent\n");
	check_health(LEFT ",\"peers\":[" PEER "]}", false,
		     "left: a \"b\" \\ c d: silent: no answer of \"b\"\n");
	check_health("{\"name\":\"a\",\"running\":false}", false, "a: is not running\n");
}

static void the_page_gets_json_with_problems_first(void **state)
{
	struct xt_metrics *m =
	    metrics_of(LEFT ",\"peers\":[{\"public_key\":\"fine\",\"code\":\"up\"}," PEER "]}");
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	json_t *json, *instance, *peer;
	(void)state;

	assert_int_equal(xt_metrics_add_silent(m, "right", "does not answer"), 0);
	xt_metrics_status(m, &text);
	assert_int_equal(text.error, 0);
	json = json_loadb(text.p, text.len, 0, NULL);
	assert_non_null(json);
	assert_true(json_is_false(json_object_get(json, "healthy")));
	instance = json_array_get(json_object_get(json, "instances"), 0);
	assert_int_equal(json_integer_value(json_object_get(instance, "drops")), 10);
	assert_int_equal(json_integer_value(json_object_get(instance, "omitted")), 0);
	peer = json_array_get(json_object_get(instance, "peers"), 0);
	assert_string_equal(json_string_value(json_object_get(peer, "name")), "a \"b\" \\ c\nd");
	assert_int_equal(json_integer_value(json_object_get(peer, "rtt_us")), 20500);
	peer = json_array_get(json_object_get(instance, "peers"), 1);
	assert_string_equal(json_string_value(json_object_get(peer, "public_key")), "fine");
	instance = json_array_get(json_object_get(json, "instances"), 1);
	assert_string_equal(json_string_value(json_object_get(instance, "reason")),
			    "does not answer");
	json_decref(json);
	xt_secbuf_clear(&text);
	xt_metrics_free(m);
}

TEST_MAIN(cmocka_unit_test(all_families_are_printed_once_with_their_labels),
	  cmocka_unit_test(the_size_of_the_pieces_changes_nothing),
	  cmocka_unit_test(openmetrics_names_counters_without_suffix_and_has_an_end),
	  cmocka_unit_test(parts_of_an_instance_make_the_whole),
	  cmocka_unit_test(what_is_missing_or_of_another_type_is_left_out),
	  cmocka_unit_test(an_instance_that_is_silent_is_down_and_has_no_peers),
	  cmocka_unit_test(health_is_that_of_critical_peers),
	  cmocka_unit_test(the_page_gets_json_with_problems_first))
