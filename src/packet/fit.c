/* SPDX-License-Identifier: MIT */
/* What becomes of a packet that its path cannot carry. */
#include "packet/fit.h"

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/transport.h"

/* A whole packet, its last 2 * 8 bytes at least, is left of an IPv4 MTU (RFC 791). */
#define FRAGMENT_MIN 16u

/* Is the TCP checksum one that xt_split may replace? */
static bool checksum_is_known(const struct xt_pkt *pkt, const struct xt_ip_view *ip)
{
	uint32_t len = ip->len - ip->upper;
	uint64_t sum;

	if (pkt->gso.kind != XT_GSO_NONE)
		return true;
	if (pkt->gso.flags & XT_GSO_NEEDS_CSUM)
		return pkt->gso.csum_start == ip->upper && pkt->gso.csum_offset == XT_TCP_CHECKSUM;
	sum = xt_checksum_pseudo(ip->version, ip->src, ip->dst, XT_PROTO_TCP, len);
	return xt_checksum_finish(xt_checksum_add(sum, ip->bytes + ip->upper, len)) == 0;
}

/* Headers of a TCP packet that may be cut; 0: it may not. */
static uint32_t tcp_headers(const struct xt_ip_view *ip)
{
	const uint8_t *tcp = ip->bytes + ip->upper;
	uint32_t head;

	if (ip->protocol != XT_PROTO_TCP || ip->fragment || ip->broken || ip->authenticated ||
	    ip->routed)
		return 0;
	head = xt_tcp_header(tcp, ip->len - ip->upper);
	if (head == 0 || (tcp[XT_TCP_FLAGS] & (XT_TCP_SYN | XT_TCP_RST)))
		return 0;
	return ip->upper + head;
}

static bool packet_cut(struct xt_pkt *pkt, const struct xt_ip_view *ip, uint32_t mtu)
{
	uint32_t headers = tcp_headers(ip);

	if (headers == 0 || headers >= mtu || !checksum_is_known(pkt, ip))
		return false;
	if (pkt->gso.kind == XT_GSO_NONE) {
		pkt->gso.kind = ip->version == 4 ? XT_GSO_TCP4 : XT_GSO_TCP6;
		pkt->gso.flags |= XT_GSO_SINGLE;
	}
	pkt->gso.header_len = (uint16_t)headers;
	pkt->gso.size = (uint16_t)(mtu - headers);
	return true;
}

/* The largest packet that pkt is sent as. */
static uint32_t packet_largest(const struct xt_pkt *pkt, const struct xt_ip_view *ip)
{
	uint32_t head = XT_UDP_HEADER;

	if (pkt->gso.kind == XT_GSO_NONE)
		return ip->len;
	if (ip->protocol == XT_PROTO_TCP)
		head = xt_tcp_header(ip->bytes + ip->upper, ip->len - ip->upper);
	return XT_MIN(ip->len, ip->upper + head + pkt->gso.size);
}

enum xt_fit xt_fit(struct xt_pkt *pkt, const struct xt_ip_view *ip, uint32_t mtu)
{
	uint32_t largest = packet_largest(pkt, ip), least;

	if (largest <= mtu)
		return XT_FIT_WHOLE;
	if (packet_cut(pkt, ip, mtu))
		return XT_FIT_CUT;
	if (ip->version == 4 && !ip->dont_fragment && mtu >= ip->header + FRAGMENT_MIN) {
		pkt->gso.flags |= XT_GSO_FRAGMENT;
		pkt->gso.header_len = (uint16_t)mtu;
		return XT_FIT_FRAGMENT;
	}
	least = xt_fit_mtu(ip, mtu);
	return least == 0 || largest <= least ? XT_FIT_EXCESS : XT_FIT_DROP;
}

uint32_t xt_fit_mtu(const struct xt_ip_view *ip, uint32_t mtu)
{
	if (ip->version == 6)
		return XT_MAX(mtu, XT_FIT_MIN6);
	return mtu >= XT_FIT_MIN4 ? mtu : 0;
}
