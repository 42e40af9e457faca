/* SPDX-License-Identifier: MIT */
/* Requests of probes: RFC 792, RFC 4443 3.4 and 4.1, RFC 8200 4.2 and 4.3, RFC 9293 3.10.7.1. */
#include "packet/probe.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ping.h"

#define PAYLOAD4 20u /* of an echo request: 48 bytes in all, answered by a message of 80 */
#define PAYLOAD6 4u  /* 52 and 96 */
#define ICMP	 8u  /* header */
#define OPTION	 8u  /* the Hop-by-Hop Options header with its one option */

/* Any port that is closed will do: tcpmux, which no host has served for decades. */
#define TCP_PORT      1u
#define TCP_PORT_FROM 49152u /* and above: ports of clients */

enum { TYPE4_REPLY = 0, TYPE6_PROBLEM = 4, TYPE6_REPLY = 129, CODE6_OPTION = 2 };
/* RFC 8200 4.2: "discard, and send a parameter problem unless to a multicast address"; the rest
 * of the type is that of experiments (RFC 4727). */
#define OPTION_TYPE 0xde

static size_t tcp_build(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst,
			uint32_t token)
{
	uint8_t *tcp = xt_ip_header_put(out, src, dst, XT_PROTO_TCP, XT_TCP_HEADER);
	uint64_t sum = xt_checksum_pseudo(src->family, src->b, dst->b, XT_PROTO_TCP, XT_TCP_HEADER);

	memset(tcp, 0, XT_TCP_HEADER);
	xt_be16_put(tcp, (uint16_t)(TCP_PORT_FROM + (token & 0x3fff)));
	xt_be16_put(tcp + 2, TCP_PORT);
	xt_be32_put(tcp + 8, token); /* the RST has it as its sequence number */
	tcp[12] = XT_TCP_HEADER / 4 << 4;
	tcp[XT_TCP_FLAGS] = XT_TCP_ACK;
	xt_be16_put(tcp + XT_TCP_CHECKSUM,
		    xt_checksum_finish(xt_checksum_add(sum, tcp, XT_TCP_HEADER)));
	return (size_t)(tcp - out) + XT_TCP_HEADER;
}

static size_t hop_build(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst,
			uint32_t token)
{
	uint8_t *option = xt_ip_header_put(out, src, dst, XT_PROTO_HOPOPTS, OPTION + ICMP);
	uint8_t *icmp = option + OPTION;
	uint64_t sum = xt_checksum_pseudo(6, src->b, dst->b, XT_PROTO_ICMP6, ICMP);

	option[0] = XT_PROTO_ICMP6;
	option[1] = 0; /* 8 bytes */
	option[2] = OPTION_TYPE;
	option[3] = 4;
	xt_be32_put(option + 4, token);
	memset(icmp, 0, ICMP);
	icmp[0] = 128; /* echo request */
	xt_be32_put(icmp + 4, token);
	xt_be16_put(icmp + 2, xt_checksum_finish(xt_checksum_add(sum, icmp, ICMP)));
	return XT_IP6_HEADER + OPTION + ICMP;
}

size_t xt_probe_build(uint8_t *out, enum xt_probe_kind kind, const struct xt_ip *src,
		      const struct xt_ip *dst, uint32_t token)
{
	if (src->family != dst->family || (src->family != 4 && src->family != 6))
		return 0;
	switch (kind) {
	case XT_PROBE_ECHO:
		return xt_ping_build(out, src, dst, (uint16_t)(token >> 16), (uint16_t)token, 0,
				     src->family == 4 ? PAYLOAD4 : PAYLOAD6);
	case XT_PROBE_TCP:
		return tcp_build(out, src, dst, token);
	case XT_PROBE_HOP:
		return src->family == 6 ? hop_build(out, src, dst, token) : 0;
	}
	return 0;
}

static bool icmp_read(const struct xt_ip_view *view, uint32_t *token)
{
	const uint8_t *icmp = view->bytes + view->upper;
	const uint8_t *quoted = icmp + ICMP, *option = quoted + XT_IP6_HEADER;
	uint8_t reply = view->version == 4 ? TYPE4_REPLY : TYPE6_REPLY;
	uint32_t len = view->len - view->upper;

	if (len < ICMP)
		return false;
	if (icmp[0] == reply && icmp[1] == 0) {
		*token = xt_be32_get(icmp + 4);
		return true;
	}
	if (view->version != 6 || icmp[0] != TYPE6_PROBLEM || icmp[1] != CODE6_OPTION ||
	    len < ICMP + XT_IP6_HEADER + OPTION)
		return false;
	if (quoted[6] != XT_PROTO_HOPOPTS || option[2] != OPTION_TYPE)
		return false;
	*token = xt_be32_get(option + 4);
	return true;
}

bool xt_probe_read(const struct xt_ip_view *view, uint32_t *token)
{
	const uint8_t *tcp = view->bytes + view->upper;

	if (view->fragment || view->broken)
		return false;
	if (view->protocol == (view->version == 4 ? XT_PROTO_ICMP : XT_PROTO_ICMP6))
		return icmp_read(view, token);
	if (view->protocol != XT_PROTO_TCP || view->len - view->upper < XT_TCP_HEADER ||
	    !(tcp[XT_TCP_FLAGS] & XT_TCP_RST) || xt_be16_get(tcp) != TCP_PORT)
		return false;
	*token = xt_be32_get(tcp + 4);
	return true;
}
