/* SPDX-License-Identifier: MIT */
/* A configuration file's text to struct xt_conf: sections, the table of keys, errors for lines that
 * are neither. The keys' own parsers: conf_interface.c, conf_peer.c. */
#include "config/conf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/conf_diagnostic.h"
#include "config/conf_reader.h"

const struct xt_conf_key xt_conf_keys[XT_KEYS] = {
#define X(id, section, key, repeat, parser, reload, since)                                         \
	[XT_KEY_##id] = {key,                                                                      \
			 since,                                                                    \
			 XT_SECTION_##section,                                                     \
			 XT_KEY_##repeat,                                                          \
			 XT_RELOAD_##reload,                                                       \
			 xt_key_##parser},
#include "config/keys.def"
#undef X
};

#define WORD_QUOTED 24 /* the longest word of a file that a diagnostic shows */

static const char *const section_names[] = {"", "Interface", "Peer"};

/* No key is in both sections. */
enum xt_conf_key_id xt_conf_key_find(const char *word)
{
	for (unsigned i = 0; i < XT_KEYS; i++)
		if (strcasecmp(word, xt_conf_keys[i].key) == 0)
			return (enum xt_conf_key_id)i;
	return XT_KEYS;
}

static const char *key_nearest(const char *word, bool ours)
{
	const char *names[XT_KEYS];
	size_t n = 0;

	for (unsigned i = 0; i < XT_KEYS; i++)
		if (!ours || xt_conf_keys[i].repeat == XT_KEY_OURS)
			names[n++] = xt_conf_keys[i].key;
	return xt_nearest(word, names, n);
}

/* " \"word\"", or "" where it may be a part of a secret: base64 of a few characters has a digit,
 * a sign or a capital within a word. */
static void word_quote(const char *word, char out[WORD_QUOTED + 4])
{
	size_t len = strlen(word), capitals = 0;

	out[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (!((word[i] | 32) >= 'a' && (word[i] | 32) <= 'z') && word[i] != '_' &&
		    word[i] != '-')
			return;
		capitals += word[i] >= 'A' && word[i] <= 'Z';
	}
	if (len > 0 && len <= WORD_QUOTED && (capitals <= 1 + len / 5 || capitals == len))
		snprintf(out, WORD_QUOTED + 4, " \"%.*s\"", WORD_QUOTED, word);
}

static void key_diagnose_unknown(struct xt_conf_reader *r, const char *word)
{
	const char *meant = key_nearest(word, r->line->ours), *foreign = xt_conf_foreign(word);
	unsigned column = r->line->word.column;
	char name[WORD_QUOTED + 4];

	word_quote(word, name);

	if (r->line->ours) {
		if (meant)
			xt_reader_report(r, XT_LINT_COMMENTED_KEY, column,
					 "a comment; did you mean \"#: %s\"?", meant);
	} else if (foreign) {
		xt_reader_report(r, XT_LINT_UNKNOWN_KEY, column, "unknown key %s: it %s", word,
				 foreign);
	} else if (meant) {
		xt_reader_report(r, XT_LINT_UNKNOWN_KEY, column,
				 "unknown key%s; did you mean \"%s\"?", name, meant);
	} else {
		xt_reader_report(r, XT_LINT_UNKNOWN_KEY, column, "unknown key%s", name);
	}
}

static bool key_repeated(struct xt_conf_reader *r, enum xt_conf_key_id id)
{
	const struct xt_conf_key *key = &xt_conf_keys[id];
	unsigned first = r->seen[id], column = r->line->word.column;

	r->seen[id] = r->line->line;
	if (!first || key->repeat == XT_KEY_MANY)
		return false;
	if (key->repeat == XT_KEY_LAST) {
		xt_reader_report(r, XT_LINT_REPEATED_KEY, column,
				 "%s is already set on line %u; this value is used", key->key,
				 first);
		return false;
	}
	xt_reader_error(r, column, "%s is already set on line %u%s", key->key, first,
			id == XT_KEY_PUBLIC_KEY ? "; is a [Peer] line missing?" : "");
	return true;
}

static void key_parse(struct xt_conf_reader *r, const struct xt_conf_key *key)
{
	r->key = key->key;
	key->parse(r, r->line);
}

static void pair_parse(struct xt_conf_reader *r)
{
	const struct xt_lex_line *line = r->line;
	char word[64];
	enum xt_conf_key_id id = XT_KEYS;

	if (r->bad_section)
		return;
	if (xt_span_squeeze(&line->word, word, sizeof(word)))
		id = xt_conf_key_find(word);
	else
		word[0] = '\0';
	if (id == XT_KEYS || (line->ours && xt_conf_keys[id].repeat != XT_KEY_OURS)) {
		key_diagnose_unknown(r, id == XT_KEYS ? word : "");
		return;
	}
	const struct xt_conf_key *key = &xt_conf_keys[id];
	const struct xt_span *text = &line->value;
	if (key->parse == xt_key_pre_up || key->parse == xt_key_post_up ||
	    key->parse == xt_key_pre_down || key->parse == xt_key_post_down ||
	    key->parse == xt_key_private_key_command)
		text = &line->full;
	unsigned bad = xt_span_bad_utf8(text);
	if (key->section != r->section)
		xt_reader_error(r, line->word.column, "%s belongs to [%s]", key->key,
				section_names[key->section]);
	else if (bad)
		xt_reader_error(r, bad, "%s: not valid UTF-8", key->key);
	else if (!key_repeated(r, id))
		key_parse(r, key);
}

/* Two keys for one value: an error at the later one. */
static void keys_exclusive(struct xt_conf_reader *r, enum xt_conf_key_id a, enum xt_conf_key_id b)
{
	char text[80];

	if (!r->seen[a] || !r->seen[b])
		return;
	snprintf(text, sizeof(text), "%s and %s exclude each other", xt_conf_keys[a].key,
		 xt_conf_keys[b].key);
	xt_reader_add(r, XT_LINT_SYNTAX, XT_MAX(r->seen[a], r->seen[b]), 1, text);
}

/* Checks that need the whole section. */
static void section_end(struct xt_conf_reader *r)
{
	const unsigned *seen = r->seen;

	if (r->section == XT_SECTION_PEER && !seen[XT_KEY_PUBLIC_KEY])
		xt_reader_add(r, XT_LINT_SYNTAX, r->peer->line, 1, "this [Peer] has no PublicKey");
	if (r->section == XT_SECTION_PEER)
		keys_exclusive(r, XT_KEY_PRESHARED_KEY, XT_KEY_PRESHARED_KEY_FILE);
	r->peer = NULL;
}

static void peer_begin(struct xt_conf_reader *r)
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

static void section_begin(struct xt_conf_reader *r)
{
	static const char *const names[] = {"Interface", "Peer"};
	const struct xt_lex_line *line = r->line;
	char word[32];

	section_end(r);
	r->bad_section = false;
	if (!xt_span_squeeze(&line->word, word, sizeof(word)))
		word[0] = '\0';
	if (strcasecmp(word, names[0]) == 0) {
		r->section = XT_SECTION_INTERFACE; /* may repeat: more of the same */
		if (!r->conf->interface_line)
			r->conf->interface_line = line->line;
	} else if (strcasecmp(word, names[1]) == 0) {
		r->section = XT_SECTION_PEER;
		peer_begin(r);
	} else {
		const char *meant = xt_nearest(word, names, XT_LEN(names));
		const char *foreign = xt_conf_foreign(word);

		r->section = XT_SECTION_NONE;
		r->bad_section = true;
		if (foreign)
			xt_reader_report(
			    r, XT_LINT_UNKNOWN_KEY, line->word.column,
			    "unknown section; there are [Interface] and [Peer]: [%s] %s", word,
			    foreign);
		else if (meant)
			xt_reader_report(r, XT_LINT_UNKNOWN_KEY, line->word.column,
					 "unknown section; did you mean [%s]?", meant);
		else
			xt_reader_report(r, XT_LINT_UNKNOWN_KEY, line->word.column,
					 "unknown section; there are [Interface] and [Peer]");
	}
}

/* A line without '=': the first word tells which mistake is likely. */
static void line_diagnose_junk(struct xt_conf_reader *r)
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
	else if (xt_conf_key_find(word) != XT_KEYS)
		xt_reader_error(r, column + (unsigned)first.len, "%s: expected '=' and a value",
				xt_conf_keys[xt_conf_key_find(word)].key);
	else
		xt_reader_error(r, column, "neither a section, nor KEY = VALUE, nor a comment");
}

static void line_parse(struct xt_conf_reader *r)
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
		section_begin(r);
		break;
	case XT_LEX_PAIR:
		pair_parse(r);
		break;
	case XT_LEX_JUNK:
		line_diagnose_junk(r);
		break;
	}
}

int xt_conf_parse(struct xt_conf *out, const char *name, const char *text, size_t len,
		  struct xt_conf_diagnostics *diagnostics)
{
	struct xt_conf_reader r = {.conf = out, .diagnostics = diagnostics};
	struct xt_lex lex;
	struct xt_lex_line line;
	size_t before = diagnostics->n;

	memset(out, 0, sizeof(*out));
	if (name)
		snprintf(out->name, sizeof(out->name), "%s", name);
	xt_lex_init(&lex, text, len);
	while (!r.failed && r.errors < XT_CONF_ERRORS_MAX && xt_lex_next(&lex, &line)) {
		r.line = &line;
		line_parse(&r);
	}
	if (!r.failed && r.errors < XT_CONF_ERRORS_MAX) {
		section_end(&r);
		keys_exclusive(&r, XT_KEY_PRIVATE_KEY, XT_KEY_PRIVATE_KEY_FILE);
		keys_exclusive(&r, XT_KEY_PRIVATE_KEY, XT_KEY_PRIVATE_KEY_COMMAND);
		keys_exclusive(&r, XT_KEY_PRIVATE_KEY_FILE, XT_KEY_PRIVATE_KEY_COMMAND);
		if (!r.errors)
			xt_conf_merge_peers(&r);
	}
	xt_conf_diagnostics_sort(diagnostics, before);
	if (!r.failed && !r.errors)
		return 0;
	xt_conf_clear(out);
	return r.failed ? r.failed : XT_E_SYNTAX;
}
