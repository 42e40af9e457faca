/* SPDX-License-Identifier: MIT */
/* Changes of a configuration file as text. Opening it says for each line which section it belongs
 * to; a change copies the lines and treats those of one section differently. */
#include "config/conf_edit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "config/conf_edit_impl.h"
#include "config/conf_value.h"

const char *xt_edit_disabled_line(const char *line, size_t len)
{
	size_t mark = sizeof(XT_EDIT_DISABLED) - 2; /* the blank may lack */

	if (len < mark || memcmp(line, XT_EDIT_DISABLED, mark) != 0)
		return NULL;
	return line + mark + (len > mark && line[mark] == ' ');
}

static const char *line_disabled(const struct xt_edit_line *line)
{
	return xt_edit_disabled_line(line->p, line->len);
}

static bool section_is(const struct xt_lex_line *lex, const char *name)
{
	char word[16];

	return lex->kind == XT_LEX_SECTION && xt_span_squeeze(&lex->word, word, sizeof(word)) &&
	       strcasecmp(word, name) == 0;
}

/* Lex one line, without its mark. */
static void line_lex(const struct xt_edit_line *line, struct xt_lex_line *out)
{
	const char *disabled = line_disabled(line), *p = disabled ? disabled : line->p;
	struct xt_lex lex = {p, line->p + line->len, 0};

	memset(out, 0, sizeof(*out));
	(void)xt_lex_next(&lex, out);
}

bool xt_edit_pair(const struct xt_edit_line *line, struct xt_lex_line *out, const char *word)
{
	char text[64];

	if (!line->off && line_disabled(line))
		return false;
	line_lex(line, out);
	return out->kind == XT_LEX_PAIR && xt_span_squeeze(&out->word, text, sizeof(text)) &&
	       strcasecmp(text, word) == 0;
}

static void line_classify(struct xt_edit_line *line, struct xt_lex_line *lex)
{
	struct xt_span whole = {line->p, line->len, 1};

	line->off = line_disabled(line) != NULL;
	line_lex(line, lex);
	xt_span_trim(&whole);
	if (lex->kind == XT_LEX_SECTION)
		line->kind = XT_EDIT_HEADER;
	else if (line->off || lex->kind != XT_LEX_BLANK)
		line->kind = XT_EDIT_CONTENT;
	else
		line->kind = whole.len ? XT_EDIT_COMMENT : XT_EDIT_BLANK;
}

static void section_read_key(struct xt_edit_section *section, const struct xt_lex_line *lex)
{
	char word[16];
	unsigned column = 0;

	if (section->peer && lex->kind == XT_LEX_PAIR &&
	    xt_span_squeeze(&lex->word, word, sizeof(word)) && strcasecmp(word, "PublicKey") == 0)
		section->has_key = !xt_value_key(section->key.b, &lex->value, &column);
}

/* The lines from..to - 1, comments and blanks, lie between two sections: those that follow directly
 * stay with the first, those directly above the second belong to that. */
static void gap_assign(struct xt_edit *edit, size_t from, size_t to, size_t before, size_t after)
{
	size_t first = to;

	while (after != XT_EDIT_NONE && first > from &&
	       edit->lines[first - 1].kind == XT_EDIT_COMMENT)
		edit->lines[--first].section = after;
	for (size_t i = from; i < first && edit->lines[i].kind == XT_EDIT_COMMENT; i++)
		edit->lines[i].section = before;
}

/* In force, the lines of the file belong to the section that is open; disabled ones to the disabled
 * section that they directly follow. */
struct place {
	size_t open, disabled; /* sections; XT_EDIT_NONE: none */
	size_t gap;	       /* the first line of the comments and blanks before this one */
	size_t last;	       /* the section of the line before them */
};

static size_t line_section(struct xt_edit *edit, struct place *at, const struct xt_edit_line *line,
			   const struct xt_lex_line *lex)
{
	struct xt_edit_section *section;

	if (line->kind != XT_EDIT_HEADER)
		return line->off ? at->disabled : at->open;
	section = &edit->sections[edit->n_sections];
	*section = (struct xt_edit_section){.peer = section_is(lex, "Peer"),
					    .disabled = line->off,
					    .header = (size_t)(line - edit->lines)};
	*(line->off ? &at->disabled : &at->open) = edit->n_sections;
	if (!line->off)
		at->disabled = XT_EDIT_NONE;
	return edit->n_sections++;
}

static void lines_assign(struct xt_edit *edit)
{
	struct place at = {XT_EDIT_NONE, XT_EDIT_NONE, 0, XT_EDIT_NONE};
	struct xt_lex_line lex;

	for (size_t i = 0; i < edit->n_lines; i++) {
		struct xt_edit_line *line = &edit->lines[i];

		line->section = XT_EDIT_NONE;
		line_classify(line, &lex);
		/* Of no disabled section: a comment of the one that is open. */
		if (line->off && line->kind == XT_EDIT_CONTENT && at.disabled == XT_EDIT_NONE) {
			line->off = false;
			lex.kind = XT_LEX_BLANK;
		}
		if (line->kind == XT_EDIT_COMMENT || line->kind == XT_EDIT_BLANK)
			continue;
		line->section = line_section(edit, &at, line, &lex);
		if (line->section != XT_EDIT_NONE)
			section_read_key(&edit->sections[line->section], &lex);
		if (line->kind == XT_EDIT_CONTENT && line->section == at.last)
			for (size_t k = at.gap; k < i; k++)
				edit->lines[k].section = line->section;
		else
			gap_assign(edit, at.gap, i, at.last,
				   line->kind == XT_EDIT_HEADER ? line->section : XT_EDIT_NONE);
		at.gap = i + 1;
		at.last = line->section;
	}
	gap_assign(edit, at.gap, edit->n_lines, at.last, XT_EDIT_NONE);
}

static size_t lines_count(const char *at, const char *end)
{
	size_t n = 0;

	for (; at < end; n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline ? newline + 1 : end;
	}
	return n;
}

int xt_edit_open(struct xt_edit *edit, const char *text, size_t len)
{
	struct xt_lex lex;
	const char *at, *end = text + len;
	size_t n;

	*edit = (struct xt_edit){.text = text, .len = len, .newline = "\n"};
	if (!len)
		return 0;
	xt_lex_init(&lex, text, len);
	at = lex.at;
	n = lines_count(at, end);
	edit->lines = calloc(n + 1, sizeof(*edit->lines));
	edit->sections = calloc(n + 1, sizeof(*edit->sections));
	if (!edit->lines || !edit->sections) {
		xt_edit_clear(edit);
		return XT_E_NOMEM;
	}
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;

		edit->lines[edit->n_lines++] =
		    (struct xt_edit_line){.p = at, .len = (size_t)(next - at)};
		at = next;
	}
	edit->open_end = end[-1] != '\n';
	if (n && edit->lines[0].len >= 2 && edit->lines[0].p[edit->lines[0].len - 1] == '\n' &&
	    edit->lines[0].p[edit->lines[0].len - 2] == '\r')
		edit->newline = "\r\n";
	lines_assign(edit);
	return 0;
}

void xt_edit_clear(struct xt_edit *edit)
{
	free(edit->lines);
	free(edit->sections);
	*edit = (struct xt_edit){0};
}

bool xt_edit_section_is(const struct xt_edit *edit, size_t at, const struct xt_public *key)
{
	const struct xt_edit_section *section;

	if (at == XT_EDIT_NONE)
		return false;
	section = &edit->sections[at];
	if (!key)
		return !section->peer && !section->disabled;
	return section->peer && section->has_key && memcmp(&section->key, key, sizeof(*key)) == 0;
}

bool xt_edit_has(const struct xt_edit *edit, const struct xt_public *key, bool disabled)
{
	for (size_t i = 0; i < edit->n_sections; i++)
		if (xt_edit_section_is(edit, i, key) && edit->sections[i].disabled == disabled)
			return true;
	return false;
}

static void line_put_enabled(const struct xt_edit_line *line, struct xt_secbuf *out)
{
	const char *p = line_disabled(line);

	if (p)
		xt_secbuf_append(out, p, (size_t)(line->p + line->len - p));
	else
		xt_secbuf_append(out, line->p, line->len);
}

int xt_edit_disabled(const struct xt_edit *edit, struct xt_secbuf *out)
{
	for (size_t i = 0; i < edit->n_lines; i++) {
		const struct xt_edit_line *line = &edit->lines[i];

		if (line->section != XT_EDIT_NONE && edit->sections[line->section].disabled &&
		    line->off)
			line_put_enabled(line, out);
	}
	return out->error;
}

int xt_edit_keep_disabled(const char *text, size_t len, struct xt_secbuf *out)
{
	struct xt_edit edit;
	int rc = xt_edit_open(&edit, text, len);

	for (size_t i = 0; rc == 0 && i < edit.n_lines; i++) {
		const struct xt_edit_line *line = &edit.lines[i];

		if (!line->off)
			continue;
		if (line->kind == XT_EDIT_HEADER)
			xt_secbuf_puts(out, "\n");
		xt_secbuf_append(out, line->p, line->len);
		if (line->p[line->len - 1] != '\n')
			xt_secbuf_puts(out, "\n");
	}
	xt_edit_clear(&edit);
	return rc ? rc : out->error;
}

bool xt_edit_endpoint(const struct xt_edit *edit, char *out, size_t cap)
{
	size_t mark = sizeof(XT_EDIT_ENDPOINT) - 1;
	bool found = false;

	for (size_t i = 0; i < edit->n_lines; i++) {
		const struct xt_edit_line *line = &edit->lines[i];
		const char *disabled = line_disabled(line), *p = disabled ? disabled : line->p;
		struct xt_span rest = {p, (size_t)(line->p + line->len - p), 1};

		if (rest.len <= mark || memcmp(rest.p, XT_EDIT_ENDPOINT, mark) != 0)
			continue;
		rest.p += mark;
		rest.len -= mark;
		found = xt_span_squeeze(&rest, out, cap) && *out;
	}
	return found;
}

/* The mark of byte order, which is no line. */
void xt_edit_put_start(const struct xt_edit *edit, struct xt_secbuf *out)
{
	if (edit->n_lines)
		xt_secbuf_append(out, edit->text, (size_t)(edit->lines[0].p - edit->text));
}

int xt_edit_disable(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out)
{
	if (!xt_edit_has(edit, key, false))
		return XT_E_NOPEER;
	xt_edit_put_start(edit, out);
	for (size_t i = 0; i < edit->n_lines; i++) {
		const struct xt_edit_line *line = &edit->lines[i];

		if (xt_edit_section_is(edit, line->section, key) && !line->off &&
		    line->kind != XT_EDIT_BLANK && !edit->sections[line->section].disabled &&
		    i >= edit->sections[line->section].header)
			xt_secbuf_puts(out, XT_EDIT_DISABLED);
		xt_secbuf_append(out, line->p, line->len);
	}
	return out->error;
}

int xt_edit_enable(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out)
{
	if (!xt_edit_has(edit, key, true))
		return XT_E_NOPEER;
	xt_edit_put_start(edit, out);
	for (size_t i = 0; i < edit->n_lines; i++) {
		const struct xt_edit_line *line = &edit->lines[i];

		if (xt_edit_section_is(edit, line->section, key) &&
		    edit->sections[line->section].disabled)
			line_put_enabled(line, out);
		else
			xt_secbuf_append(out, line->p, line->len);
	}
	return out->error;
}
