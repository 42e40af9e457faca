/* SPDX-License-Identifier: MIT */
/* Echo requests and replies. RFC 792, RFC 4443 4.1 and 4.2, RFC 1122 3.2.2.6, RFC 1624. */
#include "packet/echo.h"

#include <sodium.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/checksum.h"

#define ICMP_HEADER 8u
#define REPLY_TTL   64

enum { TYPE4_REPLY = 0, TYPE4_REQUEST = 8, TYPE6_REQUEST = 128, TYPE6_REPLY = 129 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

bool xt_ip4_options(const struct xt_ip_view *view, bool *source_route)
{
	const uint8_t *p = view->bytes;

	*source_route = false;
	for (uint32_t at = XT_IP4_HEADER; at < view->header && p[at] != OPTION_END;) {
		if (p[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (view->header - at < 2 || p[at + 1] < 2 || p[at + 1] > view->header - at)
			return false;
		if (p[at] == OPTION_LSRR || p[at] == OPTION_SSRR)
			*source_route = true;
		at += p[at + 1];
	}
	return true;
}

static bool address_is_ordinary(const struct xt_ip *ip)
{
	return !xt_ip_is_unspecified(ip) && !xt_ip_is_loopback(ip) && !xt_ip_is_multicast(ip) &&
	       !xt_ip_is_limited_broadcast(ip);
}

static bool addresses_are_valid(const struct xt_ip_view *view)
{
	struct xt_ip src, dst;

	xt_ip_source(view, &src);
	xt_ip_destination(view, &dst);
	return address_is_ordinary(&src) && address_is_ordinary(&dst) && !xt_ip_equal(&src, &dst);
}

static bool type_is_echo(const struct xt_ip_view *view, bool replies)
{
	uint8_t type = view->bytes[view->upper];

	if (view->version == 4)
		return type == TYPE4_REQUEST || (replies && type == TYPE4_REPLY);
	return type == TYPE6_REQUEST || (replies && type == TYPE6_REPLY);
}

enum xt_echo_class xt_echo_classify(const struct xt_ip_view *view, bool replies)
{
	uint32_t data = view->len - view->upper;
	bool shows, source_route = false, options = true;

	if (view->protocol != (view->version == 4 ? XT_PROTO_ICMP : XT_PROTO_ICMP6))
		return XT_ECHO_CLASS_OTHER;
	/* A first fragment may be shorter than the ICMP header; a later one shows no type. */
	shows = !view->offset && data && type_is_echo(view, replies);
	if (!view->fragment && (!shows || data < ICMP_HEADER))
		return XT_ECHO_CLASS_OTHER;
	if (view->version == 4)
		options = xt_ip4_options(view, &source_route);
	if (source_route || view->extended)
		return shows ? XT_ECHO_CLASS_BARRED : XT_ECHO_CLASS_OTHER;
	if (!options || !addresses_are_valid(view))
		return XT_ECHO_CLASS_BAD;
	if (view->fragment)
		return XT_ECHO_CLASS_FRAGMENT;
	return view->bytes[view->upper + 1] == 0 ? XT_ECHO_CLASS_REQUEST : XT_ECHO_CLASS_BAD;
}

bool xt_echo_right(const struct xt_ip_view *view)
{
	uint32_t len = view->len - view->upper;
	uint64_t sum = 0;

	if (!xt_ip_header_right(view))
		return false;
	if (view->version == 6)
		sum = xt_checksum_pseudo(6, view->src, view->dst, XT_PROTO_ICMP6, len);
	return xt_checksum_finish(xt_checksum_add(sum, view->bytes + view->upper, len)) == 0;
}

static void icmp_make_reply(struct xt_ip_view *view)
{
	uint8_t *icmp = view->bytes + view->upper;
	uint16_t was = xt_be16_get(icmp), checksum;

	icmp[0] = view->version == 4 ? TYPE4_REPLY : TYPE6_REPLY;
	checksum = xt_checksum_update(xt_be16_get(icmp + 2), was, xt_be16_get(icmp));
	/* An IPv4 reply of nothing but zeros is the one message whose checksum must be 0xffff. */
	if (view->version == 4 && checksum == 0 &&
	    sodium_is_zero(icmp + 4, view->len - view->upper - 4))
		checksum = UINT16_MAX;
	xt_be16_put(icmp + 2, checksum);
}

void xt_echo_reflect(struct xt_ip_view *view)
{
	uint8_t *p = view->bytes;

	xt_ip_swap(view);
	icmp_make_reply(view);
	view->ttl = REPLY_TTL;
	view->ecn = XT_ECN_NOT;
	if (view->version == 4) {
		p[1] &= 0xfc;
		p[8] = REPLY_TTL;
		xt_ip_header_seal(view);
	} else {
		p[1] &= 0xcf;
		p[7] = REPLY_TTL;
	}
}

enum xt_reflection xt_echo_answer(uint8_t *packet, uint32_t *len)
{
	struct xt_ip_view view;

	if (!xt_ip_parse_packet(&view, packet, *len))
		return XT_REFLECTION_MALFORMED;
	switch (xt_echo_classify(&view, false)) {
	case XT_ECHO_CLASS_REQUEST:
		break;
	case XT_ECHO_CLASS_BAD:
		return XT_REFLECTION_MALFORMED;
	default:
		return XT_REFLECTION_NOT_ECHO;
	}
	if (!xt_echo_right(&view))
		return XT_REFLECTION_MALFORMED;
	xt_echo_reflect(&view);
	*len = view.len;
	return XT_REFLECTION_ANSWERED;
}
