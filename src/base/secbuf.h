/* SPDX-License-Identifier: MIT */
/* A growing byte buffer for contents that may hold keys: every byte that it gives back to the
 * allocator or drops from its contents is wiped first. */
#ifndef XT_BASE_SECBUF_H
#define XT_BASE_SECBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/printf.h"

#define XT_SECBUF_MAX (SIZE_MAX / 2)

/* p    the contents; NUL at p[len] unless p is NULL
 * len  bytes in use
 * max  len never exceeds it; at most XT_SECBUF_MAX
 * error  0, or why the first append failed: XT_E_FULL or XT_E_NOMEM. Later appends do nothing and
 *        return it, so that a writer checks once, at its end
 * maps   large contents may grow by realloc: the program has called xt_memory_init
 *        (platform/malloc.h), so that they are a mapping of their own, whose pages move and are not
 *        copied */
struct xt_secbuf {
	char *p;
	size_t len, cap, max;
	int error;
	bool maps;
};

/* An empty buffer; no memory is allocated before the first byte. */
#define XT_SECBUF_INIT(limit) ((struct xt_secbuf){.max = (limit)})

/* Append; all or nothing. 0 or the buffer's error. printf: the result may be of any length. */
int xt_secbuf_append(struct xt_secbuf *buf, const void *data, size_t len);
int xt_secbuf_puts(struct xt_secbuf *buf, const char *text);
int xt_secbuf_printf(struct xt_secbuf *buf, const char *format, ...) XT_PRINTF(2, 3);

/* For reads from a descriptor: *room bytes, at least one, may be written at p + len and are then
 * counted by xt_secbuf_added. 0; XT_E_FULL or XT_E_NOMEM, *room is 0 and the buffer usable. */
int xt_secbuf_room(struct xt_secbuf *buf, size_t *room);
void xt_secbuf_added(struct xt_secbuf *buf, size_t n); /* n <= *room of the last call */

/* Drop the first n <= len bytes. An emptied large buffer is given back. */
void xt_secbuf_take(struct xt_secbuf *buf, size_t n);

/* Move the contents to *out, a string (*len bytes and a NUL) that the caller wipes and frees, and
 * leave the buffer empty. When an append failed: its error, the buffer cleared, *out NULL. */
int xt_secbuf_detach(struct xt_secbuf *buf, char **out, size_t *len);

/* Wipe and free; max stays. A zeroed buffer may be cleared. */
void xt_secbuf_clear(struct xt_secbuf *buf);

#endif
