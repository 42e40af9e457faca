/* SPDX-License-Identifier: MIT */
/* ICMP errors about packets that cannot be carried. */
#include "packet/icmp.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"

#define ICMP_HEADER 8u
#define TOS_CONTROL 0xc0 /* RFC 1812 4.3.2.5: precedence "internetwork control" */
#define TTL	    64

/* Type and code, IPv4 and IPv6, by kind. */
static const uint8_t codes[][2][2] = {
    [XT_ICMP_NO_ROUTE] = {{3, 0}, {1, 0}},
    [XT_ICMP_UNREACHABLE] = {{3, 1}, {1, 3}},
    [XT_ICMP_TOO_BIG] = {{3, 4}, {2, 0}},
};

/* Of ICMP only types known not to be errors may be answered. */
static bool icmp_is_harmless(const struct xt_ip_view *view)
{
	uint8_t type;

	if (view->upper >= view->len)
		return false;
	type = view->bytes[view->upper];
	if (view->version == 6)
		return type >= 128 && type != 137; /* 137: redirect */
	switch (type) {
	case 0:	 /* echo reply */
	case 8:	 /* echo */
	case 13: /* timestamp, and its reply */
	case 14:
		return true;
	default:
		return false;
	}
}

static bool address_is_host(const struct xt_ip *ip)
{
	return !xt_ip_is_unspecified(ip) && !xt_ip_is_multicast(ip) && !xt_ip_is_loopback(ip) &&
	       !xt_ip_is_limited_broadcast(ip);
}

static bool packet_may_be_answered(const struct xt_ip_view *view, enum xt_icmp_kind kind)
{
	struct xt_ip src, dst;

	xt_ip_source(view, &src);
	xt_ip_destination(view, &dst);
	if (!address_is_host(&src) || !address_is_host(&dst) || view->offset || view->broken)
		return false;
	if (kind == XT_ICMP_TOO_BIG && !view->dont_fragment)
		return false;
	if (view->protocol == (view->version == 4 ? XT_PROTO_ICMP : XT_PROTO_ICMP6))
		return icmp_is_harmless(view);
	return true;
}

static void header4_write(uint8_t *out, const struct xt_ip_view *about, const uint8_t *src,
			  uint32_t len)
{
	memset(out, 0, XT_IP4_HEADER);
	out[0] = 0x45;
	out[1] = TOS_CONTROL;
	xt_be16_put(out + 2, (uint16_t)len);
	out[6] = 0x40; /* DF: an identification of 0 is enough then (RFC 6864) */
	out[8] = TTL;
	out[9] = XT_PROTO_ICMP;
	memcpy(out + 12, src, 4);
	memcpy(out + 16, about->src, 4);
	xt_be16_put(out + 10, xt_checksum(out, XT_IP4_HEADER));
}

static void header6_write(uint8_t *out, const struct xt_ip_view *about, const uint8_t *src,
			  uint32_t len)
{
	memset(out, 0, XT_IP6_HEADER);
	out[0] = 0x60;
	xt_be16_put(out + 4, (uint16_t)(len - XT_IP6_HEADER));
	out[6] = XT_PROTO_ICMP6;
	out[7] = TTL;
	memcpy(out + 8, src, 16);
	memcpy(out + 24, about->src, 16);
}

/* The error about a packet that quotes n bytes of it. */
static size_t error_write(uint8_t *out, const struct xt_ip_view *about, const uint8_t *quote,
			  uint32_t n, enum xt_icmp_kind kind, uint32_t mtu, const uint8_t *src)
{
	bool six = about->version == 6;
	uint32_t head = six ? XT_IP6_HEADER : XT_IP4_HEADER;
	uint32_t max = (six ? XT_ICMP6_MAX : XT_ICMP4_MAX) - head - ICMP_HEADER;
	uint32_t total = head + ICMP_HEADER + XT_MIN(n, max);
	uint64_t sum = 0;

	(six ? header6_write : header4_write)(out, about, src, total);
	out += head;
	memset(out, 0, ICMP_HEADER);
	memcpy(out, codes[kind][six], 2);
	if (kind == XT_ICMP_TOO_BIG && six)
		xt_be32_put(out + 4, mtu);
	else if (kind == XT_ICMP_TOO_BIG)
		xt_be16_put(out + 6, (uint16_t)XT_MIN(mtu, (uint32_t)UINT16_MAX));
	memcpy(out + ICMP_HEADER, quote, XT_MIN(n, max));
	if (six)
		sum = xt_checksum_pseudo(6, src, about->src, XT_PROTO_ICMP6, total - head);
	xt_be16_put(out + 2, xt_checksum_finish(xt_checksum_add(sum, out, total - head)));
	return total;
}

size_t xt_icmp_build(uint8_t *out, const uint8_t *packet, size_t len, enum xt_icmp_kind kind,
		     uint32_t mtu, const struct xt_ip *local)
{
	struct xt_ip_view about;
	const uint8_t *src;

	if (!xt_ip_parse_packet(&about, packet, len) || !packet_may_be_answered(&about, kind))
		return 0;
	src = local && local->family == about.version ? local->b : about.dst;
	return error_write(out, &about, about.bytes, about.len, kind, mtu, src);
}

size_t xt_icmp_too_big(uint8_t *out, const uint8_t *head, size_t n, uint32_t mtu)
{
	uint8_t copy[XT_ICMP_HEAD_MAX];
	struct xt_ip_view about;

	if (n < XT_IP4_HEADER || n > sizeof(copy))
		return 0;
	memcpy(copy, head, n);
	if (copy[0] >> 4 == 4)
		xt_be16_put(copy + 2, (uint16_t)n); /* as if the packet ended here */
	else if (n >= XT_IP6_HEADER)
		xt_be16_put(copy + 4, (uint16_t)(n - XT_IP6_HEADER));
	if (!xt_ip_parse_packet(&about, copy, n) ||
	    !packet_may_be_answered(&about, XT_ICMP_TOO_BIG))
		return 0;
	return error_write(out, &about, head, (uint32_t)n, XT_ICMP_TOO_BIG, mtu, about.dst);
}

void xt_icmp_init(struct xt_icmp *icmp, uint64_t now, uint32_t per_second, uint32_t burst)
{
	*icmp = (struct xt_icmp){.rate = xt_token_rate(per_second, burst), .bucket.full_at = now};
}

bool xt_icmp_answer(struct xt_icmp *icmp, uint64_t now, const struct xt_pkt *offender,
		    enum xt_icmp_kind kind, uint32_t mtu, const struct xt_ip *local,
		    struct xt_batch *out)
{
	uint8_t answer[XT_ICMP6_MAX];
	size_t len = xt_icmp_build(answer, offender->data, offender->len, kind, mtu, local);
	struct xt_pkt *pkt;

	if (!len)
		return false;
	pkt = xt_token_bucket_has(&icmp->bucket, &icmp->rate, now) ? xt_batch_add(out, len) : NULL;
	if (!pkt) {
		icmp->suppressed++;
		return false;
	}
	memcpy(pkt->data, answer, len);
	pkt->len = (uint32_t)len;
	(void)xt_token_bucket_take(&icmp->bucket, &icmp->rate, now);
	icmp->sent++;
	return true;
}
