/* SPDX-License-Identifier: MIT */
/* Super-packets into segments: the only copy of the transmit path. */
#include "packet/split.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/fragment.h"
#include "packet/ip.h"
#include "packet/room.h"
#include "packet/transport.h"

/* A parsed super-packet.
 * headers   bytes that each segment begins with
 * payload   bytes behind them
 * field     where the transport's checksum stands
 * single    XT_GSO_SINGLE */
struct super {
	struct xt_ip_view ip;
	uint32_t headers, payload, size, field;
	bool single;
};

static bool super_parse(struct super *s, const struct xt_pkt *pkt)
{
	const struct xt_ip_view *ip = &s->ip;
	bool tcp = pkt->gso.kind == XT_GSO_TCP4 || pkt->gso.kind == XT_GSO_TCP6;
	uint32_t head = XT_UDP_HEADER;

	if (!xt_ip_parse_packet(&s->ip, pkt->data, pkt->len) || ip->fragment || ip->broken)
		return false;
	if (ip->protocol != (tcp ? XT_PROTO_TCP : XT_PROTO_UDP) ||
	    (tcp && ip->version != (pkt->gso.kind == XT_GSO_TCP4 ? 4 : 6)))
		return false;
	if (tcp && (head = xt_tcp_header(ip->bytes + ip->upper, ip->len - ip->upper)) == 0)
		return false;
	if (head > ip->len - ip->upper || pkt->gso.size == 0 || ip->len > XT_PACKET_MAX)
		return false;
	s->headers = ip->upper + head;
	s->payload = ip->len - s->headers;
	s->size = pkt->gso.size;
	s->single = pkt->gso.flags & XT_GSO_SINGLE;
	s->field = ip->upper + (tcp ? XT_TCP_CHECKSUM : XT_UDP_CHECKSUM);
	return true;
}

/* The urgent pointer counts from the segment's first byte (RFC 9293 3.8.5). A kernel sends no
 * urgent super-packet, so its headers are copied as they are. */
static void urgent_move(uint8_t *tcp, uint32_t at)
{
	uint16_t pointer = xt_be16_get(tcp + XT_TCP_URGENT);

	if (!(tcp[XT_TCP_FLAGS] & XT_TCP_URG))
		return;
	if (pointer <= at)
		tcp[XT_TCP_FLAGS] &= (uint8_t)~XT_TCP_URG;
	xt_be16_put(tcp + XT_TCP_URGENT, (uint16_t)(pointer <= at ? 0 : pointer - at));
}

/* Write the segment of n bytes of payload from byte at on. */
static void segment_put(const struct super *s, uint8_t *to, uint32_t at, uint32_t n)
{
	uint32_t len = s->headers + n, upper = len - s->ip.upper;
	uint8_t *transport = to + s->ip.upper;
	uint64_t sum;
	uint16_t checksum;

	memcpy(to, s->ip.bytes, s->headers);
	if (s->ip.version == 4) {
		xt_be16_put(to + 2, (uint16_t)len);
		xt_be16_put(to + 4, (uint16_t)(s->ip.id + at / s->size));
		xt_be16_put(to + 10, 0);
		xt_be16_put(to + 10, xt_checksum(to, s->ip.header));
	} else {
		xt_be16_put(to + 4, (uint16_t)(len - XT_IP6_HEADER));
	}
	if (s->ip.protocol == XT_PROTO_UDP) {
		xt_be16_put(transport + 4, (uint16_t)upper);
	} else {
		xt_be32_put(transport + 4, xt_be32_get(transport + 4) + at);
		if (at != 0)
			transport[XT_TCP_FLAGS] &= (uint8_t)~XT_TCP_CWR;
		if (at + n < s->payload)
			transport[XT_TCP_FLAGS] &= (uint8_t) ~(XT_TCP_FIN | XT_TCP_PSH);
		if (s->single && at != 0)
			urgent_move(transport, at);
	}
	xt_be16_put(to + s->field, 0);
	sum = xt_checksum_pseudo(s->ip.version, s->ip.src, s->ip.dst, s->ip.protocol, upper);
	sum = xt_checksum_add(sum, transport, s->headers - s->ip.upper);
	sum = xt_checksum_copy(sum, to + s->headers, s->ip.bytes + s->headers + at, n);
	checksum = xt_checksum_finish(sum);
	if (checksum == 0 && s->ip.protocol == XT_PROTO_UDP)
		checksum = UINT16_MAX; /* 0 means no checksum */
	xt_be16_put(to + s->field, checksum);
}

/* Make fragments of the newest packet of out if it has more than mtu bytes. false: out is full.
 * What finds no room in an empty batch goes on as it is. */
static bool packet_fragment(struct xt_batch *out, uint32_t mtu)
{
	struct xt_pkt *newest = &out->pkts[out->n - 1];
	struct xt_ip_view ip;

	if (newest->verdict != XT_PASS || newest->len <= mtu ||
	    !xt_ip_parse_packet(&ip, newest->data, newest->len) ||
	    xt_fragment_last(out, &ip, mtu) || out->n == 1)
		return true;
	xt_batch_drop_last(out);
	return false;
}

/* Cut the payload from *done on. false: out is full. */
static bool super_cut(uint32_t *done, const struct super *s, const struct xt_pkt *pkt,
		      struct xt_batch *out)
{
	do {
		uint32_t at = *done, n = XT_MIN(s->size, s->payload - at);
		struct xt_pkt *to = xt_batch_add(out, s->headers + n);

		if (!to)
			return false;
		segment_put(s, to->data, at, n);
		to->len = s->headers + n;
		to->peer = pkt->peer;
		to->from = pkt->from;
		xt_batch_trim(out);
		if ((pkt->gso.flags & XT_GSO_FRAGMENT) &&
		    !packet_fragment(out, pkt->gso.header_len))
			return false;
		*done += n;
	} while (*done < s->payload);
	return true;
}

static bool checksum_complete(struct xt_pkt *pkt)
{
	struct xt_ip_view ip;

	return xt_ip_parse_packet(&ip, pkt->data, pkt->len) && pkt->gso.csum_start >= ip.header &&
	       xt_checksum_complete(pkt->data, ip.len, pkt->gso.csum_start, pkt->gso.csum_offset);
}

/* A plain packet with work left to do. false: out is full. */
static bool packet_complete(struct xt_pkt *pkt, struct xt_batch *out)
{
	if (out->n == out->cap)
		return false;
	if ((pkt->gso.flags & XT_GSO_NEEDS_CSUM) && !checksum_complete(pkt))
		pkt->verdict = XT_DROP_MALFORMED;
	pkt->gso.flags &= (uint8_t)~XT_GSO_NEEDS_CSUM; /* once, though out may be full below */
	(void)xt_batch_alias(out, pkt);
	return !(pkt->gso.flags & XT_GSO_FRAGMENT) || packet_fragment(out, pkt->gso.header_len);
}

/* false: out is full. */
static bool packet_split(uint32_t *done, struct xt_pkt *pkt, struct xt_batch *out)
{
	struct super s;

	if (pkt->verdict != XT_PASS)
		return xt_batch_alias(out, pkt) != NULL;
	if (pkt->gso.kind != XT_GSO_NONE) {
		if (super_parse(&s, pkt))
			return super_cut(done, &s, pkt, out);
		pkt->verdict = XT_DROP_MALFORMED;
	} else if (pkt->gso.flags) {
		return packet_complete(pkt, out);
	}
	return xt_batch_alias(out, pkt) != NULL;
}

bool xt_split(struct xt_split *at, struct xt_batch *in, struct xt_batch *out)
{
	while (at->next < in->n) {
		if (!packet_split(&at->done, &in->pkts[at->next], out))
			return false;
		at->next++;
		at->done = 0;
	}
	return true;
}

uint32_t xt_split_count(const struct xt_pkt *pkt)
{
	uint32_t payload;

	if (pkt->gso.kind == XT_GSO_NONE || pkt->gso.size == 0 || pkt->len <= pkt->gso.header_len)
		return 1;
	payload = pkt->len - pkt->gso.header_len;
	return (payload + pkt->gso.size - 1) / pkt->gso.size;
}
