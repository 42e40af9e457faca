/* SPDX-License-Identifier: MIT */
/* What happens to an instance: the table of codes, JSON and text. */
#include "ipc/events.h"

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/time_text.h"

static const struct {
	const char *word, *sentence;
	enum xt_log_level first, again;
} codes[XT_EVENT_CODES] = {
#define X(id, word, level, again, sentence) [id] = {word, sentence, XT_LOG_##level, XT_LOG_##again},
#include "ipc/events.def"
#undef X
};

const char *xt_event_code_word(enum xt_event_code code)
{
	return (unsigned)code < XT_EVENT_CODES ? codes[code].word : "unknown";
}

const char *xt_event_code_sentence(enum xt_event_code code)
{
	return (unsigned)code < XT_EVENT_CODES ? codes[code].sentence : "unknown";
}

enum xt_log_level xt_event_code_level(enum xt_event_code code, bool again)
{
	if ((unsigned)code >= XT_EVENT_CODES)
		return XT_LOG_DEBUG;
	return again ? codes[code].again : codes[code].first;
}

enum xt_event_code xt_event_code_of(enum xt_event event)
{
	static const enum xt_event_code of[] = {
	    [XT_EVENT_INITIATION_SENT] = XT_CODE_INITIATION_SENT,
	    [XT_EVENT_INITIATION_RECEIVED] = XT_CODE_INITIATION_RECEIVED,
	    [XT_EVENT_SESSION_NEW] = XT_CODE_SESSION,
	    [XT_EVENT_HANDSHAKE_GAVE_UP] = XT_CODE_GAVE_UP,
	    [XT_EVENT_ROAMED] = XT_CODE_ROAMED,
	    [XT_EVENT_COOKIE_RECEIVED] = XT_CODE_COOKIE,
	    [XT_EVENT_UNDER_LOAD] = XT_CODE_LOAD,
	    [XT_EVENT_RESTART_NOTICED] = XT_CODE_RESTARTED,
	    [XT_EVENT_KEYS_ERASED] = XT_CODE_KEYS_ERASED,
	    [XT_EVENT_CONTACT] = XT_CODE_CONTACT,
	    [XT_EVENT_LOOP] = XT_CODE_LOOP,
	    [XT_EVENT_UNANSWERED] = XT_CODE_UNANSWERED,
	    [XT_EVENT_ADDRESS_SILENT] = XT_CODE_ADDRESS_SILENT,
	};

	return (unsigned)event < XT_LEN(of) ? of[event] : XT_EVENT_CODES;
}

static void text_set(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

json_t *xt_event_json(const struct xt_event_record *record)
{
	char time[XT_TIME_TEXT], key[XT_KEY_BASE64], address[XT_ENDPOINT_TEXT];
	json_t *event = json_object();

	if (!event)
		return NULL;
	xt_time_text(time, record->wall_ns);
	text_set(event, "time", time);
	json_object_set_new(event, "timestamp",
			    json_real((double)(record->wall_ns / 1000000u) / 1000.0));
	text_set(event, "interface", record->interface);
	text_set(event, "code", xt_event_code_word(record->code));
	text_set(event, "peer", record->label);
	if (record->key) {
		xt_key_to_base64(key, record->key->b);
		text_set(event, "public_key", key);
	}
	text_set(event, "name", record->name);
	if (record->endpoint && record->endpoint->ip.family) {
		xt_endpoint_print(record->endpoint, address);
		text_set(event, "endpoint", address);
	}
	text_set(event, "why", record->why);
	if (record->code == XT_CODE_LOST)
		json_object_set_new(event, "lost", json_integer((json_int_t)record->lost));
	text_set(event, "message", record->message);
	return event;
}

static const char *text_get(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "?";
}

bool xt_event_print(FILE *out, const json_t *event)
{
	if (!json_is_string(json_object_get(event, "code")))
		return false;
	fprintf(out, "%s %s: %s\n", text_get(event, "time"), text_get(event, "code"),
		text_get(event, "message"));
	return true;
}
