/* SPDX-License-Identifier: MIT */
/* Values to bytes and back; see snapshot_coder.h. */
#include "core/snapshot_coder.h"

#include <string.h>

#include <sodium.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"

void xt_coder_encode(struct xt_coder *c, struct xt_secbuf *out)
{
	memset(c, 0, sizeof(*c));
	c->out = out;
}

void xt_coder_decode(struct xt_coder *c, const void *bytes, size_t len, uint64_t now)
{
	memset(c, 0, sizeof(*c));
	c->at = bytes;
	c->end = c->at + len;
	c->now = now;
}

static void coder_flush(struct xt_coder *c)
{
	if (c->n && !c->error)
		c->error = xt_secbuf_append(c->out, c->scratch, c->n);
	c->n = 0;
}

int xt_coder_end(struct xt_coder *c)
{
	int error;

	if (c->out)
		coder_flush(c);
	else
		xt_coder_check(c, c->at == c->end);
	error = c->error;
	xt_wipe(c, sizeof(*c));
	return error;
}

void xt_coder_fail(struct xt_coder *c, int error)
{
	if (!c->error)
		c->error = error;
	c->at = c->end;
}

void xt_coder_check(struct xt_coder *c, bool valid)
{
	if (!valid)
		xt_coder_fail(c, XT_E_INVALID);
}

static void byte_put(struct xt_coder *c, uint8_t byte)
{
	if (c->n == sizeof(c->scratch))
		coder_flush(c);
	c->scratch[c->n++] = byte;
}

const uint8_t *xt_coder_view(struct xt_coder *c, size_t len)
{
	const uint8_t *at = c->at;

	if (c->error || (size_t)(c->end - at) < len) {
		xt_coder_fail(c, XT_E_INVALID);
		return NULL;
	}
	c->at += len;
	return at;
}

static void number_put(struct xt_coder *c, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		byte_put(c, (uint8_t)(v | 0x80));
	byte_put(c, (uint8_t)v);
}

/* There is one form of each number: the shortest. */
static uint64_t number_get(struct xt_coder *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t *byte = xt_coder_view(c, 1);

		if (!byte)
			return 0;
		if (shift == 63 && *byte > 1)
			break;
		v |= (uint64_t)(*byte & 0x7f) << shift;
		if (*byte < 0x80) {
			if (!*byte && shift)
				break;
			return v;
		}
	}
	xt_coder_fail(c, XT_E_INVALID);
	return 0;
}

static uint64_t number_code(struct xt_coder *c, uint64_t v, uint64_t most)
{
	if (c->out) {
		number_put(c, v);
		return v;
	}
	v = number_get(c);
	if (v <= most)
		return v;
	xt_coder_fail(c, XT_E_INVALID);
	return 0;
}

void xt_coder_u64(struct xt_coder *c, uint64_t *v)
{
	*v = number_code(c, *v, UINT64_MAX);
}

/* The sign is the lowest bit, so that small numbers of either sign stay short. */
void xt_coder_i64(struct xt_coder *c, int64_t *v)
{
	uint64_t bits = *v < 0 ? ~(uint64_t)*v << 1 | 1 : (uint64_t)*v << 1;

	bits = number_code(c, bits, UINT64_MAX);
	*v = bits & 1 ? -(int64_t)(bits >> 1) - 1 : (int64_t)(bits >> 1);
}

void xt_coder_u32(struct xt_coder *c, uint32_t *v)
{
	*v = (uint32_t)number_code(c, *v, UINT32_MAX);
}

void xt_coder_u16(struct xt_coder *c, uint16_t *v)
{
	*v = (uint16_t)number_code(c, *v, UINT16_MAX);
}

void xt_coder_u8(struct xt_coder *c, uint8_t *v)
{
	*v = (uint8_t)number_code(c, *v, UINT8_MAX);
}

void xt_coder_flag(struct xt_coder *c, bool *v)
{
	*v = number_code(c, *v, 1) != 0;
}

void xt_coder_up_to(struct xt_coder *c, uint32_t *v, uint32_t most)
{
	*v = (uint32_t)number_code(c, *v, most);
}

void xt_coder_u8_up_to(struct xt_coder *c, uint8_t *v, uint8_t most)
{
	*v = (uint8_t)number_code(c, *v, most);
}

size_t xt_coder_count(struct xt_coder *c, size_t n, size_t least)
{
	n = (size_t)number_code(c, n, SIZE_MAX);
	if (!c->out && n > (size_t)(c->end - c->at) / least)
		xt_coder_fail(c, XT_E_INVALID);
	return c->error ? 0 : n;
}

void xt_coder_put(struct xt_coder *c, const void *bytes, size_t len)
{
	if (len > sizeof(c->scratch) - c->n)
		coder_flush(c);
	if (len > sizeof(c->scratch)) {
		if (!c->error)
			c->error = xt_secbuf_append(c->out, bytes, len);
	} else if (len) {
		memcpy(c->scratch + c->n, bytes, len);
		c->n += len;
	}
}

void xt_coder_bytes(struct xt_coder *c, void *bytes, size_t len)
{
	const uint8_t *at;

	if (c->out) {
		xt_coder_put(c, bytes, len);
		return;
	}
	at = xt_coder_view(c, len);
	if (at)
		memcpy(bytes, at, len);
	else
		memset(bytes, 0, len);
}

void xt_coder_sparse(struct xt_coder *c, void *bytes, size_t len)
{
	bool present = c->out && !sodium_is_zero(bytes, len);

	xt_coder_flag(c, &present);
	if (present)
		xt_coder_bytes(c, bytes, len);
	else
		memset(bytes, 0, len);
}

/* One more than the time, so that XT_NEVER takes one byte. */
static void time_code(struct xt_coder *c, uint64_t *v, uint64_t latest)
{
	*v = number_code(c, *v + 1, UINT64_MAX) - 1;
	if (!c->out && *v != XT_NEVER)
		xt_coder_check(c, *v <= latest);
}

void xt_coder_past(struct xt_coder *c, uint64_t *v)
{
	time_code(c, v, c->now);
}

void xt_coder_due(struct xt_coder *c, uint64_t *v)
{
	time_code(c, v, c->now + XT_CODER_AHEAD);
}

static size_t family_len(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static void family_code(struct xt_coder *c, uint8_t *family)
{
	xt_coder_u8(c, family);
	xt_coder_check(c, !*family || family_len(*family));
	if (c->error)
		*family = 0;
}

void xt_coder_ip(struct xt_coder *c, struct xt_ip *ip)
{
	family_code(c, &ip->family);
	if (!c->out)
		memset(ip->b, 0, sizeof(ip->b));
	xt_coder_bytes(c, ip->b, family_len(ip->family));
}

void xt_coder_cidr(struct xt_coder *c, struct xt_cidr *cidr)
{
	xt_coder_ip(c, &cidr->ip);
	xt_coder_u8_up_to(c, &cidr->bits, (uint8_t)(8 * family_len(cidr->ip.family)));
}

void xt_coder_endpoint(struct xt_coder *c, struct xt_endpoint *endpoint)
{
	xt_coder_ip(c, &endpoint->ip);
	xt_coder_u16(c, &endpoint->port);
	xt_coder_u32(c, &endpoint->scope);
}

void xt_coder_path(struct xt_coder *c, struct xt_path *path)
{
	if (!c->out)
		memset(path, 0, sizeof(*path)); /* paths are compared as bytes */
	xt_coder_endpoint(c, &path->remote);
	xt_coder_ip(c, &path->local);
	xt_coder_flag(c, &path->old_port);
	xt_coder_u32(c, &path->ifindex);
}
