/* SPDX-License-Identifier: MIT */
/* Fitting packets into their peers' paths (docs/decisions/0011).
 *
 * Most packets fit: of these only the length is compared with the least path MTU of all peers, and
 * the TCP flags of small ones are read. A super-packet costs as much as one packet. */
#include "tunnel/tx_fit.h"

#include <string.h>

#include "base/bytes.h"
#include "core/peer.h"
#include "packet/fit.h"
#include "packet/ip.h"
#include "packet/mss.h"
#include "packet/transport.h"

#define NONE	UINT32_MAX
#define KEEP_NS 100000u

/* False for certain that it is no SYN. Behind IPv6 extension headers only the parser knows. */
static inline bool packet_may_be_syn(const struct xt_pkt *pkt)
{
	const uint8_t *p = pkt->data;
	uint32_t upper = XT_IP6_HEADER;

	if (pkt->len < XT_IP4_HEADER + XT_TCP_HEADER || pkt->gso.kind != XT_GSO_NONE)
		return false;
	if (p[0] >> 4 == 4) {
		upper = (p[0] & 15u) * 4;
		if (p[9] != XT_PROTO_TCP)
			return false;
	} else if (p[6] != XT_PROTO_TCP) {
		return p[6] != XT_PROTO_UDP && p[6] != XT_PROTO_ICMP6;
	}
	return pkt->len >= upper + XT_TCP_HEADER && (p[upper + XT_TCP_FLAGS] & XT_TCP_SYN);
}

/* What a super-packet's segments or a plain packet are as long as, by the kernel's hint. */
static inline uint32_t packet_size(const struct xt_pkt *pkt)
{
	uint32_t segment = pkt->gso.size + (uint32_t)pkt->gso.header_len;

	if (pkt->gso.kind == XT_GSO_NONE || pkt->gso.header_len == 0)
		return pkt->len;
	return XT_MIN(pkt->len, segment);
}

static struct xt_peer *peer_find(struct xt_data_path *data, const struct xt_ip_view *ip)
{
	struct xt_ip dst;

	xt_ip_destination(ip, &dst);
	return xt_device_route(data->config.dev, &dst);
}

/* The echo responder answers it here, so that it takes no path. */
static bool packet_is_for_echo(const struct xt_data_path *data, const struct xt_ip_view *ip)
{
	struct xt_ip dst;

	if (!data->config.echo ||
	    ip->protocol != (ip->version == 4 ? XT_PROTO_ICMP : XT_PROTO_ICMP6))
		return false;
	xt_ip_destination(ip, &dst);
	return xt_echo_answers(data->config.echo, XT_ECHO_SIDE_HOST, &dst);
}

/* Tell the sender of pkt, whose packets have size bytes: unless it sends as little as can be named.
 * budget: what is cut goes on, so that its sender has a smaller one */
static void sender_report(struct xt_tx_path *tx, struct xt_time now, const struct xt_pkt *pkt,
			  const struct xt_ip_view *ip, uint32_t path_mtu, uint32_t size,
			  struct xt_icmp *budget)
{
	uint32_t mtu = xt_fit_mtu(ip, path_mtu);

	if (mtu == 0 || size <= mtu)
		return;
	if (!tx->answers)
		tx->answers = xt_batch_pool_get(tx->data->pool, XT_BATCH_HOST);
	/* From the packet's destination: a filter of the host takes it for part of the flow. */
	(void)xt_icmp_answer(budget, now.mono, pkt, XT_ICMP_TOO_BIG, mtu, NULL, tx->answers);
}

static void packet_fit(struct xt_tx_path *tx, struct xt_time now, struct xt_pkt *pkt,
		       const struct xt_ip_view *ip, struct xt_peer *peer, uint32_t path_mtu)
{
	struct xt_device *dev = tx->data->config.dev;
	uint32_t n = xt_split_count(pkt), size = packet_size(pkt);

	switch (xt_fit(pkt, ip, path_mtu)) {
	case XT_FIT_WHOLE:
	case XT_FIT_FRAGMENT:
		break;
	case XT_FIT_CUT:
		if (ip->dont_fragment)
			sender_report(tx, now, pkt, ip, path_mtu, size, &tx->icmp_cut);
		break;
	case XT_FIT_EXCESS:
		xt_device_note_too_large(dev, now, peer, XT_PASS_MTU, size, n);
		break;
	case XT_FIT_DROP:
		pkt->verdict = XT_DROP_MTU;
		xt_device_note_too_large(dev, now, peer, XT_DROP_MTU, size, n);
		sender_report(tx, now, pkt, ip, path_mtu, size, &tx->icmp);
		break;
	}
}

static void packet_check(struct xt_tx_path *tx, struct xt_time now, struct xt_pkt *pkt)
{
	struct xt_ip_view ip;
	struct xt_peer *peer;
	uint16_t mtu;

	if (pkt->verdict != XT_PASS || !xt_ip_parse_packet(&ip, pkt->data, pkt->len))
		return;
	peer = peer_find(tx->data, &ip);
	mtu = peer ? xt_peer_mtu(peer) : 0;
	if (mtu == 0)
		return;
	if (ip.protocol == XT_PROTO_TCP && pkt->gso.kind == XT_GSO_NONE && xt_mss_is_syn(&ip))
		(void)xt_mss_clamp(&ip, mtu, pkt->gso.flags & XT_GSO_NEEDS_CSUM);
	if (ip.len > mtu && !packet_is_for_echo(tx->data, &ip))
		packet_fit(tx, now, pkt, &ip, peer, mtu);
}

/* Once a read, and every KEEP_NS: a flow that has stalled sends few packets, so that each of them
 * is kept. */
static void headers_keep(struct xt_tx_path *tx, struct xt_time now, const struct xt_pkt *pkt)
{
	struct xt_ip_view ip;
	const struct xt_peer *peer;

	tx->next_keep = now.mono + KEEP_NS;
	if (!xt_ip_parse_packet(&ip, pkt->data, pkt->len) || ip.protocol != XT_PROTO_TCP)
		return;
	peer = peer_find(tx->data, &ip);
	if (peer)
		xt_flow_headers_keep(tx->data->limits.flows, peer, &ip, packet_size(pkt));
}

void xt_tx_fit(struct xt_tx_path *tx, struct xt_time now, uint32_t from)
{
	const struct xt_path_limits *limits = &tx->data->limits;
	uint32_t full = NONE;

	if (!limits->known && !tx->data->config.search_mtu)
		return;
	for (uint32_t i = from; i < tx->raw->n; i++) {
		struct xt_pkt *pkt = &tx->raw->pkts[i];

		if (packet_size(pkt) > limits->least || (limits->known && packet_may_be_syn(pkt)))
			packet_check(tx, now, pkt);
		if (pkt->len >= XT_FLOW_FULL)
			full = i;
	}
	if (full != NONE && now.mono >= tx->next_keep)
		headers_keep(tx, now, &tx->raw->pkts[full]);
}

void xt_tx_fit_report(struct xt_data_path *data)
{
	uint8_t error[XT_ICMP6_MAX];
	struct xt_batch *batch;
	size_t len;

	if (!xt_flow_headers_due(data->limits.flows))
		return;
	batch = xt_batch_pool_get(data->pool, XT_BATCH_HOST);
	while ((len = xt_flow_headers_take(data->limits.flows, error)) > 0) {
		struct xt_pkt *pkt = xt_batch_add(batch, len);

		if (!pkt) {
			xt_data_path_write(data, batch);
			xt_batch_reset(batch);
			pkt = xt_batch_add(batch, len);
		}
		memcpy(pkt->data, error, len);
		pkt->len = (uint32_t)len;
	}
	if (batch->n)
		xt_data_path_write(data, batch);
	xt_batch_pool_put(data->pool, batch);
}
