/* SPDX-License-Identifier: MIT */
/* TCP and UDP packets for tests, built byte by byte; shares no code with src/packet. */
#ifndef XT_TESTS_FLOWS_H
#define XT_TESTS_FLOWS_H

#include "packets.h"

/* The headers of a packet. Hosts are 10.7.0.x or fd07::x. options: bytes of TCP options, a
 * multiple of 4, all counting up from timestamp. id: IPv4. tos: or traffic class. */
struct flow {
	uint8_t version, protocol, from, to, tos, ttl, flags, options, timestamp;
	bool df;
	uint16_t sport, dport, id, window;
	uint32_t seq, ack, label;
};

static inline struct flow flow_of(uint8_t version, uint8_t protocol)
{
	return (struct flow){.version = version,
			     .protocol = protocol,
			     .from = 1,
			     .to = 2,
			     .ttl = 64,
			     .flags = 0x10,
			     .options = 12,
			     .timestamp = 7,
			     .df = true,
			     .sport = 40000,
			     .dport = 5001,
			     .id = 0xfffe,
			     .window = 500,
			     .seq = 0xffffff00u,
			     .ack = 77};
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline size_t flow_network(const struct flow *f)
{
	return f->version == 4 ? 20 : 40;
}

static inline size_t flow_headers(const struct flow *f)
{
	return flow_network(f) + (f->protocol == 6 ? 20u + f->options : 8u);
}

/* The sum of the pseudo-header of the whole packet at p. */
static inline uint16_t slow_pseudo(const uint8_t *p, size_t len)
{
	uint8_t tail[4] = {0, p[9], (uint8_t)((len - 20) >> 8), (uint8_t)(len - 20)};

	if (p[0] >> 4 == 6)
		return slow_pseudo6(p, (uint32_t)(len - 40), p[6]);
	return slow_sum(slow_sum(0, p + 12, 8), tail, 4);
}

static inline size_t slow_field(const uint8_t *p)
{
	bool v4 = p[0] >> 4 == 4;

	return (v4 ? 20u : 40u) + ((v4 ? p[9] : p[6]) == 6 ? 16u : 6u);
}

/* Lengths and checksums of the whole packet at p. */
static inline void flow_seal(uint8_t *p, size_t len)
{
	bool v4 = p[0] >> 4 == 4;
	size_t upper = v4 ? 20 : 40, field = slow_field(p);

	if (v4) {
		put16(p + 2, (uint32_t)len);
		slow_seal4(p);
	} else {
		put16(p + 4, (uint32_t)(len - 40));
	}
	if ((v4 ? p[9] : p[6]) == 17)
		put16(p + upper + 4, (uint32_t)(len - upper));
	put16(p + field, 0);
	slow_put(p + field, slow_sum(slow_pseudo(p, len), p + upper, len - upper));
	if ((v4 ? p[9] : p[6]) == 17 && p[field] == 0 && p[field + 1] == 0)
		put16(p + field, 0xffff);
}

/* Are IPv4's and the transport's checksums right? */
static inline bool flow_right(const uint8_t *p, size_t len)
{
	size_t upper = p[0] >> 4 == 4 ? 20 : 40;

	if (upper == 20 && slow_sum(0, p, 20) != 0xffff)
		return false;
	return slow_sum(slow_pseudo(p, len), p + upper, len - upper) == 0xffff;
}

/* Headers of f and len bytes of payload; returns the packet's length. */
static inline size_t flow_packet(uint8_t *p, const struct flow *f, const uint8_t *payload,
				 size_t len)
{
	size_t upper = flow_network(f), headers = flow_headers(f);
	uint8_t *t = p + upper;

	memset(p, 0, headers);
	if (f->version == 4) {
		const uint8_t addresses[8] = {10, 7, 0, f->from, 10, 7, 0, f->to};

		p[0] = 0x45;
		p[1] = f->tos;
		put16(p + 4, f->id);
		p[6] = f->df ? 0x40 : 0;
		p[8] = f->ttl;
		p[9] = f->protocol;
		memcpy(p + 12, addresses, 8);
	} else {
		put32(p, 0x60000000u | (uint32_t)f->tos << 20 | f->label);
		p[6] = f->protocol;
		p[7] = f->ttl;
		p[8] = p[24] = 0xfd;
		p[9] = p[25] = 7;
		p[23] = f->from;
		p[39] = f->to;
	}
	put16(t, f->sport);
	put16(t + 2, f->dport);
	if (f->protocol == 6) {
		put32(t + 4, f->seq);
		put32(t + 8, f->ack);
		t[12] = (uint8_t)((5 + f->options / 4) << 4);
		t[13] = f->flags;
		put16(t + 14, f->window);
		for (uint8_t i = 0; i < f->options; i++)
			t[20 + i] = (uint8_t)(f->timestamp + i);
	}
	if (len)
		memcpy(p + headers, payload, len);
	flow_seal(p, headers + len);
	return headers + len;
}

#endif
