/* SPDX-License-Identifier: MIT */
/* layers: cli base */
/* The view of `top`: rates, trends, order, and lines of any width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_text.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)

/* One peer called "right", with so many bytes and drops. */
static json_t *show_make(const char *instance, json_int_t rx, json_int_t tx, json_int_t drops,
			 const char *code)
{
	return json_pack("{s:s,s:i,s:{s:I,s:i},s:[{s:s,s:s,s:I,s:I,s:I,s:s,s:s,s:i,s:{s:I}}]}",
			 "name", instance, "pid", 1, "counters", "drop_source", drops, "pass", 7,
			 "peers", "public_key", "KEY", "name", "right", "rx_bytes", rx, "tx_bytes",
			 tx, "latest_handshake", (json_int_t)900, "code", code, "endpoint",
			 "198.18.0.2:51820", "path_mtu", 1420, "counters", "drop_source", drops);
}

static json_t *why_make(const char *code, json_int_t expected, json_int_t received)
{
	return json_pack("{s:[{s:s,s:s,s:s,s:{s:i,s:I,s:I,s:s}}]}", "peers", "public_key", "KEY",
			 "code", code, "sentence", "no answer", "facts", "round_trip_us", 1500,
			 "expected_messages", expected, "received_messages", received, "link",
			 "eth0");
}

static void look(struct xt_top *top, uint64_t at, json_t *show, json_t *why)
{
	xt_top_begin(top, at * SECOND, 1000);
	xt_top_put(top, show, why, at * SECOND / 4);
	assert_int_equal(xt_top_end(top), 0);
	json_decref(show);
	json_decref(why);
}

static const struct xt_top_peer *only_peer(struct xt_top *top)
{
	const struct xt_top_peer *const *peers;

	assert_int_equal(xt_top_peers(top, XT_TOP_BY_NAME, false, "", &peers), 1);
	return peers[0];
}

static void rates_are_of_two_looks(void **state)
{
	const struct xt_top_instance *const *instances;
	const struct xt_top_peer *peer;
	struct xt_top *top;

	(void)state;
	assert_int_equal(xt_top_new(&top), 0);
	look(top, 10, show_make("left", 1000, 500, 3, "up"), why_make("up", 100, 98));
	peer = only_peer(top);
	assert_true(peer->rx_rate == 0 && peer->n_trend == 0);
	assert_int_equal(peer->age_s, 100);
	assert_int_equal(peer->rtt_us, 1500);
	assert_true(peer->loss > 1.99 && peer->loss < 2.01);
	assert_string_equal(peer->link, "eth0");
	look(top, 12, show_make("left", 5000, 500, 13, "up"), NULL);
	peer = only_peer(top);
	assert_true(peer->rx_rate == 2000 && peer->tx_rate == 0 && peer->drop_rate == 5);
	assert_int_equal(peer->n_trend, 1);
	assert_int_equal(peer->rtt_us, -1);
	assert_int_equal(xt_top_instances(top, &instances), 1);
	assert_true(instances[0]->cpu == 25 && instances[0]->rx_rate == 2000);
	assert_int_equal(instances[0]->n_drops, 1);
	assert_string_equal(instances[0]->drops[0].name, "source");
	assert_true(instances[0]->drops[0].rate == 5);
	/* started again: the counters fell */
	look(top, 13, show_make("left", 10, 10, 0, "silent"), why_make("silent", 0, 0));
	peer = only_peer(top);
	assert_true(peer->rx_rate == 0 && !peer->up && peer->loss < 0);
	assert_string_equal(peer->sentence, "no answer");
	for (uint64_t i = 14; i < 14 + 2 * XT_TOP_HISTORY; i++)
		look(top, i, show_make("left", 10, 10, 0, "up"), NULL);
	assert_int_equal(only_peer(top)->n_trend, XT_TOP_HISTORY);
	xt_top_free(top);
}

static void what_has_gone_is_not_shown(void **state)
{
	const struct xt_top_instance *const *instances;
	const struct xt_top_peer *const *peers;
	struct xt_top *top;

	(void)state;
	assert_int_equal(xt_top_new(&top), 0);
	look(top, 1, show_make("left", 1, 1, 0, "up"), NULL);
	xt_top_begin(top, 2 * SECOND, 1000);
	xt_top_failed(top, "left", "does not answer");
	assert_int_equal(xt_top_end(top), 0);
	assert_int_equal(xt_top_peers(top, XT_TOP_BY_RX, true, "", &peers), 1);
	assert_int_equal(xt_top_instances(top, &instances), 1);
	assert_string_equal(instances[0]->error, "does not answer");
	look(top, 3, show_make("other", 1, 1, 0, "up"), NULL);
	assert_int_equal(xt_top_instances(top, &instances), 1);
	assert_string_equal(instances[0]->name, "other");
	assert_int_equal(xt_top_peers(top, XT_TOP_BY_NAME, false, "", &peers), 1);
	assert_int_equal(xt_top_peers(top, XT_TOP_BY_NAME, false, "absent", &peers), 0);
	assert_int_equal(xt_top_peers(top, XT_TOP_BY_NAME, false, "198.18.0.2", &peers), 1);
	xt_top_free(top);
}

/* An answer of another version, or of a process that was taken over. */
static void any_answer_is_taken(void **state)
{
	static const char *const answers[] = {
	    "{}",
	    "{\"name\":7}",
	    "{\"name\":\"left\",\"peers\":7,\"counters\":[]}",
	    "{\"name\":\"left\",\"peers\":[7,{},{\"public_key\":7},{\"public_key\":\"K\","
	    "\"rx_bytes\":-1,\"latest_handshake\":-5,\"counters\":7}],"
	    "\"counters\":{\"drop_x\":\"y\",\"drop_z\":-7}}",
	};
	struct xt_top *top;

	(void)state;
	assert_int_equal(xt_top_new(&top), 0);
	for (uint64_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		json_t *json = json_loads(answers[i], 0, NULL), *out;

		assert_non_null(json);
		look(top, i + 1, json_incref(json), json_incref(json));
		json_decref(json);
		out = xt_top_json(top, XT_TOP_BY_LOSS, true, "");
		assert_non_null(out);
		json_decref(out);
	}
	xt_top_free(top);
}

static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void lines_fit_any_width(void **state)
{
	struct xt_top_peer peer = {.name = "überaus lange Namen — eine Zeile",
				   .code = "up",
				   .up = true,
				   .endpoint = "[2001:db8::1234:5678:9abc:def0]:51820",
				   .rtt_us = 123456789,
				   .loss = 100,
				   .age_s = 86400000,
				   .mtu = 65535,
				   .n_trend = 3,
				   .trend = {1, 0, 5e12},
				   .rx_rate = 5e15};
	struct xt_top_instance instance = {.name = "left", .cpu = 12345.6, .n_drops = XT_TOP_DROPS};
	char line[XT_TOP_LINE];

	(void)state;
	for (size_t i = 0; i < XT_TOP_DROPS; i++)
		strcpy(instance.drops[i].name, "handshake_old");
	memset(peer.sentence, 'x', sizeof(peer.sentence) - 1);
	for (unsigned width = 0; width < 400; width++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			const struct xt_top_style style = {.width = width, .ascii = kind & 1};
			size_t most = width < 20 ? 20 : width;

			peer.up = kind & 2;
			xt_top_peer_line(line, &style, &peer);
			assert_true(columns_of(line) <= most);
			if (style.ascii)
				assert_int_equal(columns_of(line), strlen(line));
			xt_top_peer_head(line, &style);
			assert_true(columns_of(line) <= most);
			xt_top_instance_head(line, &style);
			assert_true(columns_of(line) <= most);
			xt_top_instance_line(line, &style, &instance);
			assert_true(columns_of(line) <= most);
			xt_top_drops_line(line, &style, &instance);
			assert_true(columns_of(line) <= most);
		}
	}
}

static void columns_stand_under_their_titles(void **state)
{
	const struct xt_top_style style = {.width = 132, .ascii = true};
	struct xt_top_peer peer = {.name = "right",
				   .code = "up",
				   .up = true,
				   .endpoint = "198.18.0.2:51820",
				   .rtt_us = 1500,
				   .loss = 0.5,
				   .age_s = 700,
				   .mtu = 1420,
				   .link = "eth0",
				   .rx_rate = 2048,
				   .tx_rate = 10};
	char head[XT_TOP_LINE], line[XT_TOP_LINE];

	(void)state;
	xt_top_peer_head(head, &style);
	xt_top_peer_line(line, &style, &peer);
	assert_ptr_equal(strstr(head, "ENDPOINT") - head, strstr(line, "198.18.0.2") - line);
	assert_ptr_equal(strstr(head, "STATE") - head, strstr(line, "up") - line);
	assert_non_null(strstr(line, " 2.00 KiB "));
	assert_non_null(strstr(line, " 10 B "));
	assert_non_null(strstr(line, " 1.5 ms "));
	assert_non_null(strstr(line, " 11m "));
	peer.up = false;
	strcpy(peer.sentence, "no answer from 198.18.0.2");
	xt_top_peer_line(line, &style, &peer);
	assert_non_null(strstr(line, "no answer from 198.18.0.2"));
	assert_null(strstr(line, "1.5 ms"));
}

TEST_MAIN(cmocka_unit_test(rates_are_of_two_looks), cmocka_unit_test(what_has_gone_is_not_shown),
	  cmocka_unit_test(any_answer_is_taken), cmocka_unit_test(lines_fit_any_width),
	  cmocka_unit_test(columns_stand_under_their_titles))
