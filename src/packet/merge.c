/* SPDX-License-Identifier: MIT */
/* Merging, in two passes. The first goes through the packets in order and chains segments of a
 * flow, in one of a few lanes. It reads headers only, and verifies checksums only when a second
 * packet would join a chain (its own and the first one's). The second pass copies each chain into
 * one slot of its exact size and passes single packets on as views, in the order of the chains'
 * heads. */
#include "packet/merge.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/merge_lane.h"
#include "packet/room.h"
#include "packet/transport.h"

#define LANES 16
#define NONE  UINT32_MAX

/* next: the packet that follows in the chain. n: packets in the chain, at its head; 0: not a head.
 * upper, headers: as in struct xt_segment */
struct link {
	uint32_t next;
	uint16_t n, headers, upper;
};

struct xt_merge {
	uint32_t cap;
	struct link *links;
	struct xt_lane lanes[LANES];
	uint64_t clock;
};

int xt_merge_new(struct xt_merge **out, uint32_t cap)
{
	struct xt_merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return XT_E_NOMEM;
	merge->cap = cap;
	merge->links = calloc(XT_MAX(cap, 1u), sizeof(*merge->links));
	if (!merge->links) {
		free(merge);
		return XT_E_NOMEM;
	}
	*out = merge;
	return 0;
}

void xt_merge_free(struct xt_merge *merge)
{
	if (!merge)
		return;
	free(merge->links);
	free(merge);
}

/* The IP header. false: not a whole packet, or its header cannot be that of a super-packet. */
static bool network_parse(struct xt_segment *seg, const uint8_t *p, uint32_t len)
{
	*seg = (struct xt_segment){.bytes = p, .len = len};
	if (len >= XT_IP4_HEADER && p[0] == 0x45) {
		seg->version = 4;
		seg->upper = XT_IP4_HEADER;
		seg->protocol = p[9];
		return xt_be16_get(p + 2) == len && !(xt_be16_get(p + 6) & 0xbfff); /* but DF */
	}
	if (len >= XT_IP6_HEADER && p[0] >> 4 == 6) {
		seg->version = 6;
		seg->upper = XT_IP6_HEADER;
		seg->protocol = p[6];
		return xt_be16_get(p + 4) == len - XT_IP6_HEADER;
	}
	return false;
}

static bool transport_parse(struct xt_segment *seg, unsigned kinds)
{
	if (seg->protocol == XT_PROTO_TCP)
		return (kinds & XT_MERGE_TCP) && xt_tcp_segment(seg);
	return seg->protocol == XT_PROTO_UDP && (kinds & XT_MERGE_UDP) && xt_udp_segment(seg);
}

/* The only pass over all bytes. */
static bool segment_checksums_right(const struct xt_segment *seg)
{
	const uint8_t *p = seg->bytes;
	bool v4 = seg->version == 4;
	uint32_t upper = seg->len - seg->upper;
	uint64_t sum;

	if (v4 && xt_checksum(p, seg->upper) != 0)
		return false;
	sum = xt_checksum_pseudo(seg->version, p + (v4 ? 12 : 8), p + (v4 ? 16 : 24), seg->protocol,
				 upper);
	return xt_checksum_finish(xt_checksum_add(sum, p + seg->upper, upper)) == 0;
}

bool xt_merge_sums_right(const uint8_t *packet, uint32_t len)
{
	struct xt_segment seg;
	uint32_t total;

	if (len < XT_IP4_HEADER)
		return false;
	total =
	    packet[0] >> 4 == 4 ? xt_be16_get(packet + 2) : XT_IP6_HEADER + xt_be16_get(packet + 4);
	return total <= len && network_parse(&seg, packet, total) &&
	       transport_parse(&seg, XT_MERGE_TCP | XT_MERGE_UDP) && seg.payload > 0 &&
	       segment_checksums_right(&seg);
}

static bool lane_same_addresses(const struct xt_lane *lane, const uint8_t *p)
{
	const uint8_t *first = lane->first.bytes;

	if (p[0] >> 4 != lane->first.version)
		return false;
	return p[0] >> 4 == 4 ? memcmp(first + 12, p + 12, 8) == 0
			      : memcmp(first + 8, p + 8, 32) == 0;
}

static bool lane_same_flow(const struct xt_lane *lane, const struct xt_segment *seg)
{
	return lane->first.protocol == seg->protocol && lane_same_addresses(lane, seg->bytes) &&
	       memcmp(lane->first.bytes + seg->upper, seg->bytes + seg->upper, 4) == 0;
}

/* Does seg's IP header match the lane's? *fixed: the identification does not count up. */
static bool network_follows(const struct xt_lane *lane, const struct xt_segment *seg, bool *fixed)
{
	const uint8_t *a = lane->first.bytes, *b = seg->bytes;
	uint16_t step;

	if (seg->version == 6) /* version, traffic class, flow label; hop limit */
		return memcmp(a, b, 4) == 0 && a[7] == b[7];
	/* TOS; flags; TTL */
	if (a[1] != b[1] || memcmp(a + 6, b + 6, 3) != 0)
		return false;
	step = (uint16_t)(xt_be16_get(b + 4) - xt_be16_get(a + 4));
	*fixed = step == 0 && (lane->n == 1 || lane->fixed_id);
	if (*fixed)
		return b[6] & 0x40; /* DF: the identification has no meaning (RFC 6864) */
	return !lane->fixed_id && step == lane->n;
}

static bool segment_follows(struct xt_lane *lane, const struct xt_segment *seg)
{
	bool fixed = false;

	if (lane->ended || lane->n == XT_MERGE_SEGMENTS || seg->payload > lane->first.payload ||
	    lane->first.headers + lane->payload + seg->payload > XT_PACKET_MAX ||
	    !network_follows(lane, seg, &fixed))
		return false;
	if (!(seg->protocol == XT_PROTO_TCP ? xt_tcp_follows(lane, seg)
					    : xt_udp_follows(lane, seg)))
		return false;
	lane->verified =
	    lane->verified || lane->first.right || segment_checksums_right(&lane->first);
	if (!lane->verified || !(seg->right || segment_checksums_right(seg)))
		return false;
	lane->fixed_id = fixed;
	return true;
}

static void lane_begin(struct xt_merge *merge, struct xt_lane *lane, const struct xt_segment *seg,
		       const struct xt_pkt *pkt, const void *session, uint32_t i)
{
	*lane = (struct xt_lane){.first = *seg,
				 .peer = pkt->peer,
				 .session = session,
				 .head = i,
				 .tail = i,
				 .n = 1,
				 .payload = seg->payload,
				 .open = true,
				 .used = ++merge->clock};
	lane->ended = seg->protocol == XT_PROTO_TCP && xt_tcp_ends(seg);
}

static void lane_join(struct xt_merge *merge, struct xt_lane *lane, const struct xt_segment *seg,
		      uint32_t i)
{
	struct link *head = &merge->links[lane->head];

	merge->links[lane->tail].next = i;
	merge->links[i].n = 0;
	lane->tail = i;
	head->n++;
	lane->n++;
	lane->payload += seg->payload;
	lane->used = ++merge->clock;
	lane->ended = seg->payload < lane->first.payload ||
		      (seg->protocol == XT_PROTO_TCP && xt_tcp_ends(seg));
}

/* The lane of seg's flow, else one to begin: a free one, or the least recently used. */
static struct xt_lane *lane_find(struct xt_merge *merge, const struct xt_segment *seg)
{
	struct xt_lane *lane, *oldest = &merge->lanes[0];

	for (lane = merge->lanes; lane < merge->lanes + LANES; lane++) {
		if (!lane->open) { /* lanes are opened from the front and never closed singly */
			lane->first = (struct xt_segment){0};
			return lane;
		}
		if (lane_same_flow(lane, seg))
			return lane;
		if (lane->used < oldest->used)
			oldest = lane;
	}
	oldest->open = false;
	return oldest;
}

/* A packet that cannot be merged ends the lane of its flow, so that no later packet overtakes it.
 * If its ports are unknown (fragments, options), it ends all lanes between its addresses. */
static void lanes_end(struct xt_merge *merge, const struct xt_segment *seg, bool whole,
		      const struct xt_pkt *pkt)
{
	uint8_t version = pkt->len ? pkt->data[0] >> 4 : 0;
	bool ports = whole && seg->len >= seg->upper + 4u &&
		     (seg->protocol == XT_PROTO_TCP || seg->protocol == XT_PROTO_UDP);

	if (pkt->len < (version == 4 ? XT_IP4_HEADER : XT_IP6_HEADER))
		return;
	for (struct xt_lane *lane = merge->lanes; lane < merge->lanes + LANES && lane->open; lane++)
		if (ports ? lane_same_flow(lane, seg) : lane_same_addresses(lane, pkt->data))
			lane->ended = true;
}

static void packet_chain(struct xt_merge *merge, unsigned kinds, const struct xt_batch *in,
			 uint32_t i)
{
	const struct xt_pkt *pkt = &in->pkts[i];
	const struct xt_job *job = pkt->job < in->n_jobs ? &in->jobs[pkt->job] : NULL;
	const void *session = job ? job->key : NULL;
	struct link *link = &merge->links[i];
	struct xt_segment seg;
	struct xt_lane *lane;
	bool whole = network_parse(&seg, pkt->data, pkt->len);

	*link = (struct link){.next = NONE, .n = 1};
	if (!whole || !transport_parse(&seg, kinds)) {
		lanes_end(merge, &seg, whole, pkt);
		return;
	}
	seg.right = job && job->sums;
	link->headers = seg.headers;
	link->upper = seg.upper;
	lane = lane_find(merge, &seg);
	if (lane->open && lane->peer == pkt->peer && lane->session == session &&
	    segment_follows(lane, &seg))
		lane_join(merge, lane, &seg, i);
	else
		lane_begin(merge, lane, &seg, pkt, session, i);
}

static struct xt_segment segment_rebuild(const struct xt_merge *merge, const struct xt_pkt *pkt,
					 uint32_t i)
{
	const struct link *link = &merge->links[i];
	bool v4 = pkt->data[0] >> 4 == 4;

	return (struct xt_segment){.bytes = pkt->data,
				   .len = pkt->len,
				   .payload = pkt->len - link->headers,
				   .upper = link->upper,
				   .headers = link->headers,
				   .version = v4 ? 4 : 6,
				   .protocol = pkt->data[v4 ? 9 : 6]};
}

/* Finalise the headers of the super-packet of len bytes at super, which begins with first's. */
static void super_finalise_header(uint8_t *super, uint32_t len, const struct xt_segment *first,
				  const struct xt_segment *last, struct xt_gso *gso)
{
	bool v4 = first->version == 4;
	uint64_t sum;

	*gso = (struct xt_gso){.size = (uint16_t)first->payload,
			       .flags = XT_GSO_NEEDS_CSUM,
			       .csum_start = first->upper,
			       .header_len = first->headers};
	if (v4) {
		xt_be16_put(super + 2, (uint16_t)len);
		xt_be16_put(super + 10, 0);
		xt_be16_put(super + 10, xt_checksum(super, first->upper));
	} else {
		xt_be16_put(super + 4, (uint16_t)(len - XT_IP6_HEADER));
	}
	if (first->protocol == XT_PROTO_TCP)
		xt_tcp_finalise_header(super, last, gso);
	else
		xt_udp_finalise_header(super, last, len, gso);
	sum = xt_checksum_pseudo(first->version, super + (v4 ? 12 : 8), super + (v4 ? 16 : 24),
				 first->protocol, len - first->upper);
	/* not complemented: the receiver adds the sum of the rest */
	xt_be16_put(super + first->upper + gso->csum_offset, (uint16_t)~xt_checksum_finish(sum));
}

/* Copy the chain that begins at packet i into one super-packet. false: no room. */
static bool chain_gather(const struct xt_merge *merge, const struct xt_batch *in, uint32_t i,
			 struct xt_batch *out)
{
	struct xt_segment first = segment_rebuild(merge, &in->pkts[i], i), last;
	uint32_t len = first.headers;
	struct xt_pkt *to;

	for (uint32_t k = i; k != NONE; k = merge->links[k].next)
		len += in->pkts[k].len - merge->links[k].headers;
	to = xt_batch_add(out, len);
	if (!to)
		return false;
	memcpy(to->data, first.bytes, first.headers);
	to->len = first.headers;
	for (uint32_t k = i; k != NONE; k = merge->links[k].next) {
		last = segment_rebuild(merge, &in->pkts[k], k);
		memcpy(to->data + to->len, last.bytes + last.headers, last.payload);
		to->len += last.payload;
	}
	super_finalise_header(to->data, len, &first, &last, &to->gso);
	to->peer = in->pkts[i].peer;
	to->from = in->pkts[i].from;
	xt_batch_trim(out);
	return true;
}

void xt_merge(struct xt_merge *merge, unsigned kinds, struct xt_batch *in, struct xt_batch *out)
{
	uint32_t n = XT_MIN(in->n, merge->cap);

	for (uint32_t k = 0; k < LANES; k++)
		merge->lanes[k].open = false;
	for (uint32_t i = 0; i < n; i++)
		if (in->pkts[i].verdict == XT_PASS)
			packet_chain(merge, kinds, in, i);
		else
			merge->links[i].n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct link *link = &merge->links[i];

		if (link->n == 0 || (link->n > 1 && chain_gather(merge, in, i, out)))
			continue;
		for (uint32_t k = i; k != NONE; k = merge->links[k].next)
			(void)xt_batch_alias(out, &in->pkts[k]);
	}
}

/* May pkt be what to is a view of, or one of the segments of to? */
static bool packet_may_be_in(const struct xt_pkt *pkt, const struct xt_pkt *to)
{
	bool v4 = to->data[0] >> 4 == 4;
	uint32_t protocol = v4 ? 9 : 6, addresses = v4 ? 12 : 8; /* the ports follow them */

	if (to->gso.kind == XT_GSO_NONE)
		return to->data == pkt->data;
	return to->peer == pkt->peer && pkt->len > to->gso.header_len &&
	       pkt->data[0] == to->data[0] && pkt->data[protocol] == to->data[protocol] &&
	       memcmp(pkt->data + addresses, to->data + addresses,
		      to->gso.csum_start + 4u - addresses) == 0;
}

void xt_merge_trace(const struct xt_batch *in, const struct xt_batch *out, uint32_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		at[i] = NONE;
	for (uint32_t k = 0; k < out->n; k++) {
		const struct xt_pkt *to = &out->pkts[k];
		uint32_t head = to->gso.kind == XT_GSO_NONE ? 0 : to->gso.header_len;
		uint32_t rest = to->len - head;

		/* The packets of a flow lie in its super-packets in their order. */
		for (uint32_t i = 0; i < n && rest > 0; i++) {
			const struct xt_pkt *pkt = &in->pkts[i];

			if (at[i] != NONE || pkt->verdict != XT_PASS || !packet_may_be_in(pkt, to))
				continue;
			at[i] = k;
			rest -= XT_MIN(rest, pkt->len - head);
		}
	}
}
