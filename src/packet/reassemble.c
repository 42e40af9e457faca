/* SPDX-License-Identifier: MIT */
/* Reassembly. Data is copied to its final place; headers are kept apart, so that the original
 * fragments can be returned; a bitmap of 8-byte blocks records what was received. */
#include "packet/reassemble.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"

#define DATA_MAX  65535u /* what follows the IPv4 header or the IPv6 Fragment header */
#define BLOCKS	  ((DATA_MAX + 7) / 8)
#define HEADROOM  64u /* in front of the data, for the whole datagram's header */
#define HEADERS	  (XT_REASSEMBLE_PIECES * 60u)
#define DISCARDED 32

struct key {
	const void *owner;
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t version, protocol, tag;
	bool atomic;
};

struct piece {
	uint32_t header_at;
	uint16_t offset, len;
	uint8_t header_len;
};

struct xt_datagram {
	struct key key;
	uint64_t born;
	uint32_t n;	    /* fragments; 0: free */
	uint32_t total;	    /* bytes of data, once the last fragment is here; else 0 */
	uint32_t have, end; /* bytes here; where the furthest ends */
	uint32_t header_used;
	uint32_t first; /* piece at offset 0, valid when whole */
	uint64_t map[(BLOCKS + 63) / 64];
	struct piece pieces[XT_REASSEMBLE_PIECES];
	uint8_t headers[HEADERS];
	uint8_t data[HEADROOM + DATA_MAX];
};

/* The key of a discarded datagram, until it would have expired. */
struct discarded {
	struct key key;
	uint64_t born;
	bool used;
};

struct xt_reassembler {
	struct xt_datagram slots[XT_REASSEMBLE_BUFFERS];
	struct discarded discarded[DISCARDED];
	struct xt_reassemble_counters counters;
};

int xt_reassembler_new(struct xt_reassembler **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

void xt_reassembler_free(struct xt_reassembler *r)
{
	free(r);
}

static bool time_expired(uint64_t born, uint64_t now)
{
	return now >= born && now - born >= XT_REASSEMBLE_NS;
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return a->owner == b->owner && a->id == b->id && a->version == b->version &&
	       a->protocol == b->protocol && a->tag == b->tag && a->atomic == b->atomic &&
	       !memcmp(a->src, b->src, 16) && !memcmp(a->dst, b->dst, 16);
}

void xt_reassembler_tick(struct xt_reassembler *r, uint64_t now)
{
	for (size_t i = 0; i < XT_LEN(r->slots); i++) {
		struct xt_datagram *d = &r->slots[i];

		if (!d->n || !time_expired(d->born, now))
			continue;
		d->n = 0;
		r->counters.expired++;
	}
	for (size_t i = 0; i < XT_LEN(r->discarded); i++)
		if (r->discarded[i].used && time_expired(r->discarded[i].born, now))
			r->discarded[i].used = false;
}

/* Keys of discarded datagrams need no deadline: each add expires them. */
uint64_t xt_reassembler_deadline(const struct xt_reassembler *r)
{
	uint64_t first = XT_NEVER;

	for (size_t i = 0; i < XT_LEN(r->slots); i++)
		if (r->slots[i].n)
			first = XT_MIN(first, r->slots[i].born + XT_REASSEMBLE_NS);
	return first;
}

void xt_reassembler_forget(struct xt_reassembler *r, const void *owner)
{
	for (size_t i = 0; i < XT_LEN(r->slots); i++)
		if (r->slots[i].key.owner == owner)
			r->slots[i].n = 0;
	for (size_t i = 0; i < XT_LEN(r->discarded); i++)
		if (r->discarded[i].key.owner == owner)
			r->discarded[i].used = false;
}

const struct xt_reassemble_counters *xt_reassembler_counters(const struct xt_reassembler *r)
{
	return &r->counters;
}

/* Free d, and record its key so that its later fragments are dropped. */
static void datagram_discard(struct xt_reassembler *r, struct xt_datagram *d)
{
	struct discarded *to = &r->discarded[0];

	for (size_t i = 0; i < XT_LEN(r->discarded); i++) {
		struct discarded *g = &r->discarded[i];

		if (!g->used) {
			to = g;
			break;
		}
		if (g->born < to->born)
			to = g;
	}
	*to = (struct discarded){.key = d->key, .born = d->born, .used = true};
	d->n = 0;
}

static bool key_is_discarded(const struct xt_reassembler *r, const struct key *key)
{
	for (size_t i = 0; i < XT_LEN(r->discarded); i++)
		if (r->discarded[i].used && key_equal(&r->discarded[i].key, key))
			return true;
	return false;
}

/* The datagram of key, or an empty one: in a free buffer, else in the oldest's. */
static struct xt_datagram *datagram_find(struct xt_reassembler *r, const struct key *key,
					 uint64_t now)
{
	struct xt_datagram *spare = NULL;

	for (size_t i = 0; i < XT_LEN(r->slots); i++) {
		struct xt_datagram *d = &r->slots[i];

		if (d->n && key_equal(&d->key, key))
			return d;
		if (!spare || (spare->n && (!d->n || d->born < spare->born)))
			spare = d;
	}
	if (spare->n) {
		r->counters.pushed_out++;
		datagram_discard(r, spare);
	}
	spare->key = *key;
	spare->born = now;
	spare->total = spare->have = spare->end = spare->header_used = 0;
	memset(spare->map, 0, sizeof(spare->map));
	return spare;
}

/* Mark the blocks of [offset, offset + len); false: one was marked before. */
static bool blocks_mark(struct xt_datagram *d, uint32_t offset, uint32_t len)
{
	uint32_t first = offset / 8, last = (offset + len - 1) / 8;

	for (uint32_t i = first; i <= last; i++)
		if (d->map[i / 64] >> (i % 64) & 1)
			return false;
	for (uint32_t i = first; i <= last; i++)
		d->map[i / 64] |= UINT64_C(1) << (i % 64);
	return true;
}

/* Is the fragment well-formed, and consistent with those received before? */
static bool fragment_fits(const struct xt_datagram *d, const struct xt_ip_view *v, uint32_t len)
{
	uint32_t end = v->offset + len;
	uint32_t room = v->version == 4 ? DATA_MAX - v->header : DATA_MAX;

	if (v->extended || !len || (v->more && len % 8) || end > room)
		return false;
	if ((d->total && end > d->total) || (!v->more && d->end > end))
		return false;
	return d->n < XT_REASSEMBLE_PIECES && d->header_used + v->upper <= HEADERS;
}

static void fragment_keep(struct xt_datagram *d, const struct xt_ip_view *v, uint32_t len)
{
	struct piece *p = &d->pieces[d->n];

	*p = (struct piece){.header_at = d->header_used,
			    .offset = (uint16_t)v->offset,
			    .len = (uint16_t)len,
			    .header_len = (uint8_t)v->upper};
	memcpy(d->headers + p->header_at, v->bytes, v->upper);
	memcpy(d->data + HEADROOM + v->offset, v->bytes + v->upper, len);
	d->header_used += v->upper;
	if (!v->offset)
		d->first = d->n;
	d->n++;
	d->have += len;
	d->end = XT_MAX(d->end, v->offset + len);
	if (!v->more)
		d->total = v->offset + len;
}

static struct key fragment_key(const void *owner, uint8_t tag, const struct xt_ip_view *v)
{
	/* An IPv6 atomic fragment is a datagram of its own (RFC 6946). */
	bool atomic = !v->offset && !v->more;
	struct key key = {.owner = owner,
			  .tag = tag,
			  .atomic = atomic,
			  .id = v->id,
			  .version = v->version,
			  .protocol = v->protocol};

	memcpy(key.src, v->src, v->version == 4 ? 4 : 16);
	memcpy(key.dst, v->dst, v->version == 4 ? 4 : 16);
	return key;
}

enum xt_reassemble_verdict xt_reassembler_add(struct xt_reassembler *r, uint64_t now,
					      const void *owner, uint8_t tag,
					      const struct xt_ip_view *view,
					      struct xt_datagram **out)
{
	struct key key = fragment_key(owner, tag, view);
	uint32_t len = view->len - view->upper;
	struct xt_datagram *d;

	xt_reassembler_tick(r, now);
	if (key_is_discarded(r, &key)) {
		r->counters.late++;
		return XT_REASSEMBLE_DROPPED;
	}
	d = datagram_find(r, &key, now);
	if (len && view->offset + len <= DATA_MAX && !blocks_mark(d, view->offset, len)) {
		r->counters.overlapped++;
		datagram_discard(r, d);
		return XT_REASSEMBLE_DROPPED;
	}
	if (!fragment_fits(d, view, len)) {
		r->counters.malformed++;
		datagram_discard(r, d);
		return XT_REASSEMBLE_DROPPED;
	}
	fragment_keep(d, view, len);
	if (!d->total || d->have != d->total)
		return XT_REASSEMBLE_KEPT;
	/* The first fragment's header may be longer than this one's, by its options. */
	if (view->version == 4 && d->pieces[d->first].header_len + d->total > DATA_MAX) {
		r->counters.malformed++;
		datagram_discard(r, d);
		return XT_REASSEMBLE_DROPPED;
	}
	r->counters.whole++;
	*out = d;
	return XT_REASSEMBLE_WHOLE;
}

void xt_datagram_view(struct xt_datagram *d, struct xt_ip_view *view)
{
	const struct piece *first = &d->pieces[d->first];
	const uint8_t *from = d->headers + first->header_at;
	uint32_t header = d->key.version == 4 ? first->header_len : XT_IP6_HEADER;
	uint8_t *p = d->data + HEADROOM - header;

	memcpy(p, from, header);
	if (d->key.version == 4) {
		xt_be16_put(p + 2, (uint16_t)(header + d->total));
		p[6] &= 0xc0; /* reserved bit and DF */
		p[7] = 0;
	} else {
		xt_be16_put(p + 4, (uint16_t)d->total);
		p[6] = from[XT_IP6_HEADER];
	}
	xt_ip_parse_packet(view, p, header + d->total);
	xt_ip_header_seal(view);
}

uint32_t xt_datagram_id(const struct xt_datagram *d)
{
	return d->key.id;
}

uint32_t xt_datagram_pieces(const struct xt_datagram *d)
{
	return d->n;
}

uint32_t xt_datagram_piece_len(const struct xt_datagram *d, uint32_t i)
{
	return (uint32_t)d->pieces[i].header_len + d->pieces[i].len;
}

void xt_datagram_piece(const struct xt_datagram *d, uint32_t i, uint8_t *buf)
{
	const struct piece *p = &d->pieces[i];

	memcpy(buf, d->headers + p->header_at, p->header_len);
	memcpy(buf + p->header_len, d->data + HEADROOM + p->offset, p->len);
}

void xt_datagram_done(struct xt_datagram *d)
{
	d->n = 0;
}
