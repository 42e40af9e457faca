/* SPDX-License-Identifier: MIT */
/* layers: tunnel packet base */
/* parses: src/packet/ip.c src/packet/icmp.c src/packet/probe.c src/packet/ping.c
 * src/tunnel/flow_headers.c */
/* Any packet as the offender of an ICMP error, as the answer to a probe or a ping, and as the
 * beginning of a flow: an error is a whole packet with correct checksums that goes back to the
 * packet's source and quotes it.
 * Input: two bytes of MTU, one of flags (bit 0: a source of our own, bit 1: the checksums of ICMP
 * are corrected), the packet. */
#include "fuzz/input.h"
#include "packet/icmp.h"
#include "packet/ping.h"
#include "packet/probe.h"
#include "packets.h"
#include "tunnel/flow_headers.h"

static void error_check(const uint8_t *error, size_t len, const struct xt_ip_view *about)
{
	struct xt_ip_view view;
	uint32_t size;

	check(len >= 28 && len <= (about->version == 4 ? XT_ICMP4_MAX : XT_ICMP6_MAX));
	check(xt_ip_parse_packet(&view, error, len) && view.len == len && !view.fragment);
	check(view.version == about->version && slow_right(error, (uint32_t)len));
	size = about->version == 4 ? 4 : 16;
	check(memcmp(view.dst, about->src, size) == 0);
	check(memcmp(error + view.upper + 8, about->bytes, len - view.upper - 8) == 0);
}

static void errors_build(const uint8_t *packet, size_t len, uint16_t mtu, const struct xt_ip *local)
{
	uint8_t error[XT_ICMP6_MAX];
	struct xt_ip_view about;
	size_t n;

	for (int kind = XT_ICMP_NO_ROUTE; kind <= XT_ICMP_TOO_BIG; kind++) {
		n = xt_icmp_build(error, packet, len, (enum xt_icmp_kind)kind, mtu, local);
		if (n) {
			check(xt_ip_parse_packet(&about, packet, len));
			error_check(error, n, &about);
		}
	}
	for (size_t part = 0; part <= XT_MIN(len, (size_t)XT_ICMP_HEAD_MAX + 1); part++) {
		n = xt_icmp_too_big(error, packet, part, mtu);
		check(n <= XT_ICMP6_MAX && (!n || slow_right(error, (uint32_t)n)));
	}
}

static void flow_keep(struct xt_ip_view *view, uint16_t mtu)
{
	static struct xt_flow_headers *headers;
	static int place;
	const struct xt_peer *peer = (const void *)&place; /* is only compared */
	uint8_t error[XT_ICMP6_MAX];

	if (!headers)
		check(xt_flow_headers_new(&headers) == 0);
	xt_flow_headers_keep(headers, peer, view, view->len);
	xt_flow_headers_keep(headers, peer, view, XT_FLOW_FULL);
	xt_flow_headers_fell(headers, peer, mtu);
	while (xt_flow_headers_due(headers)) {
		size_t n = xt_flow_headers_take(headers, error);

		check(n <= sizeof(error));
		if (!n)
			break;
		check(slow_right(error, (uint32_t)n));
	}
	xt_flow_headers_forget(headers, peer);
}

static void answers_read(uint8_t *packet, size_t len, struct xt_ip_view *view)
{
	struct xt_ping_reply reply;
	uint32_t token;

	if (xt_ping_read(&reply, packet, len))
		check(reply.size < len && xt_ping_matches(&reply, &reply.to, &reply.from, reply.id,
							  reply.seq, reply.cookie, reply.size));
	if (xt_probe_read(view, &token))
		check(xt_probe_may_answer(view));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct xt_ip local = {4, {10, 7, 0, 1}};
	struct input in = {data, len};
	uint16_t mtu = input_number(&in);
	uint8_t flags = input_byte(&in), *packet = input_bytes(&in, XT_PACKET_MAX, &len);
	struct xt_ip_view view;

	if (xt_ip_parse_packet(&view, packet, len)) {
		check(view.len <= len && view.upper <= view.len && view.header <= view.upper);
		if (flags & 2 && !view.fragment && view.len - view.upper >= 8) {
			slow_seal_icmp(packet, view.upper, view.len);
			xt_ip_header_seal(&view);
		}
		answers_read(packet, len, &view);
		flow_keep(&view, mtu);
	}
	errors_build(packet, len, mtu, flags & 1 ? &local : NULL);
	free(packet);
	return 0;
}
