/* SPDX-License-Identifier: MIT */
/* Parses IP packets: RFC 791, RFC 8200, and RFC 6040 for ECN. */
#include "packet/ip.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"

/* Packets with more extension headers are not legitimate. */
#define CHAIN_MAX 16
#define TTL	  64 /* of packets that are made here */

static bool header4_parse(struct xt_ip_view *v, size_t len)
{
	const uint8_t *p = v->bytes;
	uint16_t field;

	if (len < XT_IP4_HEADER)
		return false;
	v->header = (uint32_t)(p[0] & 15) * 4;
	v->len = xt_be16_get(p + 2);
	if (v->header < XT_IP4_HEADER || v->len < v->header || v->len > len)
		return false;
	field = xt_be16_get(p + 6);
	v->upper = v->header;
	v->dscp = p[1] >> 2;
	v->ecn = p[1] & 3;
	v->id = xt_be16_get(p + 4);
	v->offset = (uint32_t)(field & 0x1fff) * 8;
	v->more = field & 0x2000;
	v->dont_fragment = field & 0x4000;
	v->fragment = v->offset || v->more;
	v->ttl = p[8];
	v->protocol = p[9];
	v->src = p + 12;
	v->dst = p + 16;
	return true;
}

static bool protocol_is_extension(uint8_t protocol)
{
	switch (protocol) {
	case XT_PROTO_HOPOPTS:
	case XT_PROTO_ROUTING:
	case XT_PROTO_FRAGMENT:
	case XT_PROTO_AUTH:
	case XT_PROTO_DSTOPTS:
	case XT_PROTO_MOBILITY:
	case XT_PROTO_HIP:
	case XT_PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

static void fragment_record(struct xt_ip_view *v, uint32_t at)
{
	const uint8_t *p = v->bytes + at;
	uint16_t field = xt_be16_get(p + 2);

	v->fragment = true;
	v->frag_header = at;
	v->offset = field & 0xfff8;
	v->more = field & 1;
	v->id = xt_be32_get(p + 4);
}

/* Walk to the upper layer; behind the Fragment header of a later fragment there is only data. */
static void extensions_walk(struct xt_ip_view *v)
{
	for (unsigned steps = 0; protocol_is_extension(v->protocol); steps++) {
		const uint8_t *p = v->bytes + v->upper;
		uint32_t room = v->len - v->upper, size = 8;
		bool fragment = v->protocol == XT_PROTO_FRAGMENT;

		if (room >= 2 && !fragment)
			size = v->protocol == XT_PROTO_AUTH ? (p[1] + 2u) * 4 : (p[1] + 1u) * 8;
		if (room < 8 || room < size || steps == CHAIN_MAX) {
			v->broken = true;
			return;
		}
		if (fragment && !v->fragment)
			fragment_record(v, v->upper);
		else
			v->extended = true;
		v->authenticated |= v->protocol == XT_PROTO_AUTH;
		v->routed |= v->protocol == XT_PROTO_ROUTING;
		v->protocol = p[0];
		v->upper += size;
		if (v->offset)
			return;
	}
}

static bool header6_parse(struct xt_ip_view *v, size_t len)
{
	const uint8_t *p = v->bytes;
	uint8_t tclass;

	if (len < XT_IP6_HEADER)
		return false;
	v->len = XT_IP6_HEADER + xt_be16_get(p + 4);
	if (v->len > len)
		return false;
	tclass = (uint8_t)(p[0] << 4 | p[1] >> 4);
	v->header = v->upper = XT_IP6_HEADER;
	v->dscp = tclass >> 2;
	v->ecn = tclass & 3;
	v->ttl = p[7];
	v->protocol = p[6];
	v->src = p + 8;
	v->dst = p + 24;
	v->dont_fragment = true;
	extensions_walk(v);
	return true;
}

bool xt_ip_parse_packet(struct xt_ip_view *view, const uint8_t *bytes, size_t len)
{
	if (!len)
		return false;
	*view = (struct xt_ip_view){.bytes = (uint8_t *)bytes, .version = bytes[0] >> 4};
	switch (view->version) {
	case 4:
		return header4_parse(view, len);
	case 6:
		return header6_parse(view, len);
	default:
		return false;
	}
}

static void address_copy(const struct xt_ip_view *view, const uint8_t *from, struct xt_ip *out)
{
	*out = (struct xt_ip){.family = view->version};
	memcpy(out->b, from, view->version == 4 ? 4 : 16);
}

uint8_t *xt_ip_header_put(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst,
			  uint8_t protocol, uint32_t upper)
{
	if (src->family == 6) {
		memset(out, 0, XT_IP6_HEADER);
		out[0] = 0x60;
		xt_be16_put(out + 4, (uint16_t)upper);
		out[6] = protocol;
		out[7] = TTL;
		memcpy(out + 8, src->b, 16);
		memcpy(out + 24, dst->b, 16);
		return out + XT_IP6_HEADER;
	}
	memset(out, 0, XT_IP4_HEADER);
	out[0] = 0x45;
	xt_be16_put(out + 2, (uint16_t)(XT_IP4_HEADER + upper));
	out[6] = 0x40; /* DF */
	out[8] = TTL;
	out[9] = protocol;
	memcpy(out + 12, src->b, 4);
	memcpy(out + 16, dst->b, 4);
	xt_be16_put(out + 10, xt_checksum(out, XT_IP4_HEADER));
	return out + XT_IP4_HEADER;
}

void xt_ip_source(const struct xt_ip_view *view, struct xt_ip *out)
{
	address_copy(view, view->src, out);
}

void xt_ip_destination(const struct xt_ip_view *view, struct xt_ip *out)
{
	address_copy(view, view->dst, out);
}

void xt_ip_swap(struct xt_ip_view *view)
{
	size_t n = view->version == 4 ? 4 : 16;
	uint8_t *at = view->bytes + (view->version == 4 ? 12 : 8);
	uint8_t keep[16];

	memcpy(keep, at, n);
	memcpy(at, at + n, n);
	memcpy(at + n, keep, n);
}

bool xt_ip_header_right(const struct xt_ip_view *view)
{
	return view->version != 4 || xt_checksum(view->bytes, view->header) == 0;
}

void xt_ip_header_seal(struct xt_ip_view *view)
{
	if (view->version != 4)
		return;
	xt_be16_put(view->bytes + 10, 0);
	xt_be16_put(view->bytes + 10, xt_checksum(view->bytes, view->header));
}

void xt_ip_set_ecn(struct xt_ip_view *view, uint8_t ecn)
{
	uint8_t *p = view->bytes;
	uint16_t was = xt_be16_get(p);

	ecn &= 3;
	view->ecn = ecn;
	if (view->version == 6) {
		p[1] = (uint8_t)((p[1] & 0xcf) | ecn << 4);
		return;
	}
	p[1] = (uint8_t)((p[1] & 0xfc) | ecn);
	xt_be16_put(p + 10, xt_checksum_update(xt_be16_get(p + 10), was, xt_be16_get(p)));
}

bool xt_ip_merge_ecn(struct xt_ip_view *view, uint8_t outer)
{
	outer &= 3;
	if (outer == XT_ECN_CE && view->ecn == XT_ECN_NOT)
		return false;
	if (outer == XT_ECN_CE && view->ecn != XT_ECN_CE)
		xt_ip_set_ecn(view, XT_ECN_CE);
	else if (outer == XT_ECN_ECT1 && view->ecn == XT_ECN_ECT0)
		xt_ip_set_ecn(view, XT_ECN_ECT1);
	return true;
}
