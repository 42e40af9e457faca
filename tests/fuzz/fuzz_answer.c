/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* parses: src/ipc/chunks.c src/ipc/status_print.c src/ipc/why_print.c src/ipc/reload_print.c
 * src/ipc/events.c */
/* Any lines as the answer of another version's instance: joined where they are parts, and printed
 * by each printer for people, without a control character. An object that is cut into parts and
 * joined again is the same. Input: JSON, a line each. */
#include <jansson.h>

#include "base/text.h"
#include "fuzz/input.h"
#include "ipc/chunks.h"
#include "ipc/client.h"
#include "ipc/events.h"
#include "ipc/reload_print.h"
#include "ipc/status.h"
#include "ipc/why.h"

static void print(const json_t *answer)
{
	const struct xt_status_style style = {.now_s = 1800000000};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	check(out != NULL);
	xt_status_print(out, answer, &style);
	xt_why_print(out, answer, &style);
	(void)xt_why_fine(answer);
	xt_reload_print(out, answer);
	xt_reload_print_findings(out, answer);
	(void)xt_event_print(out, answer);
	fclose(out);
	check(strlen(text) == len);
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '\n' || text[i] == '\t' ? ' ' : text[i];
	check(xt_text_is_printable(text));
	free(text);
}

static void part_join(void *ctx, json_t *part, bool more)
{
	json_t *whole = ctx;
	bool announced;

	check(xt_chunks_join(whole, part, &announced) && announced == more);
}

/* "more" and "continues" belong to the protocol: no answer has them. */
static bool answer_is_plain(const char *line)
{
	return !strstr(line, "more") && !strstr(line, "continues");
}

static void cut_check(json_t *answer)
{
	json_t *whole = json_object(), *copy = json_deep_copy(answer);

	check(whole && copy && xt_chunks_cut(copy, part_join, whole));
	check(json_equal(whole, answer));
	json_decref(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	json_t *whole = json_object();
	bool more = true;

	check(whole != NULL);
	while (in.len && more) {
		char *line = input_text(&in, '\n');
		json_t *json = json_loads(line, 0, NULL);

		more = false;
		if (!json_is_object(json) || !xt_answer_clean(json)) {
			json_decref(json);
			json = NULL;
		}
		if (json && answer_is_plain(line))
			cut_check(json);
		if (json)
			check(xt_chunks_join(whole, json, &more));
		free(line);
	}
	print(whole);
	json_decref(whole);
	return 0;
}
