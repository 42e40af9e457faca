/* SPDX-License-Identifier: MIT */
/* The text of a reload's answer. */
#include "ipc/reload_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

/* Values come from a file, and names of peers as well. */
static void clean_put(FILE *out, const char *text)
{
	char *clean = text ? strdup(text) : NULL;

	if (!clean)
		return;
	xt_text_clean(clean);
	fputs(clean, out);
	free(clean);
}

static void peer_put(FILE *out, const json_t *row)
{
	const char *peer = text_of(row, "peer"), *name = text_of(row, "name");

	if (!peer)
		return;
	fputc(' ', out);
	clean_put(out, name ? name : peer);
	if (name) {
		fputs(" (", out);
		clean_put(out, peer);
		fputc(')', out);
	}
}

static void value_put(FILE *out, const json_t *row)
{
	const char *change = text_of(row, "change"), *old = text_of(row, "old"),
		   *now = text_of(row, "new");

	if (!text_of(row, "key"))
		return;
	fputc(' ', out);
	clean_put(out, text_of(row, "key"));
	if (!old && !now) {
		fputc(' ', out);
		clean_put(out, change ? change : "changed");
		return;
	}
	fputs(": ", out);
	clean_put(out, old ? old : "(none)");
	fputs(" -> ", out);
	clean_put(out, now ? now : "(none)");
}

static void row_print(FILE *out, const json_t *row)
{
	const char *section = text_of(row, "section"), *change = text_of(row, "change");
	char sign = '~';

	if (change && strcmp(change, "added") == 0)
		sign = '+';
	else if (change && strcmp(change, "removed") == 0)
		sign = '-';
	fprintf(out, "  %c [", sign);
	clean_put(out, section ? section : "?");
	fputc(']', out);
	peer_put(out, row);
	value_put(out, row);
	if (json_is_true(json_object_get(row, "overrides")))
		fputs(" (it had been set by wg(8))", out);
	fputc('\n', out);
}

static const char *result_text(const json_t *answer)
{
	static const struct {
		const char *result, *text;
	} texts[] = {
	    {"applied", "reloaded; sessions go on"},
	    {"unchanged", "nothing has changed"},
	    {"dry_run", "this would change; nothing was changed"},
	    {"file", "the file is refused; nothing was changed"},
	    {"refused", "the file is refused; nothing was changed"},
	    {"rolled_back", "rolled back; all is as before"},
	};
	const char *result = text_of(answer, "result");

	for (size_t i = 0; result && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(result, texts[i].result) == 0)
			return texts[i].text;
	return "not reloaded";
}

void xt_reload_print_findings(FILE *out, const json_t *answer)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "findings"), i, line)
	{
		clean_put(out, json_string_value(line));
		fputc('\n', out);
	}
}

void xt_reload_print(FILE *out, const json_t *answer)
{
	const char *name = text_of(answer, "name"), *error = text_of(answer, "reason");
	json_int_t omitted = json_integer_value(json_object_get(answer, "omitted"));
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(answer, "differences"), i, item) row_print(out, item);
	if (omitted > 0)
		fprintf(out, "  and %lld more\n", (long long)omitted);
	json_array_foreach(json_object_get(answer, "notes"), i, item)
	{
		fputs("  note: ", out);
		clean_put(out, json_string_value(item));
		fputc('\n', out);
	}
	clean_put(out, name);
	if (error) {
		fputs(": ", out);
		clean_put(out, error);
	}
	fprintf(out, ": %s\n", result_text(answer));
}
