/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* parses: src/packet/echo.c src/packet/echo_responder.c src/packet/echo_rules.c */
/* Any packets to an echo responder, on both sides: nothing is read outside of them, and every reply
 * has correct checksums by the bytewise reference.
 * Input: packets, each behind one byte of flags (bit 0: side, bit 1: trailing bytes, bit 2: repair
 * the checksums, bit 3: a second later, bit 4: no room but that of header and tag) and two of
 * length. */
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/echo_responder.h"
#include "packet/room.h"
#include "packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool fine)
{
	if (!fine)
		abort();
}

/* Correct the checksums, so that more than one packet in 65,536 passes them. */
static void repair(uint8_t *p, uint32_t len)
{
	uint32_t head = len >= 20 && p[0] >> 4 == 4 ? (p[0] & 15u) * 4 : 40;

	if (len >= 20 && p[0] >> 4 == 4 && head >= 20 && head <= len)
		slow_seal4(p);
	if (len >= head + 8 && head >= 20)
		slow_seal_icmp(p, head, len);
}

static bool is_fragment(const uint8_t *p)
{
	return p[0] >> 4 == 6 ? p[6] == 44 : (p[6] & 0x3f) || p[7];
}

static void check_replies(const struct xt_batch *replies)
{
	for (uint32_t i = 0; i < replies->n; i++) {
		const struct xt_pkt *pkt = &replies->pkts[i];

		check(pkt->len >= 28 && pkt->verdict == XT_PASS);
		if (!is_fragment(pkt->data))
			check(slow_right(pkt->data, pkt->len));
		else if (pkt->data[0] >> 4 == 4)
			check(slow_sum(0, pkt->data, (pkt->data[0] & 15u) * 4) == 0xffff);
	}
}

/* Write what sending writes around each reply. */
static void seal_replies(const struct xt_batch *replies)
{
	for (uint32_t i = 0; i < replies->n; i++) {
		const struct xt_pkt *pkt = &replies->pkts[i];
		uint32_t padded = XT_ALIGN_UP(pkt->len, 16u);

		check(xt_pkt_has_room(pkt, pkt->len));
		memset(pkt->data - XT_HEADROOM, 1, XT_HEADROOM);
		memset(pkt->data + pkt->len, 2, padded - pkt->len + XT_TAG_LEN);
	}
}

/* Leave pkt the room of its own header and tag, as between the datagrams of one read. */
static void room_reduce(struct xt_pkt *pkt)
{
	pkt->room.len = (uint16_t)(XT_HEADROOM + pkt->len + XT_TAG_LEN);
	XT_POISON(pkt->data + pkt->len + XT_TAG_LEN, XT_TAILROOM - XT_TAG_LEN);
}

static void observe(void *ctx, enum xt_echo_side side, const uint8_t *request, uint32_t request_len,
		    const uint8_t *reply, uint32_t reply_len)
{
	(void)ctx;
	(void)side;
	check(request_len == reply_len && slow_right(request, request_len) &&
	      slow_right(reply, reply_len));
}

static struct xt_echo *endpoint(void)
{
	static const struct xt_echo_local local[2] = {{.cidr = {{4, {10, 7, 0, 1}}, 24}},
						      {.cidr = {{6, {0xfd, 7, [15] = 1}}, 64}}};
	const struct xt_echo_config config = {.sides = 3,
					      .local = local,
					      .n_local = 2,
					      .rate = 1000,
					      .mtu = 1280,
					      .observe = observe};
	struct xt_echo *echo;

	check(xt_echo_new(&echo, &config) == 0);
	return echo;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct xt_batch *in, *replies, *released;
	struct xt_echo *echo = endpoint();
	uint64_t now = 1;

	if (!in)
		check(!xt_batch_new(&in, 64, 1u << 20) && !xt_batch_new(&replies, 64, 1u << 20) &&
		      !xt_batch_new(&released, 64, 1u << 20));
	while (len > 3) {
		uint8_t flags = data[0];
		uint32_t n = (uint32_t)XT_MIN(xt_be16_get(data + 1), len - 3);
		uint32_t trailing = flags & 2 ? 8 : 0;
		struct xt_pkt *pkt;

		xt_batch_reset(in);
		xt_batch_reset(replies);
		xt_batch_reset(released);
		pkt = xt_batch_add(in, n + trailing);
		check(pkt != NULL);
		memcpy(pkt->data, data + 3, n);
		memset(pkt->data + n, 0, trailing);
		if (flags & 4)
			repair(pkt->data, n);
		if (flags & 16 && !trailing)
			room_reduce(pkt);
		now += flags & 8 ? 1000000000u : 1;
		xt_echo_process(echo, flags & 1 ? XT_ECHO_SIDE_PEER : XT_ECHO_SIDE_HOST, now, in,
				replies, released);
		check_replies(replies);
		seal_replies(replies);
		data += 3 + n;
		len -= 3 + n;
	}
	xt_echo_free(echo);
	return 0;
}
