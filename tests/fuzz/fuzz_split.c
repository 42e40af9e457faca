/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Any virtio-net header before any packet: nothing is read outside of it, and each segment is a
 * whole packet with correct checksums (by the bytewise reference) and its part of the payload.
 * Input: the header of ten bytes, the packet. */
#include "base/bytes.h"
#include "flows.h"
#include "packet/ip.h"
#include "packet/split.h"
#include "packet/vnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool fine)
{
	if (!fine)
		abort();
}

static void check_segment(const struct xt_pkt *pkt)
{
	struct xt_ip_view view;

	check(pkt->gso.kind == XT_GSO_NONE && pkt->gso.flags == 0);
	check(xt_ip_parse_packet(&view, pkt->data, pkt->len) && view.len == pkt->len);
	if (view.upper == (view.version == 4 ? 20 : 40))
		check(flow_right(pkt->data, pkt->len));
	if (view.version == 4)
		check(xt_ip_header_right(&view));
}

static uint32_t split_all(struct xt_batch *in, struct xt_batch *out)
{
	struct xt_split at = {0};
	uint32_t n = 0;
	bool super = in->pkts[0].gso.kind != XT_GSO_NONE, whole;

	do {
		xt_batch_reset(out);
		whole = xt_split(&at, in, out);
		check(out->n > 0);
		for (uint32_t i = 0; i < out->n; i++)
			if (super && out->pkts[i].verdict == XT_PASS)
				check_segment(&out->pkts[i]);
		n += out->n;
	} while (!whole);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_batch *in = NULL, *out = NULL;
	struct xt_gso gso;
	uint8_t *copy;

	if (len <= XT_VNET_LEN || len - XT_VNET_LEN > XT_PACKET_MAX ||
	    !xt_vnet_decode(&gso, data, len - XT_VNET_LEN))
		return 0;
	len -= XT_VNET_LEN;
	copy = malloc(len);
	check(copy && !xt_batch_new(&in, 1, 0) && !xt_batch_new(&out, 8, 0));
	memcpy(copy, data + XT_VNET_LEN, len);
	xt_batch_view(in, copy, (uint32_t)len)->gso = gso;
	check(split_all(in, out) <= XT_PACKET_MAX);
	xt_batch_free(in);
	xt_batch_free(out);
	free(copy);
	return 0;
}
