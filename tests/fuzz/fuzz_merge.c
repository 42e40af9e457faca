/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* parses: src/packet/merge.c src/packet/merge_tcp.c src/packet/merge_udp.c */
/* Any packets through merge and split: nothing is read outside of them, and each packet comes back
 * once, unchanged.
 * Input: packets, each behind one byte of flags (bit 0: its checksums are corrected; bit 1: it
 * continues the one before, with the bytes that follow as payload) and two of length. */
#include "base/bytes.h"
#include "flows.h"
#include "packet/merge.h"
#include "packet/split.h"

#define PACKETS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool fine)
{
	if (!fine)
		abort();
}

static size_t headers_of(const uint8_t *p, size_t len)
{
	size_t upper = len && p[0] >> 4 == 4 ? 20 : 40;

	if (len < upper + 20)
		return 0;
	if ((upper == 20 ? p[9] : p[6]) == 17)
		return upper + 8;
	return XT_MIN(upper + XT_MAX((size_t)(p[upper + 12] >> 4) * 4, (size_t)20), len);
}

static bool transport(const uint8_t *p, size_t len)
{
	size_t upper = len && p[0] >> 4 == 4 ? 20 : 40;

	return len >= upper + 20 && (p[0] == 0x45 || p[0] >> 4 == 6) &&
	       (upper == 20 ? p[9] == 6 || p[9] == 17 : p[6] == 6 || p[6] == 17);
}

/* The segment after before: its headers, advanced, and n bytes of payload. */
static uint8_t *continued(const struct xt_pkt *before, const uint8_t *data, uint32_t n,
			  uint32_t *len)
{
	size_t headers = headers_of(before->data, before->len);
	size_t upper = before->data[0] >> 4 == 4 ? 20 : 40;
	uint8_t *p = malloc(headers + n + 1);

	check(p);
	memcpy(p, before->data, headers);
	memcpy(p + headers, data, n);
	*len = (uint32_t)(headers + n);
	if (upper == 20)
		put16(p + 4, xt_be16_get(p + 4) + 1u);
	if ((upper == 20 ? p[9] : p[6]) == 6)
		put32(p + upper + 4, xt_be32_get(p + upper + 4) + before->len - (uint32_t)headers);
	flow_seal(p, *len);
	return p;
}

static void packets_read(struct xt_batch *in, const uint8_t *data, size_t len)
{
	while (len >= 3 && in->n < PACKETS) {
		uint8_t flags = data[0];
		uint32_t n = (uint32_t)XT_MIN((size_t)xt_be16_get(data + 1), len - 3);
		const struct xt_pkt *before = in->n ? &in->pkts[in->n - 1] : NULL;
		uint8_t *p;

		data += 3;
		len -= 3;
		if ((flags & 2) && before && transport(before->data, before->len) &&
		    headers_of(before->data, before->len) + n <= XT_PACKET_MAX) {
			uint32_t whole;

			p = continued(before, data, n, &whole);
			xt_batch_view(in, p, whole);
		} else {
			p = malloc(n ? n : 1);
			check(p);
			memcpy(p, data, n);
			if ((flags & 1) && transport(p, n))
				flow_seal(p, n);
			xt_batch_view(in, p, n);
		}
		data += n;
		len -= n;
	}
}

static bool same(const struct xt_pkt *a, const struct xt_pkt *b)
{
	const uint8_t *p = a->data, *q = b->data;

	if (a->len != b->len)
		return false;
	if (memcmp(p, q, a->len) == 0)
		return true;
	return a->len >= 20 && p[0] == 0x45 && (p[6] & 0x40) && memcmp(p, q, 4) == 0 &&
	       memcmp(p + 6, q + 6, 4) == 0 && memcmp(p + 12, q + 12, a->len - 12) == 0;
}

static void check_back(const struct xt_batch *in, const struct xt_batch *back)
{
	bool seen[PACKETS] = {false};

	check(in->n == back->n);
	for (uint32_t i = 0; i < back->n; i++) {
		uint32_t k = 0;

		while (k < in->n && (seen[k] || !same(&in->pkts[k], &back->pkts[i])))
			k++;
		check(k < in->n);
		seen[k] = true;
	}
}

static struct xt_batch *batch_new(size_t slab)
{
	struct xt_batch *batch = NULL;

	check(xt_batch_new(&batch, PACKETS, slab) == 0);
	return batch;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_batch *in = batch_new(0), *out = batch_new(2 * XT_SLOT_MAX);
	struct xt_batch *back = batch_new(4 * XT_SLOT_MAX);
	struct xt_merge *merge = NULL;
	struct xt_split at = {0};

	check(xt_merge_new(&merge, PACKETS) == 0);
	packets_read(in, data, len);
	xt_merge(merge, XT_MERGE_TCP | XT_MERGE_UDP, in, out);
	if (xt_split(&at, out, back))
		check_back(in, back);
	for (uint32_t i = 0; i < in->n; i++)
		free(in->pkts[i].data);
	xt_batch_free(in);
	xt_batch_free(out);
	xt_batch_free(back);
	xt_merge_free(merge);
	return 0;
}
