/* SPDX-License-Identifier: MIT */
/* A parsed IP packet; no field is trusted. Also its two ECN bits. */
#ifndef XT_PACKET_IP_H
#define XT_PACKET_IP_H

#include <xtunnel/types.h>

/* Protocol numbers. */
enum {
	XT_PROTO_HOPOPTS = 0,
	XT_PROTO_ICMP = 1,
	XT_PROTO_TCP = 6,
	XT_PROTO_UDP = 17,
	XT_PROTO_ROUTING = 43,
	XT_PROTO_FRAGMENT = 44,
	XT_PROTO_AUTH = 51,
	XT_PROTO_ICMP6 = 58,
	XT_PROTO_NONE = 59,
	XT_PROTO_DSTOPTS = 60,
	XT_PROTO_MOBILITY = 135,
	XT_PROTO_HIP = 139,
	XT_PROTO_SHIM6 = 140,
};

enum { XT_ECN_NOT = 0, XT_ECN_ECT1 = 1, XT_ECN_ECT0 = 2, XT_ECN_CE = 3 };

#define XT_IP4_HEADER	20u
#define XT_IP6_HEADER	40u
#define XT_IP6_FRAGMENT 8u /* the Fragment header */

/* bytes      the packet; writable only when the parsed buffer is
 * len        total length by the header: bytes behind it are not part of the packet
 * src, dst   4 or 16 bytes inside the packet
 * header     IPv4: with options; IPv6: 40
 * upper      offset of the upper-layer header (in a later fragment: of its data); <= len
 * protocol   of the upper layer; when broken, of the header that could not be read
 * extended   IPv6: there are extension headers other than one Fragment
 * authenticated   IPv6: there is an Authentication Header
 * routed     IPv6: there is a Routing header, which may replace the destination in the checksum of
 *            the upper layer
 * broken     IPv6: the chain of extension headers does not end inside the packet
 * fragment   IPv4: part of a datagram; IPv6: there is a Fragment header, at frag_header
 * offset, more, id   of the fragment; offset in bytes */
struct xt_ip_view {
	uint8_t *bytes;
	const uint8_t *src, *dst;
	uint32_t len;
	uint32_t header;
	uint32_t upper;
	uint32_t frag_header;
	uint32_t id;
	uint32_t offset;
	uint8_t version;
	uint8_t protocol;
	uint8_t dscp, ecn, ttl;
	bool fragment, more, dont_fragment;
	bool extended, authenticated, routed, broken;
};

/* false: not a well-formed packet, view undefined. Checksums and addresses are not checked. */
bool xt_ip_parse_packet(struct xt_ip_view *view, const uint8_t *bytes, size_t len);

/* Write the header of a packet of its own: no options, DF in IPv4, upper bytes behind it, at most
 * 65535 in all. src and dst are of one family. Returns where the upper-layer packet begins. */
uint8_t *xt_ip_header_put(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst,
			  uint8_t protocol, uint32_t upper);

void xt_ip_source(const struct xt_ip_view *view, struct xt_ip *out);
void xt_ip_destination(const struct xt_ip_view *view, struct xt_ip *out);

/* Swap source and destination. Correct checksums stay correct. */
void xt_ip_swap(struct xt_ip_view *view);

/* IPv4: is the header checksum correct? IPv6 has none: true. */
bool xt_ip_header_right(const struct xt_ip_view *view);
/* IPv4: recompute the header checksum. */
void xt_ip_header_seal(struct xt_ip_view *view);

/* Decapsulation (RFC 6040 4.2): merge the outer header's ECN bits into the inner header and update
 * the IPv4 checksum. false: congestion was marked on a packet without ECN support, which stays as
 * it is. The RFC drops it; here, as in the other implementations of WireGuard, it is delivered: a
 * network that marks whatever it carries would otherwise lose most of the tunnel's packets. */
bool xt_ip_merge_ecn(struct xt_ip_view *view, uint8_t outer);
/* Encapsulation (RFC 6040 4.1, normal mode): the ECN bits of the outer header. */
static inline uint8_t xt_ip_outer_ecn(const struct xt_ip_view *view)
{
	return view->ecn;
}
/* Set the ECN bits and update the IPv4 checksum; a wrong one stays wrong. */
void xt_ip_set_ecn(struct xt_ip_view *view, uint8_t ecn);

#endif
