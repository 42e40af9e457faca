/* SPDX-License-Identifier: MIT */
/* A growing buffer that wipes what it gives back. It grows by malloc and copy: realloc would leave
 * the old bytes in freed memory, unless they are a mapping of their own. */
#include "base/secbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"

#define CAP_FIRST 1024u
#define MAPPED	  (1u << 20)  /* a mapping of its own, see maps */
#define CAP_KEEP  (64u << 10) /* an empty buffer keeps no more */

/* Room for more bytes and the NUL. */
static int buffer_reserve(struct xt_secbuf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : XT_MIN((size_t)CAP_FIRST, buf->max + 1);

	if (more > buf->max - buf->len)
		return XT_E_FULL;
	if (buf->cap - buf->len > more)
		return 0;
	while (cap - buf->len <= more)
		cap = cap > buf->max / 2 ? buf->max + 1 : cap * 2;
	bool moves = buf->maps && buf->cap >= MAPPED;
	char *p = moves ? realloc(buf->p, cap) : malloc(cap);
	if (!p)
		return XT_E_NOMEM;
	if (buf->p && !moves) {
		memcpy(p, buf->p, buf->len);
		xt_wipe(buf->p, buf->cap);
		free(buf->p);
	}
	p[buf->len] = '\0';
	buf->p = p;
	buf->cap = cap;
	return 0;
}

int xt_secbuf_append(struct xt_secbuf *buf, const void *data, size_t len)
{
	if (!buf->error)
		buf->error = buffer_reserve(buf, len);
	if (buf->error)
		return buf->error;
	if (len)
		memcpy(buf->p + buf->len, data, len);
	xt_secbuf_added(buf, len);
	return 0;
}

int xt_secbuf_puts(struct xt_secbuf *buf, const char *text)
{
	return xt_secbuf_append(buf, text, strlen(text));
}

int xt_secbuf_printf(struct xt_secbuf *buf, const char *format, ...)
{
	size_t room = buf->p ? buf->cap - buf->len : 0;
	va_list args;

	if (buf->error)
		return buf->error;
	va_start(args, format);
	int n = vsnprintf(buf->p ? buf->p + buf->len : NULL, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		if (room)
			buf->p[buf->len] = '\0'; /* drop what fitted */
		buf->error = n < 0 ? XT_E_INVALID : buffer_reserve(buf, (size_t)n);
		if (buf->error)
			return buf->error;
		va_start(args, format);
		vsnprintf(buf->p + buf->len, buf->cap - buf->len, format, args);
		va_end(args);
	}
	buf->len += (size_t)n;
	return 0;
}

int xt_secbuf_room(struct xt_secbuf *buf, size_t *room)
{
	int err = buffer_reserve(buf, 1);

	*room = err ? 0 : XT_MIN(buf->cap - 1, buf->max) - buf->len;
	return err;
}

void xt_secbuf_added(struct xt_secbuf *buf, size_t n)
{
	buf->len += n;
	buf->p[buf->len] = '\0';
}

void xt_secbuf_take(struct xt_secbuf *buf, size_t n)
{
	if (!n)
		return;
	buf->len -= n;
	memmove(buf->p, buf->p + n, buf->len);
	xt_wipe(buf->p + buf->len, n);
	if (buf->len == 0 && buf->cap > CAP_KEEP)
		xt_secbuf_clear(buf);
}

int xt_secbuf_detach(struct xt_secbuf *buf, char **out, size_t *len)
{
	int err = xt_secbuf_append(buf, "", 0); /* makes the empty string of an empty buffer */

	*out = NULL;
	*len = 0;
	if (err) {
		xt_secbuf_clear(buf);
		return err;
	}
	*out = buf->p;
	*len = buf->len;
	*buf = XT_SECBUF_INIT(buf->max);
	return 0;
}

void xt_secbuf_clear(struct xt_secbuf *buf)
{
	if (buf->p)
		xt_wipe(buf->p, buf->cap);
	free(buf->p);
	*buf = XT_SECBUF_INIT(buf->max);
}
