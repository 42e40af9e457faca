/* SPDX-License-Identifier: MIT */
/* Keys as base64 and hex in constant time, numbers with strict rules. */
#ifndef XT_BASE_TEXT_H
#define XT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XT_KEY_BASE64 45 /* 44 characters and NUL */
#define XT_KEY_HEX    65

/* text: exactly 44 characters (len counts them), the last one '=' and the two spare bits zero, as
 * wg(8) requires. Constant time in the key. false: not a key, out wiped. */
bool xt_key_from_base64(uint8_t out[32], const char *text, size_t len);
void xt_key_to_base64(char out[XT_KEY_BASE64], const uint8_t key[32]);
bool xt_key_from_hex(uint8_t out[32], const char *text, size_t len); /* exactly 64, either case */
void xt_key_to_hex(char out[XT_KEY_HEX], const uint8_t key[32]);     /* lower case */

/* Parse a whole string as decimal (or 0x hex if hex), without sign or space, <= max. */
bool xt_number(uint64_t *out, const char *text, uint64_t max, bool hex);

/* Bytes of the UTF-8 character at text, which is not empty. *printable: false for a control
 * character (C0, DEL, C1), a bidirectional control, a line separator, and a byte that is not
 * UTF-8. */
size_t xt_text_character(const char *text, bool *printable);
bool xt_text_is_printable(const char *text);
/* Replace each character that is not printable by '?', in place. For text that another process or
 * host sent, before it reaches a terminal or a log. */
void xt_text_clean(char *text);

/* The last c among the n bytes at text; NULL: there is none. */
const char *xt_text_last(const char *text, char c, size_t n);

/* Wipe memory; the compiler does not optimise it away. */
void xt_wipe(void *p, size_t len);

/* The candidate nearest to word within two edits (case-insensitive), or NULL. */
const char *xt_nearest(const char *word, const char *const *candidates, size_t n);
/* Do a and b differ by one inserted, deleted, changed or transposed letter, or only by case? false
 * for equal words. */
bool xt_one_edit(const char *a, const char *b);

#endif
