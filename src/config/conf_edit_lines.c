/* SPDX-License-Identifier: MIT */
/* Changes of a configuration file that add, remove or rewrite lines. */
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "config/conf_edit_impl.h"

/* Copy lines that end in '\n' with the line ends of the file; the last one without, if the file's
 * last line has none. */
static void lines_put(const struct xt_edit *edit, const char *lines, struct xt_secbuf *out)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		xt_secbuf_append(out, lines, len);
		lines += len + (lines[len] == '\n');
		if (*lines || !edit->open_end)
			xt_secbuf_puts(out, edit->newline);
	}
}

int xt_edit_append(const struct xt_edit *edit, const char *section, struct xt_secbuf *out)
{
	xt_secbuf_append(out, edit->text, edit->len);
	if (edit->open_end)
		xt_secbuf_puts(out, edit->newline);
	if (edit->len)
		xt_secbuf_puts(out, edit->newline);
	lines_put(edit, section, out);
	return out->error;
}

/* Mark the blank line before the section whose lines are first..last, else the one behind it. */
static void blank_mark(const struct xt_edit *edit, size_t first, size_t last, bool *drop)
{
	if (first > 0 && edit->lines[first - 1].kind == XT_EDIT_BLANK && !drop[first - 1])
		drop[first - 1] = true;
	else if (last + 1 < edit->n_lines && edit->lines[last + 1].kind == XT_EDIT_BLANK)
		drop[last + 1] = true;
}

static void sections_mark(const struct xt_edit *edit, const struct xt_public *key, bool *drop)
{
	for (size_t i = 0; i < edit->n_lines; i++)
		drop[i] = xt_edit_section_is(edit, edit->lines[i].section, key);
	for (size_t i = 0, end; i < edit->n_lines; i = end) {
		end = i + 1;
		if (!xt_edit_section_is(edit, edit->lines[i].section, key))
			continue;
		while (end < edit->n_lines && edit->lines[end].section == edit->lines[i].section)
			end++;
		blank_mark(edit, i, end - 1, drop);
	}
}

int xt_edit_remove(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out)
{
	bool *drop;
	size_t last = 0;

	if (!xt_edit_has(edit, key, false) && !xt_edit_has(edit, key, true))
		return XT_E_NOPEER;
	drop = calloc(edit->n_lines + 1, sizeof(*drop));
	if (!drop)
		return XT_E_NOMEM;
	sections_mark(edit, key, drop);
	for (size_t i = 0; i < edit->n_lines; i++)
		last = drop[i] ? last : i + 1;
	xt_edit_put_start(edit, out);
	for (size_t i = 0; i < edit->n_lines; i++) {
		size_t len = edit->lines[i].len;

		if (drop[i])
			continue;
		/* The line that is the last one now ends as the last one did. */
		if (edit->open_end && i + 1 == last && last < edit->n_lines)
			len -= len >= 2 && edit->lines[i].p[len - 2] == '\r' ? 2 : 1;
		xt_secbuf_append(out, edit->lines[i].p, len);
	}
	free(drop);
	return out->error;
}

/* Does a section of that key have the word? */
static bool word_found(const struct xt_edit *edit, const struct xt_public *key, const char *word)
{
	struct xt_lex_line lex;

	for (size_t i = 0; i < edit->n_lines; i++)
		if (!edit->lines[i].off && xt_edit_section_is(edit, edit->lines[i].section, key) &&
		    xt_edit_pair(&edit->lines[i], &lex, word))
			return true;
	return false;
}

static void line_put_value(const struct xt_edit_line *line, const struct xt_lex_line *lex,
			   const char *value, struct xt_secbuf *out)
{
	const char *rest = lex->value.p + lex->value.len;

	xt_secbuf_append(out, line->p, (size_t)(lex->value.p - line->p));
	xt_secbuf_puts(out, value);
	xt_secbuf_append(out, rest, (size_t)(line->p + line->len - rest));
}

/* A new line behind this one. */
static void line_put_behind(const struct xt_edit *edit, const struct xt_edit_line *line,
			    const char *word, const char *value, struct xt_secbuf *out)
{
	bool open = line->p[line->len - 1] != '\n';

	xt_secbuf_append(out, line->p, line->len);
	xt_secbuf_printf(out, "%s%s = %s%s", open ? edit->newline : "", word, value,
			 open ? "" : edit->newline);
}

int xt_edit_set(const struct xt_edit *edit, const struct xt_public *key, const char *word,
		const char *value, struct xt_secbuf *out)
{
	bool found = word_found(edit, key, word), inserted = found;
	struct xt_lex_line lex;

	if (!found && (!key || !xt_edit_has(edit, key, false)))
		return XT_E_NOPEER;
	xt_edit_put_start(edit, out);
	for (size_t i = 0; i < edit->n_lines; i++) {
		const struct xt_edit_line *line = &edit->lines[i];
		bool here = !line->off && xt_edit_section_is(edit, line->section, key);

		if (here && found && xt_edit_pair(line, &lex, word)) {
			line_put_value(line, &lex, value, out);
		} else if (here && !inserted && xt_edit_pair(line, &lex, "PublicKey")) {
			line_put_behind(edit, line, word, value, out);
			inserted = true;
		} else {
			xt_secbuf_append(out, line->p, line->len);
		}
	}
	return out->error;
}
