/* SPDX-License-Identifier: MIT */
/* IP and UDP header of a datagram whose payload alone is known. */
#include "packet/envelope.h"

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/transport.h"

/* The DS field, and IPv4's DF; the header's checksum follows. */
static void header_adjust(uint8_t *out, uint8_t family, uint8_t tos, bool dont_fragment)
{
	if (family == 6) {
		out[0] = (uint8_t)(0x60 | tos >> 4);
		out[1] = (uint8_t)(tos << 4);
		return;
	}
	out[1] = tos;
	out[6] = dont_fragment ? 0x40 : 0;
	xt_be16_put(out + 10, 0);
	xt_be16_put(out + 10, xt_checksum(out, XT_IP4_HEADER));
}

size_t xt_envelope_put(uint8_t out[XT_ENVELOPE_MAX], const struct xt_endpoint *from,
		       const struct xt_endpoint *to, uint8_t tos, bool dont_fragment,
		       const uint8_t *payload, uint32_t len)
{
	uint8_t family = to->ip.family, *udp;
	struct xt_ip src = from->ip;
	uint32_t upper = XT_UDP_HEADER + len;
	uint16_t checksum;
	uint64_t sum;

	if (!src.family)
		src = (struct xt_ip){.family = family};
	if ((family != 4 && family != 6) || src.family != family ||
	    len > UINT16_MAX - XT_UDP_HEADER - (family == 4 ? XT_IP4_HEADER : 0))
		return 0;
	udp = xt_ip_header_put(out, &src, &to->ip, XT_PROTO_UDP, upper);
	header_adjust(out, family, tos, dont_fragment);
	xt_be16_put(udp, from->port);
	xt_be16_put(udp + 2, to->port);
	xt_be16_put(udp + 4, (uint16_t)upper);
	xt_be16_put(udp + 6, 0);
	sum = xt_checksum_pseudo(family, src.b, to->ip.b, XT_PROTO_UDP, upper);
	sum = xt_checksum_add(sum, udp, XT_UDP_HEADER);
	checksum = xt_checksum_finish(xt_checksum_add(sum, payload, len));
	xt_be16_put(udp + 6, checksum ? checksum : UINT16_MAX);
	return (size_t)(udp - out) + XT_UDP_HEADER;
}
