/* SPDX-License-Identifier: MIT */
/* Changes of a configuration file as text. Each line that a change does not name stays as it is,
 * byte by byte: comments, order, blanks, line ends, a missing final line end. Pure.
 *
 * A section [Peer] is disabled by XT_EDIT_DISABLED in front of each of its lines, so that it is a
 * comment to every program that reads the file. Comments directly above [Peer] belong to it. */
#ifndef XT_CONFIG_CONF_EDIT_H
#define XT_CONFIG_CONF_EDIT_H

#include <xtunnel/types.h>

#include "base/secbuf.h"

#define XT_EDIT_DISABLED "#disabled: "
/* In a section that `add` wrote: how the peer's file reaches this host. */
#define XT_EDIT_ENDPOINT "#endpoint: "

struct xt_edit_line;
struct xt_edit_section;

/* text     borrowed, and unchanged while this is open
 * newline  of the first line that has one
 * open_end  the last line has no line end */
struct xt_edit {
	const char *text;
	size_t len;
	const char *newline;
	bool open_end;
	struct xt_edit_line *lines;
	size_t n_lines;
	struct xt_edit_section *sections;
	size_t n_sections;
};

/* XT_E_NOMEM: edit is cleared. */
int xt_edit_open(struct xt_edit *edit, const char *text, size_t len);
void xt_edit_clear(struct xt_edit *edit);

/* The bytes behind the mark of a disabled line. NULL: it is none. */
const char *xt_edit_disabled_line(const char *line, size_t len);
/* Is there a section with this PublicKey that is disabled, or not? */
bool xt_edit_has(const struct xt_edit *edit, const struct xt_public *key, bool disabled);
/* The sections that are disabled, as the text of a configuration file. */
int xt_edit_disabled(const struct xt_edit *edit, struct xt_secbuf *out);
/* Append the disabled lines of a file as they are, for one that is written in place of it. */
int xt_edit_keep_disabled(const char *text, size_t len, struct xt_secbuf *out);
/* What the last XT_EDIT_ENDPOINT line holds. false: there is none that fits. */
bool xt_edit_endpoint(const struct xt_edit *edit, char *out, size_t cap);

/* Each appends the whole changed text to out, and returns 0 or the error of out. Those with a key
 * change all sections that have it; XT_E_NOPEER: none does. */

/* section: lines that end in '\n', which become those of the file; a blank line is set before. */
int xt_edit_append(const struct xt_edit *edit, const char *section, struct xt_secbuf *out);
/* Disabled or not, with the blank line before it: what xt_edit_append adds, this takes away. */
int xt_edit_remove(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out);
int xt_edit_disable(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out);
int xt_edit_enable(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out);
/* Replace the value of word in [Peer] of that key (NULL: in [Interface]). In a peer that lacks it
 * the line follows its PublicKey. XT_E_NOPEER: [Interface] lacks it. */
int xt_edit_set(const struct xt_edit *edit, const struct xt_public *key, const char *word,
		const char *value, struct xt_secbuf *out);

#endif
