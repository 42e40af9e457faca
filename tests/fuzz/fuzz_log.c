/* SPDX-License-Identifier: MIT */
/* layers: host ipc config platform core crypto packet base */
/* parses: src/base/log.c src/base/message.c src/host/log_text.c src/ipc/print_text.c */
/* Any text that another process or host sent, on its way into log and terminal: in every form it is
 * whole, in its bounds and without control characters, and the JSON form is JSON.
 * Input: a peer's name, a code, the text; each ends with a byte 1. */
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "base/message.h"
#include "base/output.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "host/log_text.h"
#include "ipc/print_text.h"

static void form_check(const char *out, size_t len, bool line)
{
	char copy[XT_LOG_TEXT];

	check(len > 0 && len < XT_LOG_TEXT);
	if (!line)
		return;
	check(out[len - 1] == '\n');
	memcpy(copy, out, len - 1);
	copy[len - 1] = '\0';
	check(strlen(copy) == len - 1 && xt_text_is_printable(copy));
}

static void json_check(const char *out, size_t len)
{
	json_t *json = json_loadb(out, len, JSON_REJECT_DUPLICATES, NULL);

	check(json_is_object(json));
	json_decref(json);
}

static void on_line(void *ctx, const struct xt_log_line *line)
{
	static const struct xt_log_origin origin = {"wg0", 1};
	char out[XT_LOG_TEXT];
	size_t len;

	(void)ctx;
	check(xt_text_is_printable(line->text));
	form_check(out, xt_log_text(out, line), true);
	len = xt_log_text_json(out, &origin, line, 1800000000000000000u);
	form_check(out, len, true);
	json_check(out, len);
	form_check(out, xt_log_text_journal(out, &origin, line), false);
	form_check(out, xt_log_text_syslog(out, &origin, line, 1800000000000000000u), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static FILE *null;
	struct input in = {data, len};
	char *peer = input_text(&in, 1), *code = input_text(&in, 1), *text = input_text(&in, 1);
	struct xt_log_fields about = {*peer ? peer : NULL, *code ? code : NULL};

	if (!null)
		check((null = fopen("/dev/null", "w")) != NULL);
	xt_log_set_sink(on_line, NULL);
	xt_log_set_level(XT_LOG_DEBUG);
	xt_log_about(XT_LOG_NOTICE, &about, "%s", text);
	xt_message("%s: %s", peer, text);
	xt_message_lines(XT_LOG_WARNING, text, strlen(text));
	xt_print_text(null, text, strlen(text));
	free(peer);
	free(code);
	free(text);
	return 0;
}
