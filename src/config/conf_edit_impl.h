/* SPDX-License-Identifier: MIT */
/* The lines and sections of a text that is edited; for conf_edit*.c only. */
#ifndef XT_CONFIG_CONF_EDIT_IMPL_H
#define XT_CONFIG_CONF_EDIT_IMPL_H

#include "config/conf_edit.h"
#include "config/conf_lex.h"

#define XT_EDIT_NONE SIZE_MAX

enum xt_edit_kind { XT_EDIT_BLANK, XT_EDIT_COMMENT, XT_EDIT_HEADER, XT_EDIT_CONTENT };

/* p, len   with its line end
 * section  that it belongs to, or XT_EDIT_NONE
 * off      it has the mark of a disabled line; kind is that of the rest */
struct xt_edit_line {
	const char *p;
	size_t len;
	size_t section;
	enum xt_edit_kind kind;
	bool off;
};

/* header  the line; comments above it have smaller numbers */
struct xt_edit_section {
	size_t header;
	bool peer, disabled, has_key;
	struct xt_public key;
};

/* Is section number at a [Peer] of key, or an [Interface] when key is NULL? */
bool xt_edit_section_is(const struct xt_edit *edit, size_t at, const struct xt_public *key);
/* Is the line "word = value"? out: its pieces. */
bool xt_edit_pair(const struct xt_edit_line *line, struct xt_lex_line *out, const char *word);
/* Copy what is before the first line. */
void xt_edit_put_start(const struct xt_edit *edit, struct xt_secbuf *out);

#endif
