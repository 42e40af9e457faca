/* SPDX-License-Identifier: MIT */
/* The state of one xt_conf_parse, which the parsers of keys share, and the table of keys. */
#ifndef XT_CONFIG_CONF_READER_H
#define XT_CONFIG_CONF_READER_H

#include "base/printf.h"
#include "config/conf.h"
#include "config/conf_lex.h"

enum xt_conf_section { XT_SECTION_NONE, XT_SECTION_INTERFACE, XT_SECTION_PEER };
enum xt_conf_repeat { XT_KEY_MANY, XT_KEY_LAST, XT_KEY_ONCE, XT_KEY_OURS };
enum xt_conf_reload { XT_RELOAD_LIVE, XT_RELOAD_UP, XT_RELOAD_DOWN, XT_RELOAD_REFUSED };
enum xt_conf_key_id {
#define X(id, section, key, repeat, parser, reload, since) XT_KEY_##id,
#include "config/keys.def"
#undef X
	XT_KEYS
};

struct xt_conf_reader {
	struct xt_conf *conf;
	struct xt_conf_diagnostics *diagnostics;
	enum xt_conf_section section;
	struct xt_conf_peer *peer; /* the last, while in its section */
	size_t cap_peers;
	const struct xt_lex_line *line;
	const char *key;	/* that is parsed, as keys.def spells it */
	unsigned seen[XT_KEYS]; /* line of the key in this section */
	bool bad_section;	/* its keys are skipped: the section has its error already */
	size_t errors;
	int failed; /* XT_E_NOMEM */
};

struct xt_conf_key {
	const char *key, *since;
	enum xt_conf_section section;
	enum xt_conf_repeat repeat;
	enum xt_conf_reload reload;
	void (*parse)(struct xt_conf_reader *r, const struct xt_lex_line *line);
};
extern const struct xt_conf_key xt_conf_keys[XT_KEYS];
/* By its name in any case; XT_KEYS: no such key. */
enum xt_conf_key_id xt_conf_key_find(const char *word);

/* At any line. */
void xt_reader_add(struct xt_conf_reader *r, enum xt_lint code, unsigned line, unsigned column,
		   const char *text);
/* At the current line: XT_LINT_SYNTAX, or another code. */
void xt_reader_error(struct xt_conf_reader *r, unsigned column, const char *format, ...)
    XT_PRINTF(3, 4);
void xt_reader_report(struct xt_conf_reader *r, enum xt_lint code, unsigned column,
		      const char *format, ...) XT_PRINTF(4, 5);
/* The verdict of a parser in conf_value.h: NULL returns true; a sentence becomes the error
 * "Key: sentence". */
bool xt_reader_judge(struct xt_conf_reader *r, unsigned column, const char *sentence);

/* What another program means by the key or section, as the rest of a sentence; NULL: not known. */
const char *xt_conf_foreign(const char *word);
/* Sections [Peer] with the same key become one, with a warning. After the last line. */
void xt_conf_merge_peers(struct xt_conf_reader *r);
void xt_conf_peer_clear(struct xt_conf_peer *peer); /* wipes */

/* The entries of Endpoint. append takes the entry's host over; after an error of copy, clear. */
void xt_conf_endpoints_clear(struct xt_conf_peer *peer);
void xt_conf_endpoints_move(struct xt_conf_peer *to, struct xt_conf_peer *from);
int xt_conf_endpoints_copy(struct xt_conf_peer *to, const struct xt_conf_peer *from);
int xt_conf_endpoint_append(struct xt_conf_peer *peer, const struct xt_conf_endpoint *entry);

/* Room for item n in an array that has n items: the array, or a larger one with the same items, the
 * old one wiped and freed. NULL: no memory, the old one is unchanged. Sizes double. */
void *xt_reader_grow(struct xt_conf_reader *r, void *old, size_t n, size_t size);

#define X(id, section, key, repeat, parser, reload, since)                                         \
	void xt_key_##parser(struct xt_conf_reader *r, const struct xt_lex_line *line);
#include "config/keys.def"
#undef X

#endif
