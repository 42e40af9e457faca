/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* parses: src/packet/fragment.c src/packet/reassemble.c */
/* A datagram is cut into fragments, these are reassembled in any order, some twice, beside
 * fragments that are any bytes: what comes out whole is the datagram, and a repeated fragment
 * discards it.
 * Input: two bytes of MTU, one that says how many bytes of order follow, these, two that say how
 * long the datagram is, the datagram; then packets behind two bytes of length each. */
#include "fuzz/input.h"
#include "packet/fragment.h"
#include "packet/reassemble.h"

#define FRAGMENTS 64

static const int owner;

static enum xt_reassemble_verdict piece_add(struct xt_reassembler *r, uint64_t now, uint8_t *bytes,
					    size_t len, struct xt_datagram **out)
{
	struct xt_ip_view view;

	*out = NULL;
	if (!xt_ip_parse_packet(&view, bytes, len) || !view.fragment || view.broken ||
	    view.extended)
		return XT_REASSEMBLE_KEPT;
	return xt_reassembler_add(r, now, &owner, 0, &view, out);
}

/* The pieces of a whole datagram are those that were added. */
static void datagram_check(struct xt_datagram *d, const uint8_t *wanted, size_t len)
{
	struct xt_ip_view view;
	uint32_t n = xt_datagram_pieces(d);

	check(n > 0 && n <= XT_REASSEMBLE_PIECES);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t piece = xt_datagram_piece_len(d, i);
		uint8_t *copy = malloc(piece);

		check(copy && piece <= XT_REASSEMBLE_MAX);
		xt_datagram_piece(d, i, copy);
		free(copy);
	}
	xt_datagram_view(d, &view);
	check(view.len <= XT_REASSEMBLE_MAX && xt_ip_header_right(&view));
	if (wanted) {
		check(view.len == len);
		/* the flags of fragmentation are gone */
		check(memcmp(view.bytes + view.header, wanted + view.header, len - view.header) ==
		      0);
	}
	xt_datagram_done(d);
}

static void pieces_add(struct xt_reassembler *r, const struct xt_batch *pieces,
		       const uint8_t *order, size_t n_order, const struct xt_ip_view *whole)
{
	uint8_t seen[FRAGMENTS] = {0};
	struct xt_datagram *d;
	uint32_t left = pieces->n;
	bool repeated = false;

	for (size_t i = 0; i < n_order + pieces->n && left; i++) {
		uint32_t at = i < n_order ? order[i] % pieces->n : (uint32_t)(i - n_order);
		const struct xt_pkt *pkt = &pieces->pkts[at];
		enum xt_reassemble_verdict verdict;

		if (i >= n_order && seen[at])
			continue;
		verdict = piece_add(r, 1, pkt->data, pkt->len, &d);
		repeated |= seen[at] != 0;
		left -= !seen[at];
		seen[at] = 1;
		check(!d || verdict == XT_REASSEMBLE_WHOLE);
		check(verdict != XT_REASSEMBLE_WHOLE || (!repeated && left == 0));
		check(repeated || left || verdict == XT_REASSEMBLE_WHOLE);
		if (d)
			datagram_check(d, whole->bytes, whole->len);
	}
}

static void datagram_cut(struct xt_reassembler *r, struct input *in)
{
	static struct xt_batch *pieces;
	uint32_t number = input_number(in), mtu = XT_MIN(XT_MAX(number, XT_MTU_MIN), 9000u);
	size_t n_order, len;
	uint8_t *order = input_bytes(in, input_byte(in) % 80u, &n_order);
	uint8_t *packet = input_bytes(in, input_number(in), &len);
	struct xt_ip_view whole;

	if (!pieces)
		check(!xt_batch_new(&pieces, FRAGMENTS, 1u << 19));
	xt_batch_reset(pieces);
	if (xt_ip_parse_packet(&whole, packet, len) && !whole.fragment && !whole.extended &&
	    !whole.broken) {
		/* A header that is not 20 bytes may leave no room for data in a small MTU. */
		if (whole.header + 16 <= mtu && xt_fragment(pieces, NULL, &whole, 7, mtu) &&
		    pieces->n > 1)
			pieces_add(r, pieces, order, n_order, &whole);
		for (uint32_t i = 0; i < pieces->n; i++)
			check(pieces->pkts[i].len <= mtu);
	}
	free(order);
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	struct xt_reassembler *r;
	struct xt_datagram *d;
	uint64_t now = 2;

	check(xt_reassembler_new(&r) == 0);
	datagram_cut(r, &in);
	while (in.len > 2) {
		uint16_t n = input_number(&in);
		uint8_t *packet = input_bytes(&in, n & 0x7fff, &len);

		now += n & 0x8000 ? XT_REASSEMBLE_NS / 3 : 1;
		(void)piece_add(r, now, packet, len, &d);
		if (d)
			datagram_check(d, NULL, 0);
		if (xt_reassembler_deadline(r) <= now)
			xt_reassembler_tick(r, now);
		check(xt_reassembler_deadline(r) > now);
		free(packet);
	}
	xt_reassembler_forget(r, &owner);
	check(xt_reassembler_deadline(r) == XT_NEVER);
	xt_reassembler_free(r);
	return 0;
}
