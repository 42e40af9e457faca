/* A configuration file's text to struct xt_conf: sections, the table of keys, what is said of a
 * line that fits neither. */
#include "config/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/conf_diagnostic.h"
#include "config/conf_reader.h"

const struct xt_conf_key xt_conf_keys[XT_KEYS] = {
#define X(id, section, key, repeat, parser, since)                                                 \
	[XT_KEY_##id] = {key, since, XT_SECTION_##section, XT_KEY_##repeat, xt_key_##parser},
#include "config/keys.def"
#undef X
};

static const char *const section_names[] = {"", "Interface", "Peer"};

__attribute__((format(printf, 4, 0))) static void
note(struct xt_conf_reader *r, bool warning, unsigned column, const char *format, va_list args)
{
	char text[sizeof(((struct xt_conf_diagnostic *)0)->text)];

	vsnprintf(text, sizeof(text), format, args);
	if (xt_conf_diagnostic(r->notes, warning, r->line ? r->line->line : 0, column, "%s", text) <
	    0)
		r->failed = XT_E_NOMEM;
	r->errors += !warning;
}

void xt_reader_error(struct xt_conf_reader *r, unsigned column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(r, false, column, format, args);
	va_end(args);
}

void xt_reader_warn(struct xt_conf_reader *r, unsigned column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(r, true, column, format, args);
	va_end(args);
}

void *xt_reader_grow(struct xt_conf_reader *r, void *old, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 4))
		return old;
	if (n == 0 && old)
		return old;
	size_t cap = n ? n * 2 : 4;
	void *v = calloc(cap, size);
	if (!v) {
		r->failed = XT_E_NOMEM;
		return NULL;
	}
	if (n) {
		memcpy(v, old, n * size);
		xt_wipe(old, n * size);
		free(old);
	}
	return v;
}

/* The key that a word means; XT_KEYS: none. Sections share no key's name. */
static enum xt_conf_key_id find(const char *word)
{
	for (unsigned i = 0; i < XT_KEYS; i++)
		if (strcasecmp(word, xt_conf_keys[i].key) == 0)
			return (enum xt_conf_key_id)i;
	return XT_KEYS;
}

static const char *nearest(const char *word, bool ours)
{
	const char *names[XT_KEYS];
	size_t n = 0;

	for (unsigned i = 0; i < XT_KEYS; i++)
		if (!ours || xt_conf_keys[i].repeat == XT_KEY_OURS)
			names[n++] = xt_conf_keys[i].key;
	return xt_nearest(word, names, n);
}

static void unknown(struct xt_conf_reader *r, const char *word)
{
	const char *meant = nearest(word, r->line->ours);
	unsigned column = r->line->word.column;

	if (r->line->ours) {
		if (meant)
			xt_reader_warn(r, column, "a comment; did you mean \"#: %s\"?", meant);
	} else if (meant) {
		xt_reader_error(r, column, "unknown key; did you mean \"%s\"?", meant);
	} else {
		xt_reader_error(r, column, "unknown key");
	}
}

static bool repeated(struct xt_conf_reader *r, enum xt_conf_key_id id)
{
	const struct xt_conf_key *key = &xt_conf_keys[id];
	unsigned first = r->seen[id], column = r->line->word.column;

	r->seen[id] = r->line->line;
	if (!first || key->repeat == XT_KEY_MANY)
		return false;
	if (key->repeat == XT_KEY_LAST) {
		xt_reader_warn(r, column, "%s stands on line %u already; this one counts", key->key,
			       first);
		return false;
	}
	xt_reader_error(r, column, "%s stands on line %u already%s", key->key, first,
			id == XT_KEY_PUBLIC_KEY ? "; is a [Peer] line missing?" : "");
	return true;
}

static void pair(struct xt_conf_reader *r)
{
	const struct xt_lex_line *line = r->line;
	char word[64];
	enum xt_conf_key_id id = XT_KEYS;

	if (r->bad_section)
		return;
	if (xt_span_squeeze(&line->word, word, sizeof(word)))
		id = find(word);
	else
		word[0] = '\0';
	if (id == XT_KEYS || (line->ours && xt_conf_keys[id].repeat != XT_KEY_OURS)) {
		unknown(r, id == XT_KEYS ? word : "");
		return;
	}
	const struct xt_conf_key *key = &xt_conf_keys[id];
	const struct xt_span *text = &line->value;
	if (key->parse == xt_key_pre_up || key->parse == xt_key_post_up ||
	    key->parse == xt_key_pre_down || key->parse == xt_key_post_down)
		text = &line->full;
	unsigned bad = xt_span_bad_utf8(text);
	if (key->section != r->section)
		xt_reader_error(r, line->word.column, "%s belongs to [%s]", key->key,
				section_names[key->section]);
	else if (bad)
		xt_reader_error(r, bad, "%s: this is no UTF-8", key->key);
	else if (!repeated(r, id))
		key->parse(r, line);
}

bool xt_reader_judge(struct xt_conf_reader *r, unsigned column, const char *sentence)
{
	char word[64];

	if (!sentence)
		return true;
	xt_span_squeeze(&r->line->word, word, sizeof(word));
	xt_reader_error(r, column, "%s: %s", xt_conf_keys[find(word)].key, sentence);
	return false;
}

/* What a section owes when it ends. */
static void end_section(struct xt_conf_reader *r)
{
	const unsigned *seen = r->seen;

	if (r->section == XT_SECTION_PEER && !seen[XT_KEY_PUBLIC_KEY]) {
		r->errors++;
		if (xt_conf_diagnostic(r->notes, false, r->peer->line, 1,
				       "this [Peer] has no PublicKey") < 0)
			r->failed = XT_E_NOMEM;
	}
	if (r->section == XT_SECTION_PEER && seen[XT_KEY_PRESHARED_KEY] &&
	    seen[XT_KEY_PRESHARED_KEY_FILE]) {
		r->errors++;
		if (xt_conf_diagnostic(r->notes, false, seen[XT_KEY_PRESHARED_KEY_FILE], 1,
				       "PresharedKey stands on line %u already",
				       seen[XT_KEY_PRESHARED_KEY]) < 0)
			r->failed = XT_E_NOMEM;
	}
	r->peer = NULL;
}

static void begin_peer(struct xt_conf_reader *r)
{
	struct xt_conf *conf = r->conf;
	struct xt_conf_peer *v = xt_reader_grow(r, conf->peers, conf->n_peers, sizeof(*v));

	if (!v)
		return;
	conf->peers = v;
	r->peer = &v[conf->n_peers++];
	memset(r->peer, 0, sizeof(*r->peer));
	r->peer->line = r->line->line;
	for (unsigned i = 0; i < XT_KEYS; i++)
		if (xt_conf_keys[i].section == XT_SECTION_PEER)
			r->seen[i] = 0;
}

static void section(struct xt_conf_reader *r)
{
	static const char *const names[] = {"Interface", "Peer"};
	const struct xt_lex_line *line = r->line;
	char word[32];

	end_section(r);
	r->bad_section = 0;
	if (!xt_span_squeeze(&line->word, word, sizeof(word)))
		word[0] = '\0';
	if (strcasecmp(word, names[0]) == 0) {
		r->section = XT_SECTION_INTERFACE; /* may repeat: more of the same */
	} else if (strcasecmp(word, names[1]) == 0) {
		r->section = XT_SECTION_PEER;
		begin_peer(r);
	} else {
		const char *meant = xt_nearest(word, names, XT_LEN(names));

		r->section = XT_SECTION_NONE;
		r->bad_section = line->line;
		if (meant)
			xt_reader_error(r, line->word.column, "unknown section; did you mean [%s]?",
					meant);
		else
			xt_reader_error(r, line->word.column,
					"unknown section; there are [Interface] and [Peer]");
	}
}

/* No '=' in it: the first word may tell what was meant. */
static void junk(struct xt_conf_reader *r)
{
	struct xt_span first = r->line->word;
	unsigned column = first.column;
	char word[64];

	if (r->line->ours)
		return;
	for (size_t i = 0; i < first.len; i++)
		if (xt_lex_blank(first.p[i]))
			first.len = i;
	if (!xt_span_squeeze(&first, word, sizeof(word)))
		word[0] = '\0';
	if (word[0] == '[')
		xt_reader_error(r, column, "a section is written [Interface] or [Peer]");
	else if (find(word) != XT_KEYS)
		xt_reader_error(r, column + (unsigned)first.len, "%s wants '=' and a value",
				xt_conf_keys[find(word)].key);
	else
		xt_reader_error(r, column, "neither a section, nor KEY = VALUE, nor a comment");
}

static void one_line(struct xt_conf_reader *r)
{
	const struct xt_span *whole = &r->line->whole;
	const char *nul = memchr(whole->p, '\0', whole->len);

	if (nul) {
		xt_reader_error(r, (unsigned)(nul - whole->p) + 1,
				"a NUL byte; is this a text file?");
		return;
	}
	switch (r->line->kind) {
	case XT_LEX_BLANK:
		break;
	case XT_LEX_SECTION:
		section(r);
		break;
	case XT_LEX_PAIR:
		pair(r);
		break;
	case XT_LEX_JUNK:
		junk(r);
		break;
	}
}

static void finish(struct xt_conf_reader *r)
{
	const unsigned *seen = r->seen;

	end_section(r);
	if (seen[XT_KEY_PRIVATE_KEY] && seen[XT_KEY_PRIVATE_KEY_FILE]) {
		r->errors++;
		if (xt_conf_diagnostic(
			r->notes, false,
			XT_MAX(seen[XT_KEY_PRIVATE_KEY], seen[XT_KEY_PRIVATE_KEY_FILE]), 1,
			"PrivateKey and PrivateKeyFile exclude each other") < 0)
			r->failed = XT_E_NOMEM;
	}
}

int xt_conf_parse(struct xt_conf *out, const char *name, const char *text, size_t len,
		  struct xt_conf_diagnostics *notes)
{
	struct xt_conf_reader r = {.conf = out, .notes = notes};
	struct xt_lex lex;
	struct xt_lex_line line;
	size_t before = notes->n;

	memset(out, 0, sizeof(*out));
	if (name)
		snprintf(out->name, sizeof(out->name), "%s", name);
	xt_lex_init(&lex, text, len);
	while (!r.failed && r.errors < XT_CONF_ERRORS_MAX && xt_lex_next(&lex, &line)) {
		r.line = &line;
		one_line(&r);
	}
	if (!r.failed && r.errors < XT_CONF_ERRORS_MAX)
		finish(&r);
	xt_conf_diagnostics_sort(notes, before);
	if (!r.failed && !r.errors)
		return 0;
	xt_conf_clear(out);
	return r.failed ? r.failed : XT_E_SYNTAX;
}
