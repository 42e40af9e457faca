/* SPDX-License-Identifier: MIT */
/* Splits a datagram into fragments. */
#include "packet/fragment.h"

#include <string.h>

#include "base/bytes.h"

#define OPTION_COPIED 0x80
#define OPTION_NOP    1

/* Options without the copied flag belong in the first fragment only: replace them by NOPs. */
static void options_strip(uint8_t *p, uint32_t header)
{
	for (uint32_t at = XT_IP4_HEADER; at < header && p[at];) {
		uint32_t n =
		    p[at] == OPTION_NOP || header - at < 2 || p[at + 1] < 2 ? 1 : p[at + 1];

		n = XT_MIN(n, header - at);
		if (!(p[at] & OPTION_COPIED))
			memset(p + at, OPTION_NOP, n);
		at += n;
	}
}

static void header4_write(uint8_t *p, const struct xt_ip_view *view, uint32_t at, uint32_t len,
			  bool more)
{
	struct xt_ip_view piece;

	if (p != view->bytes)
		memcpy(p, view->bytes, view->header);
	if (at)
		options_strip(p, view->header);
	xt_be16_put(p + 2, (uint16_t)(view->header + len));
	xt_be16_put(p + 6, (uint16_t)((p[6] & 0xc0u) << 8 | (more ? 0x2000u : 0) | at / 8));
	if (xt_ip_parse_packet(&piece, p, view->header + len))
		xt_ip_header_seal(&piece);
}

static void header6_write(uint8_t *p, const struct xt_ip_view *view, uint32_t at, uint32_t len,
			  bool more, uint32_t id)
{
	memcpy(p, view->bytes, XT_IP6_HEADER);
	xt_be16_put(p + 4, (uint16_t)(XT_IP6_FRAGMENT + len));
	p[6] = XT_PROTO_FRAGMENT;
	p += XT_IP6_HEADER;
	p[0] = view->protocol;
	p[1] = 0;
	xt_be16_put(p + 2, (uint16_t)(at | (more ? 1 : 0)));
	xt_be32_put(p + 4, id);
}

bool xt_fragment_room(const struct xt_batch *out, uint32_t n, size_t len)
{
	size_t slot = XT_HEADROOM + len + XT_TAILROOM + 16; /* slots are aligned */

	return n <= out->cap - out->n && slot * n <= out->slab_len - out->slab_used;
}

static struct xt_pkt *packet_append(struct xt_batch *out, struct xt_peer *peer, uint32_t len)
{
	struct xt_pkt *pkt = xt_batch_add(out, len);

	if (!pkt)
		return NULL;
	pkt->len = len;
	pkt->peer = peer;
	return pkt;
}

static uint32_t fragment_step(const struct xt_ip_view *view, uint32_t mtu)
{
	return (mtu - view->header) & ~7u;
}

/* The packet may be a fragment itself: its offset counts on. */
static void fragment4_write(uint8_t *p, const struct xt_ip_view *view, uint32_t at, uint32_t len)
{
	bool more = view->more || view->header + at + len < view->len;

	header4_write(p, view, view->offset + at, len, more);
}

bool xt_fragment_last(struct xt_batch *out, const struct xt_ip_view *view, uint32_t mtu)
{
	uint32_t i = out->n - 1, step = fragment_step(view, mtu), data = view->len - view->header;

	if (!xt_fragment_room(out, (data - 1) / step, view->header + step))
		return false;
	for (uint32_t at = step; at < data; at += step) {
		uint32_t n = XT_MIN(step, data - at);
		struct xt_pkt *pkt = packet_append(out, out->pkts[i].peer, view->header + n);

		if (!pkt)
			break; /* cannot be: there was room */
		pkt->from = out->pkts[i].from;
		memcpy(pkt->data + view->header, view->bytes + view->header + at, n);
		fragment4_write(pkt->data, view, at, n);
	}
	fragment4_write(view->bytes, view, 0, step); /* the last one: view is read until here */
	out->pkts[i].len = view->header + step;
	return true;
}

static bool datagram_copy(struct xt_batch *out, struct xt_peer *peer, const struct xt_ip_view *view)
{
	struct xt_pkt *pkt = packet_append(out, peer, view->len);

	if (pkt)
		memcpy(pkt->data, view->bytes, view->len);
	return pkt != NULL;
}

bool xt_fragment(struct xt_batch *out, struct xt_peer *peer, const struct xt_ip_view *view,
		 uint32_t id, uint32_t mtu)
{
	uint32_t data = view->len - view->header, n;
	uint32_t head = view->header + (view->version == 6 ? XT_IP6_FRAGMENT : 0);
	uint32_t step = (XT_MAX(mtu, XT_MTU_MIN) - head) & ~7u;

	if (view->len <= mtu)
		return datagram_copy(out, peer, view);
	if (!xt_fragment_room(out, (data + step - 1) / step, head + step))
		return false;
	for (uint32_t at = 0; at < data; at += n) {
		struct xt_pkt *pkt;

		n = XT_MIN(step, data - at);
		pkt = packet_append(out, peer, head + n);
		if (!pkt)
			return false;
		if (view->version == 4)
			header4_write(pkt->data, view, at, n, at + n < data);
		else
			header6_write(pkt->data, view, at, n, at + n < data, id);
		memcpy(pkt->data + head, view->bytes + view->header + at, n);
	}
	return true;
}
