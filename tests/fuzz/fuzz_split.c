/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* parses: src/packet/split.c src/packet/vnet.c src/packet/mss.c src/packet/fit.c */
/* Any virtio-net header before any packet: nothing is read outside of it, and each segment is a
 * whole packet with correct checksums (by the bytewise reference) and its part of the payload. The
 * same for a path with an MTU, which no segment and no fragment exceeds, and with the MSS of a SYN
 * lowered. Input: the header of ten bytes, whose length of the headers is the MTU, and the packet.
 */
#include "base/bytes.h"
#include "flows.h"
#include "packet/fit.h"
#include "packet/mss.h"
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
	if (view.upper == (view.version == 4 ? 20 : 40) && !view.fragment)
		check(flow_right(pkt->data, pkt->len));
	if (view.version == 4)
		check(xt_ip_header_right(&view));
}

/* What makes more fragments than an empty batch holds goes on whole, as the first one. */
static bool exempt(const struct xt_batch *out, uint32_t i, uint32_t mtu)
{
	return i == 0 && (mtu < 88 || out->pkts[i].len / (mtu - 68) >= out->cap);
}

/* mtu: 0, or what no packet may exceed. */
static uint32_t split_all(struct xt_batch *in, struct xt_batch *out, uint32_t mtu)
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
		for (uint32_t i = 0; i < out->n; i++)
			check(mtu == 0 || exempt(out, i, mtu) || out->pkts[i].verdict != XT_PASS ||
			      out->pkts[i].len <= mtu);
		n += out->n;
	} while (!whole);
	return n;
}

/* As the tx path does, for a path of mtu bytes. */
static void fit_all(struct xt_batch *in, struct xt_batch *out, uint32_t mtu)
{
	struct xt_pkt *pkt = &in->pkts[0];
	struct xt_ip_view ip;
	enum xt_fit fit;
	bool right;

	if (!xt_ip_parse_packet(&ip, pkt->data, pkt->len))
		return;
	right = ip.protocol == XT_PROTO_TCP && !ip.fragment &&
		ip.upper == (ip.version == 4 ? 20 : 40) && ip.len - ip.upper >= 20 &&
		flow_right(pkt->data, ip.len);
	if (ip.protocol == XT_PROTO_TCP && xt_mss_is_syn(&ip)) {
		(void)xt_mss_clamp(&ip, mtu, pkt->gso.flags & XT_GSO_NEEDS_CSUM);
		if (right && !(pkt->gso.flags & XT_GSO_NEEDS_CSUM))
			check(flow_right(pkt->data, ip.len));
	}
	fit = xt_fit(pkt, &ip, mtu);
	split_all(in, out, fit == XT_FIT_CUT || fit == XT_FIT_FRAGMENT ? mtu : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_batch *in = NULL, *out = NULL;
	struct xt_gso gso;
	uint32_t mtu;
	uint8_t *copy;

	if (len <= XT_VNET_LEN || len - XT_VNET_LEN > XT_PACKET_MAX ||
	    !xt_vnet_decode(&gso, data, len - XT_VNET_LEN))
		return 0;
	mtu = data[2] | (uint32_t)data[3] << 8;
	len -= XT_VNET_LEN;
	copy = malloc(len);
	check(copy && !xt_batch_new(&in, 1, 0) && !xt_batch_new(&out, 8, 0));
	for (int path = 0; path < 2; path++) {
		memcpy(copy, data + XT_VNET_LEN, len);
		xt_batch_reset(in);
		xt_batch_view(in, copy, (uint32_t)len)->gso = gso;
		if (path)
			fit_all(in, out, mtu);
		else
			check(split_all(in, out, 0) <= XT_PACKET_MAX);
	}
	xt_batch_free(in);
	xt_batch_free(out);
	free(copy);
	return 0;
}
