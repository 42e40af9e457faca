/* SPDX-License-Identifier: MIT */
/* The lines of a configuration file, split as wg(8) and wg-quick(8) do. Knows sections and pairs,
 * but no keys. */
#ifndef XT_CONFIG_CONF_LEX_H
#define XT_CONFIG_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the text, not terminated; column counts them from 1. */
struct xt_span {
	const char *p;
	size_t len;
	unsigned column;
};

enum xt_lex_kind {
	XT_LEX_BLANK,	/* nothing, or a comment */
	XT_LEX_SECTION, /* word: between the brackets */
	XT_LEX_PAIR,	/* word = value */
	XT_LEX_JUNK,	/* word: all of it */
};

/* value  after the '=', trimmed, without comment; full: the same with the comment
 * ours   the line was "#: word = value" */
struct xt_lex_line {
	enum xt_lex_kind kind;
	unsigned line;
	bool ours;
	struct xt_span word, value, full, whole;
};

struct xt_lex {
	const char *at, *end;
	unsigned line;
};

void xt_lex_init(struct xt_lex *lex, const char *text, size_t len); /* skips a byte order mark */
bool xt_lex_next(struct xt_lex *lex, struct xt_lex_line *out);	    /* false: at the end */

bool xt_lex_blank(char c); /* white space, whatever the locale */
void xt_span_trim(struct xt_span *span);
/* Copy without white space, as a string. false: longer than cap - 1 bytes. */
bool xt_span_squeeze(const struct xt_span *span, char *buf, size_t cap);
/* Column of the first byte that is not valid UTF-8, or 0. */
unsigned xt_span_bad_utf8(const struct xt_span *span);

#endif
