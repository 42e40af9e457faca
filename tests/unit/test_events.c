/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The codes of events, and an event as JSON and as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipc/events.h"
#include "test_main.h"

static void events_of_the_device_have_its_words(void **state)
{
	(void)state;
	for (int i = 0; i <= XT_EVENT_ADDRESS_SILENT; i++) {
		enum xt_event_code code = xt_event_code_of((enum xt_event)i);

		assert_true(code < XT_EVENT_CODES);
		assert_string_equal(xt_event_code_sentence(code), xt_event_text((enum xt_event)i));
	}
	assert_int_equal(xt_event_code_of((enum xt_event)(XT_EVENT_ADDRESS_SILENT + 1)),
			 XT_EVENT_CODES);
	assert_string_equal(xt_event_text((enum xt_event)(XT_EVENT_ADDRESS_SILENT + 1)),
			    "unknown event");
}

static void codes_are_words_and_differ(void **state)
{
	(void)state;
	for (unsigned i = 0; i < XT_EVENT_CODES; i++) {
		const char *word = xt_event_code_word((enum xt_event_code)i);

		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(word, xt_event_code_word((enum xt_event_code)k));
	}
	assert_int_equal(xt_event_code_level(XT_CODE_SESSION, false), XT_LOG_NOTICE);
	assert_int_equal(xt_event_code_level(XT_CODE_SESSION, true), XT_LOG_VERBOSE);
}

static void an_event_is_an_object(void **state)
{
	struct xt_public key = {{1}};
	struct xt_endpoint endpoint = {.ip = {.family = 4, .b = {198, 18, 0, 2}}, .port = 51820};
	struct xt_event_record record = {.code = XT_CODE_GAVE_UP,
					 .wall_ns = 1764464012123456789u,
					 .interface = "left",
					 .key = &key,
					 .label = "a \"b\"",
					 .name = "a \"b\"",
					 .endpoint = &endpoint,
					 .why = "silent",
					 .message = "left: a \"b\": gone"};
	json_t *event = xt_event_json(&record);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(event, "time")),
			    "2025-11-30T00:53:32.123Z");
	assert_true(json_real_value(json_object_get(event, "timestamp")) == 1764464012.123);
	assert_string_equal(json_string_value(json_object_get(event, "code")), "gave-up");
	assert_string_equal(json_string_value(json_object_get(event, "interface")), "left");
	assert_string_equal(json_string_value(json_object_get(event, "peer")), "a \"b\"");
	assert_string_equal(json_string_value(json_object_get(event, "name")), "a \"b\"");
	assert_string_equal(json_string_value(json_object_get(event, "public_key")),
			    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	assert_string_equal(json_string_value(json_object_get(event, "endpoint")),
			    "198.18.0.2:51820");
	assert_string_equal(json_string_value(json_object_get(event, "why")), "silent");
	assert_true(xt_event_print(out, event));
	json_decref(event);
	record = (struct xt_event_record){.code = XT_CODE_LOST, .interface = "x", .lost = 7};
	event = xt_event_json(&record);
	assert_int_equal(json_integer_value(json_object_get(event, "lost")), 7);
	assert_null(json_object_get(event, "peer"));
	assert_null(json_object_get(event, "endpoint"));
	json_object_del(event, "code");
	assert_false(xt_event_print(out, event));
	json_decref(event);
	fclose(out);
	assert_string_equal(text, "2025-11-30T00:53:32.123Z gave-up: left: a \"b\": gone\n");
	free(text);
}

TEST_MAIN(cmocka_unit_test(events_of_the_device_have_its_words),
	  cmocka_unit_test(codes_are_words_and_differ), cmocka_unit_test(an_event_is_an_object))
