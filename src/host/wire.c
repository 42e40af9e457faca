/* SPDX-License-Identifier: MIT */
/* See wire.h. */
#include "host/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void xt_wire_refuse(struct xt_wire *w)
{
	if (w->in && w->in->error == 0)
		w->in->error = XT_E_INVALID;
}

void xt_wire_expect(struct xt_wire *w, bool valid)
{
	if (!valid)
		xt_wire_refuse(w);
}

int xt_wire_finish(struct xt_wire *w)
{
	if (!xt_wire_reads(w))
		return w->out->error;
	xt_wire_expect(w, w->in->len == 0 && w->used == w->n_fds);
	return w->in->error;
}

void xt_wire_bytes(struct xt_wire *w, void *v, size_t len)
{
	if (!xt_wire_reads(w)) {
		(void)xt_secbuf_append(w->out, v, len);
		return;
	}
	xt_wire_expect(w, len <= w->in->len);
	if (w->in->error < 0) {
		memset(v, 0, len);
	} else if (len > 0) {
		memcpy(v, w->in->p, len);
		w->in->p += len;
		w->in->len -= len;
	}
}

/* --- numbers --- */

void xt_wire_u8(struct xt_wire *w, uint8_t *v)
{
	xt_wire_bytes(w, v, 1);
}

void xt_wire_u16(struct xt_wire *w, uint16_t *v)
{
	uint8_t b[2];

	xt_be16_put(b, *v);
	xt_wire_bytes(w, b, sizeof(b));
	if (xt_wire_reads(w))
		*v = xt_be16_get(b);
}

void xt_wire_u32(struct xt_wire *w, uint32_t *v)
{
	uint8_t b[4];

	xt_be32_put(b, *v);
	xt_wire_bytes(w, b, sizeof(b));
	if (xt_wire_reads(w))
		*v = xt_be32_get(b);
}

void xt_wire_u64(struct xt_wire *w, uint64_t *v)
{
	uint8_t b[8];

	xt_be64_put(b, *v);
	xt_wire_bytes(w, b, sizeof(b));
	if (xt_wire_reads(w))
		*v = xt_be64_get(b);
}

void xt_wire_unsigned(struct xt_wire *w, unsigned *v)
{
	uint32_t u = *v;

	xt_wire_u32(w, &u);
	if (xt_wire_reads(w))
		*v = u;
}

void xt_wire_int(struct xt_wire *w, int *v)
{
	uint32_t u = (uint32_t)*v;

	xt_wire_u32(w, &u);
	if (xt_wire_reads(w))
		*v = (int)u;
}

void xt_wire_size(struct xt_wire *w, size_t *v)
{
	uint64_t u = *v;

	xt_wire_u64(w, &u);
	xt_wire_expect(w, u <= SIZE_MAX);
	if (xt_wire_reads(w))
		*v = (size_t)u;
}

void xt_wire_below(struct xt_wire *w, uint32_t *v, uint32_t limit)
{
	xt_wire_u32(w, v);
	xt_wire_expect(w, *v < limit);
	if (xt_wire_reads(w) && *v >= limit)
		*v = 0;
}

void xt_wire_bool(struct xt_wire *w, bool *v)
{
	uint8_t u = *v ? 1 : 0;

	xt_wire_u8(w, &u);
	xt_wire_expect(w, u <= 1);
	if (xt_wire_reads(w))
		*v = u == 1;
}

/* --- strings and arrays --- */

static void string_read(struct xt_wire *w, char **v, size_t max, bool line)
{
	uint32_t len = 0;

	*v = NULL;
	xt_wire_u32(w, &len);
	xt_wire_expect(w, len <= max && len <= w->in->len);
	if (w->in->error < 0)
		return;
	*v = malloc((size_t)len + 1);
	if (!*v) {
		w->in->error = XT_E_NOMEM;
		return;
	}
	xt_wire_bytes(w, *v, len);
	(*v)[len] = '\0';
	xt_wire_expect(w, strlen(*v) == len && !(line && strchr(*v, '\n')));
}

static void string_pass(struct xt_wire *w, char **v, size_t max, bool line)
{
	bool present = *v != NULL;
	uint32_t len;

	xt_wire_bool(w, &present);
	if (!present && xt_wire_reads(w)) {
		*v = NULL;
	} else if (xt_wire_reads(w)) {
		string_read(w, v, max, line);
	} else if (present) {
		len = (uint32_t)strlen(*v);
		xt_wire_u32(w, &len);
		xt_wire_bytes(w, *v, len);
	}
}

void xt_wire_string(struct xt_wire *w, char **v, size_t max)
{
	string_pass(w, v, max, false);
}

void xt_wire_line(struct xt_wire *w, char **v, size_t max)
{
	string_pass(w, v, max, true);
}

void xt_wire_text(struct xt_wire *w, char *v, size_t cap)
{
	uint16_t len = (uint16_t)strnlen(v, cap - 1);

	xt_wire_u16(w, &len);
	xt_wire_expect(w, len < cap);
	if (xt_wire_reads(w))
		memset(v, 0, cap);
	if (xt_wire_reads(w) && w->in->error < 0)
		return;
	xt_wire_bytes(w, v, len);
	xt_wire_expect(w, strlen(v) == len && !strchr(v, '\n'));
}

void *xt_wire_array(struct xt_wire *w, void *v, size_t *n, size_t size, size_t least)
{
	uint32_t count = (uint32_t)*n;

	if (!xt_wire_reads(w)) {
		xt_wire_u32(w, &count);
		return v;
	}
	*n = 0;
	xt_wire_u32(w, &count);
	xt_wire_expect(w, count <= w->in->len / least);
	if (w->in->error < 0 || count == 0)
		return NULL;
	v = calloc(count, size);
	if (!v) {
		w->in->error = XT_E_NOMEM;
		return NULL;
	}
	*n = count;
	return v;
}

/* --- addresses --- */

/* Only the bytes of the family: what is read is as struct xt_ip demands. */
void xt_wire_ip(struct xt_wire *w, struct xt_ip *v)
{
	uint8_t family = v->family;

	xt_wire_u8(w, &family);
	if (xt_wire_reads(w))
		*v = (struct xt_ip){.family = family};
	if (family == 4)
		xt_wire_bytes(w, v->b, 4);
	else if (family == 6)
		xt_wire_bytes(w, v->b, 16);
	else if (family != 0)
		xt_wire_refuse(w);
	if (xt_wire_reads(w) && w->in->error < 0)
		*v = (struct xt_ip){0};
}

void xt_wire_cidr(struct xt_wire *w, struct xt_cidr *v)
{
	xt_wire_ip(w, &v->ip);
	xt_wire_u8(w, &v->bits);
	xt_wire_expect(w, v->bits <= (v->ip.family == 4 ? 32 : v->ip.family == 6 ? 128 : 0));
	if (xt_wire_reads(w) && w->in->error < 0)
		*v = (struct xt_cidr){0};
}

void xt_wire_endpoint(struct xt_wire *w, struct xt_endpoint *v)
{
	xt_wire_ip(w, &v->ip);
	xt_wire_u16(w, &v->port);
	xt_wire_u32(w, &v->scope);
}

/* --- descriptors --- */

void xt_wire_fd(struct xt_wire *w, int *v)
{
	bool present = *v >= 0;

	xt_wire_bool(w, &present);
	if (xt_wire_reads(w)) {
		xt_wire_expect(w, !present || w->used < w->n_fds);
		*v = -1;
		if (present && w->in->error == 0)
			*v = w->fds[w->used++];
	} else if (present && w->n_fds < XT_WIRE_FDS) {
		w->fds[w->n_fds++] = *v;
	}
}
