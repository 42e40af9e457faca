/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The state of instances as metrics, as the status page's JSON, and as a verdict of health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
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
#define PEER                                                                                           \
	"{\"public_key\":\"" KEY "\",\"name\":\"a \\\"b\\\" \\\\ c\\nd\","                             \
	"\"endpoint\":\"192.0.2.1:7\",\"allowed_ips\":[\"10.7.0.2/32\",\"fd07::/64\"],"                \
	"\"latest_handshake\":1764494000,\"rx_bytes\":1526,\"tx_bytes\":794,\"critical\":true,"        \
	"\"rtt_us\":20500,\"loss_ppm\":25000,\"path_mtu\":1420,\"handshake_attempts\":2,\"staged\":1," \
	"\"counters\":{\"taken_handshake\":3,\"drop_auth\":11},"                                       \
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

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

/* The text is that of tests/vectors/metrics/left.prom, byte by byte. */
static void all_families_are_printed_once_with_their_labels(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	char *text = text_of(m, XT_METRICS_TEXT, 8192);
	char *expected = file_text(XT_VECTORS "/metrics/left.prom");
	(void)state;

	assert_string_equal(text, expected);
	free(expected);
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

static void a_peer_that_was_cut_goes_on_in_the_next_part(void **state)
{
	struct xt_metrics *m = metrics_of(LEFT ",\"peers\":[" PEER "]}");
	json_t *more = json_loads(
	    "{\"peers\":[{\"continues\":true,\"allowed_ips\":[\"10.9.0.0/16\"]}]}", 0, NULL);
	char *text;
	(void)state;

	assert_int_equal(xt_metrics_add_peers(m, more), 0);
	text = text_of(m, XT_METRICS_TEXT, 8192);
	assert_non_null(strstr(text, "xtunnel_peers{interface=\"left\"} 1\n"));
	assert_non_null(
	    strstr(text, "allowed_ips=\"10.7.0.2/32,fd07::/64,10.9.0.0/16\",friendly_name="));
	free(text);
	json_decref(more);
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

/* Of a brief answer; but for numbers of which 0 says that they are not known. */
static void what_a_brief_answer_leaves_out_is_0(void **state)
{
	static const char *const zeros[] = {
	    "wireguard_sent_bytes_total",	   "wireguard_received_bytes_total",
	    "wireguard_latest_handshake_seconds",  "wireguard_peer_receive_bytes_total",
	    "wireguard_peer_transmit_bytes_total", "wireguard_peer_last_handshake_seconds",
	    "xtunnel_peer_handshake_attempts",	   "xtunnel_peer_staged_packets"};
	struct xt_metrics *m = metrics_of("{\"name\":\"left\",\"brief\":true,\"peers\":["
					  "{\"public_key\":\"key\",\"code\":\"idle\"}]}");
	char *text = text_of(m, XT_METRICS_TEXT, 8192);
	(void)state;

	for (size_t i = 0; i < sizeof(zeros) / sizeof(*zeros); i++) {
		const char *at = strstr(text, zeros[i]);

		while (at && at[strlen(zeros[i])] != '{')
			at = strstr(at + 1, zeros[i]);
		assert_non_null(at);
		assert_memory_equal(strchr(at, '}'), "} 0\n", 4);
	}
	assert_null(strstr(text, "xtunnel_peer_rtt_seconds"));
	assert_null(strstr(text, "xtunnel_peer_path_mtu_bytes"));
	assert_null(strstr(text, "xtunnel_peer_loss_ratio"));
	assert_null(strstr(text, "xtunnel_peer_critical"));
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
	  cmocka_unit_test(a_peer_that_was_cut_goes_on_in_the_next_part),
	  cmocka_unit_test(what_is_missing_or_of_another_type_is_left_out),
	  cmocka_unit_test(what_a_brief_answer_leaves_out_is_0),
	  cmocka_unit_test(an_instance_that_is_silent_is_down_and_has_no_peers),
	  cmocka_unit_test(health_is_that_of_critical_peers),
	  cmocka_unit_test(the_page_gets_json_with_problems_first))
