/* SPDX-License-Identifier: MIT */
/* A flow of UDP packets from one adapter of the double of wintun.dll to another one, in place of
 * both hosts. Each packet has a number and bytes that follow from it, so that a lost, repeated or
 * changed one is seen. */
#ifndef TESTS_WINDOWS_WINTUN_FLOW_H
#define TESTS_WINDOWS_WINTUN_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wintun_double.h"

#include "base/bytes.h"
#include "packet/checksum.h"

#define FLOW_PAYLOAD  1372 /* of a packet of 1400 bytes: IPv4 and UDP headers before it */
#define FLOW_WINDOW   512  /* packets on their way */
#define FLOW_STALL_MS 500
#define FLOW_LIMIT_MS 120000

/* A UDP packet, but for its payload, from one host's inner address (10.9.0.1 or .2, fd09::1 or ::2)
 * to the other's. Its length. */
static inline uint32_t flow_packet(uint8_t *p, int from, bool v6, uint32_t payload)
{
	uint32_t head = v6 ? 40 : 20, len = head + 8 + payload;

	memset(p, 0, head + 8);
	if (v6) {
		p[0] = 0x60;
		xt_be16_put(p + 4, (uint16_t)(8 + payload));
		p[6] = 17;
		p[7] = 64;
		p[8] = p[24] = 0xfd;
		p[9] = p[25] = 9;
		p[23] = (uint8_t)(1 + from);
		p[39] = (uint8_t)(2 - from);
	} else {
		p[0] = 0x45;
		xt_be16_put(p + 2, (uint16_t)len);
		p[8] = 64;
		p[9] = 17;
		xt_be32_put(p + 12, 0x0a090001u + (uint32_t)from);
		xt_be32_put(p + 16, 0x0a090002u - (uint32_t)from);
		xt_be16_put(p + 10, xt_checksum(p, 20));
	}
	xt_be16_put(p + head, 7);
	xt_be16_put(p + head + 2, 7);
	xt_be16_put(p + head + 4, (uint16_t)(8 + payload));
	return len;
}

/* The packet of that number, which a host sends: head and payload. Its length. */
static inline uint32_t flow_numbered(uint8_t *p, int from, uint32_t seq)
{
	uint32_t len = flow_packet(p, from, false, FLOW_PAYLOAD);
	uint32_t at = len - FLOW_PAYLOAD;
	uint64_t x = (seq + 1) * 0x9e3779b97f4a7c15u;

	xt_be32_put(p + at, seq);
	for (at += 4; at + 8 <= len; at += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(p + at, &x, 8);
	}
	return len;
}

/* first    all packets before it have arrived
 * again    sent once more
 * changed  arrived, but not as any of this flow was sent */
struct flow {
	struct wintun_end *from, *to;
	int from_end;
	uint32_t n, first, sent, arrived, again, changed;
	bool *got;
	uint8_t packet[2048], want[2048];
};

static inline void flow_take(struct flow *flow)
{
	uint32_t len, seq;

	while ((len = wintun_host_take(flow->to, flow->packet, sizeof(flow->packet))) > 0) {
		if (flow->packet[9] !=
		    17) /* an instance looks for its path's MTU by ICMP and TCP */
			continue;
		seq = len == 28 + FLOW_PAYLOAD ? xt_be32_get(flow->packet + 28) : flow->n;
		if (seq >= flow->n || flow_numbered(flow->want, flow->from_end, seq) != len ||
		    memcmp(flow->packet, flow->want, len) != 0) {
			flow->changed++;
		} else if (!flow->got[seq]) {
			flow->got[seq] = true;
			flow->arrived++;
		}
	}
	while (flow->first < flow->sent && flow->got[flow->first])
		flow->first++;
}

static inline bool flow_put(struct flow *flow, uint32_t seq)
{
	uint32_t len = flow_numbered(flow->want, flow->from_end, seq);

	return wintun_host_put(flow->from, flow->want, len);
}

/* Datagrams may be lost; what has not arrived is sent again. */
static inline void flow_transfer(struct flow *flow)
{
	ULONGLONG until = GetTickCount64() + FLOW_LIMIT_MS;

	while (flow->arrived < flow->n && GetTickCount64() < until) {
		uint32_t arrived = flow->arrived;

		while (flow->sent < flow->n && flow->sent - flow->first < FLOW_WINDOW &&
		       flow_put(flow, flow->sent))
			flow->sent++;
		flow_take(flow);
		if (flow->arrived != arrived ||
		    WaitForSingleObject(flow->to->come, FLOW_STALL_MS) == WAIT_OBJECT_0)
			continue;
		for (uint32_t i = flow->first; i < flow->sent; i++)
			if (!flow->got[i] && flow_put(flow, i))
				flow->again++;
	}
}

/* So many bytes from one host (from_end 0: that of 10.9.0.1) to the other one. True: all have
 * arrived unchanged. */
static inline bool flow_run(struct wintun_end *from, struct wintun_end *to, int from_end,
			    uint32_t bytes)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	ULONGLONG start = GetTickCount64();
	bool whole = false;

	if (!flow)
		return false;
	flow->from = from;
	flow->to = to;
	flow->from_end = from_end;
	flow->n = bytes / FLOW_PAYLOAD + 1;
	flow->got = calloc(flow->n, sizeof(*flow->got));
	if (flow->got) {
		flow_transfer(flow);
		whole = flow->arrived == flow->n && flow->changed == 0;
		printf("%u of %u packets, %u changed, %u sent again, %llu ms\n", flow->arrived,
		       flow->n, flow->changed, flow->again,
		       (unsigned long long)(GetTickCount64() - start));
	}
	free(flow->got);
	free(flow);
	return whole;
}

#endif
