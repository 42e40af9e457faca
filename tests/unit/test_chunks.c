/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* Large answers in chunks, the table of rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ipc/chunks.h"
#include "ipc/rights.h"
#include "test_main.h"

struct sink {
	json_t *whole;
	size_t chunks;
	bool more;
};

/* As over the socket: each part is text that fits a frame. */
static void part_take(void *ctx, json_t *part, bool more)
{
	struct sink *sink = ctx;
	char *text = json_dumps(part, JSON_COMPACT);

	assert_non_null(text);
	assert_true(strlen(text) + 1 <= XT_FRAME_MAX);
	json_decref(part);
	sink->chunks++;
	assert_true(xt_chunks_join(sink->whole, json_loads(text, 0, NULL), &sink->more));
	assert_int_equal(sink->more, more);
	free(text);
}

static json_t *peer_make(size_t number, size_t n_allowed)
{
	json_t *peer = json_object(), *allowed = json_array();
	char text[64];

	snprintf(text, sizeof(text), "key-%zu", number);
	json_object_set_new(peer, "public_key", json_string(text));
	json_object_set_new(peer, "allowed_ips", allowed);
	for (size_t i = 0; i < n_allowed; i++) {
		snprintf(text, sizeof(text), "fd00:1111:2222:3333:4444:5555:%zx:%zx/128", i >> 16,
			 i & 0xffff);
		json_array_append_new(allowed, json_string(text));
	}
	json_object_set_new(peer, "rx_bytes", json_integer((json_int_t)number));
	return peer;
}

static json_t *status_make(size_t n_peers, size_t n_allowed)
{
	json_t *status = json_pack("{s:s,s:[],s:i}", "interface", "left", "peers", "mtu", 1420);

	for (size_t i = 0; i < n_peers; i++)
		json_array_append_new(json_object_get(status, "peers"), peer_make(i, n_allowed));
	return status;
}

static size_t assert_same_when_joined(json_t *status)
{
	struct sink sink = {.whole = json_object(), .more = true};
	char *before = json_dumps(status, JSON_INDENT(2)), *after;

	assert_true(xt_chunks_cut(status, part_take, &sink));
	assert_false(sink.more);
	after = json_dumps(sink.whole, JSON_INDENT(2));
	assert_string_equal(before, after);
	free(before);
	free(after);
	json_decref(sink.whole);
	return sink.chunks;
}

static void an_answer_survives_chunks_byte_for_byte(void **state)
{
	(void)state;
	assert_int_equal(assert_same_when_joined(status_make(0, 0)), 1);
	assert_int_equal(assert_same_when_joined(status_make(100, 3)), 1);
	assert_true(assert_same_when_joined(status_make(20000, 2)) > 10);
	assert_true(assert_same_when_joined(status_make(2, 60000)) > 10);
	assert_true(assert_same_when_joined(status_make(9, 1500)) > 1);
}

/* A part that another one follows stays one, however large it is. */
static void a_part_is_cut_like_a_whole(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 3000; n += 2999) {
		json_t *part = status_make(n, 3);
		struct sink sink = {.whole = json_object()};

		json_object_set_new(part, "more", json_true());
		assert_true(xt_chunks_cut(part, part_take, &sink));
		assert_true(sink.more);
		assert_int_equal(sink.chunks > 1, n > 1);
		assert_int_equal(json_array_size(json_object_get(sink.whole, "peers")), n);
		json_decref(sink.whole);
	}
}

static void only_what_holds_no_secret_is_an_observers(void **state)
{
	static const char *const open[] = {"show", "status", "why", "metrics", "events"};
	static const char *const closed[] = {"down", "save", "ping", "wait",  "capture",
					     "log",  "",     "SHOW", "show ", "other"};

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		assert_int_equal(xt_verb_right(open[i]), XT_RIGHT_OBSERVER);
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
		assert_int_equal(xt_verb_right(closed[i]), XT_RIGHT_OWNER);
	assert_int_equal(xt_verb_right(NULL), XT_RIGHT_OWNER);
}

TEST_MAIN(cmocka_unit_test(an_answer_survives_chunks_byte_for_byte),
	  cmocka_unit_test(a_part_is_cut_like_a_whole),
	  cmocka_unit_test(only_what_holds_no_secret_is_an_observers))
