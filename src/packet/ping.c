/* SPDX-License-Identifier: MIT */
/* Echo requests: RFC 792, RFC 4443 4.1 and 4.2. */
#include "packet/ping.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/echo.h"

#define ICMP_HEADER 8u
#define COOKIE	    8u

enum { TYPE4_REPLY = 0, TYPE4_REQUEST = 8, TYPE6_REQUEST = 128, TYPE6_REPLY = 129 };

size_t xt_ping_len(uint8_t family, uint32_t size)
{
	if (family == 4 && size <= XT_PING4_MAX)
		return XT_IP4_HEADER + ICMP_HEADER + size;
	if (family == 6 && size <= XT_PING6_MAX)
		return XT_IP6_HEADER + ICMP_HEADER + size;
	return 0;
}

size_t xt_ping_build(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst, uint16_t id,
		     uint16_t seq, uint64_t cookie, uint32_t size)
{
	size_t len = src->family == dst->family ? xt_ping_len(src->family, size) : 0;
	uint8_t cookie_bytes[COOKIE], *icmp;
	uint64_t sum = 0;

	if (!len)
		return 0;
	icmp = xt_ip_header_put(out, src, dst, src->family == 4 ? XT_PROTO_ICMP : XT_PROTO_ICMP6,
				ICMP_HEADER + size);
	memset(icmp, 0, ICMP_HEADER);
	icmp[0] = src->family == 4 ? TYPE4_REQUEST : TYPE6_REQUEST;
	xt_be16_put(icmp + 4, id);
	xt_be16_put(icmp + 6, seq);
	xt_be64_put(cookie_bytes, cookie);
	memcpy(icmp + ICMP_HEADER, cookie_bytes, XT_MIN(size, COOKIE));
	for (uint32_t i = COOKIE; i < size; i++)
		icmp[ICMP_HEADER + i] = (uint8_t)i;
	if (src->family == 6)
		sum = xt_checksum_pseudo(6, src->b, dst->b, XT_PROTO_ICMP6, ICMP_HEADER + size);
	xt_be16_put(icmp + 2, xt_checksum_finish(xt_checksum_add(sum, icmp, ICMP_HEADER + size)));
	return len;
}

static bool packet_is_reply(const struct xt_ip_view *view)
{
	const uint8_t *icmp = view->bytes + view->upper;

	if (view->fragment || view->len - view->upper < ICMP_HEADER || icmp[1] != 0)
		return false;
	if (view->version == 4)
		return view->protocol == XT_PROTO_ICMP && icmp[0] == TYPE4_REPLY;
	return view->protocol == XT_PROTO_ICMP6 && icmp[0] == TYPE6_REPLY;
}

bool xt_ping_read(struct xt_ping_reply *out, const uint8_t *packet, size_t len)
{
	uint8_t cookie[COOKIE] = {0};
	struct xt_ip_view view;
	const uint8_t *icmp;

	if (!xt_ip_parse_packet(&view, packet, len) || !packet_is_reply(&view) ||
	    !xt_echo_right(&view))
		return false;
	icmp = packet + view.upper;
	xt_ip_source(&view, &out->from);
	xt_ip_destination(&view, &out->to);
	out->id = xt_be16_get(icmp + 4);
	out->seq = xt_be16_get(icmp + 6);
	out->size = view.len - view.upper - ICMP_HEADER;
	out->ttl = view.ttl;
	memcpy(cookie, icmp + ICMP_HEADER, XT_MIN(out->size, COOKIE));
	out->cookie = xt_be64_get(cookie);
	return true;
}

static uint64_t cookie_cut(uint64_t cookie, uint32_t size)
{
	if (size >= COOKIE)
		return cookie;
	return size ? cookie & UINT64_MAX << (64 - 8 * size) : 0;
}

bool xt_ping_matches(const struct xt_ping_reply *reply, const struct xt_ip *src,
		     const struct xt_ip *dst, uint16_t id, uint16_t seq, uint64_t cookie,
		     uint32_t size)
{
	return reply->id == id && reply->seq == seq && reply->size == size &&
	       reply->cookie == cookie_cut(cookie, size) && xt_ip_equal(&reply->from, dst) &&
	       xt_ip_equal(&reply->to, src);
}
