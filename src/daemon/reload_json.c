/* SPDX-License-Identifier: MIT */
/* Rows of a difference as JSON objects. */
#include "daemon/reload_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/message.h"
#include "base/text.h"
#include "ipc/reload_print.h"
#include "platform/text_stream.h"

/* JSON holds UTF-8 only, and a value of a file may be anything. */
static json_t *text_json(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	char clean[512];

	if (json)
		return json;
	snprintf(clean, sizeof(clean), "%s", text);
	xt_text_clean(clean);
	return json_string(clean);
}

static json_t *row_json(const struct xt_difference *row)
{
	static const char *const kinds[] = {"added", "removed", "changed"};
	json_t *json = json_object();
	char key[XT_KEY_BASE64];

	json_object_set_new(json, "section", json_string(row->has_peer ? "Peer" : "Interface"));
	if (row->has_peer) {
		xt_key_to_base64(key, row->peer.b);
		json_object_set_new(json, "peer", json_string(key));
		if (*row->name)
			json_object_set_new(json, "name", text_json(row->name));
	}
	if (row->key < XT_KEYS)
		json_object_set_new(json, "key", json_string(xt_conf_keys[row->key].key));
	json_object_set_new(json, "change", json_string(kinds[row->kind]));
	if (row->old)
		json_object_set_new(json, "old", text_json(row->old));
	if (row->now)
		json_object_set_new(json, "new", text_json(row->now));
	if (row->overrides)
		json_object_set_new(json, "overrides", json_true());
	return json;
}

static json_t *lines_json(const char *text)
{
	json_t *lines = json_array();
	char line[512];

	for (; *text; text += text[0] == '\n') {
		size_t len = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)XT_MIN(len, sizeof(line) - 1), text);
		json_array_append_new(lines, text_json(line));
		text += len;
	}
	return lines;
}

json_t *xt_reload_json(const struct xt_reload *data, const char *name, bool dry_run,
		       const char *result)
{
	size_t n = data ? data->diff.n : 0, shown = XT_MIN(n, XT_RELOAD_ROWS);
	json_t *rows = json_array(), *answer;

	for (size_t i = 0; i < shown; i++)
		json_array_append_new(rows, row_json(&data->diff.v[i]));
	answer =
	    json_pack("{s:i,s:s,s:b,s:b,s:s,s:o,s:I,s:o}", "schema", XT_RELOAD_SCHEMA, "name", name,
		      "changed", 0, "dry_run", (int)dry_run, "result", result, "differences", rows,
		      "omitted", (json_int_t)(n - shown), "notes", json_array());
	if (answer && data && data->path)
		json_object_set_new(answer, "file", text_json(data->path));
	if (answer && data)
		json_object_set_new(answer, "file_changed", json_boolean(!data->same));
	if (answer && data && data->findings)
		json_object_set_new(answer, "findings", lines_json(data->findings));
	return answer;
}

void xt_reload_json_note(json_t *answer, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(json_object_get(answer, "notes"), text_json(text));
}

static const char *due_text(enum xt_conf_key_id key)
{
	if (xt_conf_keys[key].reload == XT_RELOAD_UP)
		return "up";
	return xt_conf_keys[key].reload == XT_RELOAD_DOWN ? "down" : NULL;
}

void xt_reload_json_notes(json_t *answer, const struct xt_reload *data, bool tun_offload)
{
	const bool *keys = data->diff.keys;

	for (unsigned i = 0; i < XT_KEYS; i++)
		if (keys[i] && due_text((enum xt_conf_key_id)i))
			xt_reload_json_note(answer, "%s is due at the next %s; no hook runs now",
					    xt_conf_keys[i].key, due_text((enum xt_conf_key_id)i));
	if (keys[XT_KEY_PRIVATE_KEY])
		xt_reload_json_note(answer, "the new PrivateKey ends every session; peers need its "
					    "public key");
	if (keys[XT_KEY_OFFLOAD] && !tun_offload)
		xt_reload_json_note(answer, "Offload: that of the TUN device changes at the next "
					    "start");
}

void xt_reload_json_log(const json_t *answer)
{
	struct xt_text_stream stream;
	char *text, *line, *rest;
	size_t len;

	if (xt_text_stream_open(&stream) < 0)
		return;
	xt_reload_print_findings(stream.file, answer);
	xt_reload_print(stream.file, answer);
	if (xt_text_stream_close(&stream, &text, &len) < 0)
		return;
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		if (*line)
			xt_message("%s", line);
	free(text);
}
