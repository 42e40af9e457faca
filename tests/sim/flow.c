/* SPDX-License-Identifier: MIT */
/* Numbered packets and their checks; see flow.h. */
#include "sim/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/net.h"
#include "sim/node.h"

#define MAGIC 0x78747369u

struct sim_flow *sim_flow_new(struct sim *sim)
{
	struct sim_flow *flow = calloc(1, sizeof(*flow));

	flow->sim = sim;
	return flow;
}

void sim_flow_free(struct sim_flow *flow)
{
	free(flow->packets);
	free(flow);
}

void sim_flow_reserve(struct sim_flow *flow, uint32_t n)
{
	if (n <= flow->cap)
		return;
	flow->cap = n;
	flow->packets = realloc(flow->packets, n * sizeof(*flow->packets));
}

static uint16_t header_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += xt_be16_get(p + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The bytes of packet number: headers, then magic, number and a random stream of its own. */
static void packet_build(const struct sim_flow *flow, uint32_t number, uint8_t ecn, uint8_t *buf)
{
	const struct sim_packet *p = &flow->packets[number];
	bool v6 = p->flags & SIM_V6;
	size_t at = v6 ? 40 : 20;
	uint64_t stream = flow->sim->seed ^ ((uint64_t)number << 20);

	memset(buf, 0, at + 8);
	if (v6) {
		xt_be32_put(buf, 6u << 28 | (uint32_t)ecn << 20);
		xt_be16_put(buf + 4, (uint16_t)(p->len - 40));
		buf[6] = 17;
		buf[7] = 64;
		memcpy(buf + 8, p->from->inner6.b, 16);
		memcpy(buf + 24, p->to->inner6.b, 16);
	} else {
		buf[0] = 0x45;
		buf[1] = ecn;
		xt_be16_put(buf + 2, (uint16_t)p->len);
		xt_be16_put(buf + 4, (uint16_t)number);
		buf[6] = 0x40;
		buf[8] = 64;
		buf[9] = 17;
		memcpy(buf + 12, p->from->inner4.b, 4);
		memcpy(buf + 16, p->to->inner4.b, 4);
		xt_be16_put(buf + 10, header_checksum(buf, 20));
	}
	xt_be16_put(buf + at, 7);
	xt_be16_put(buf + at + 2, 9);
	xt_be16_put(buf + at + 4, (uint16_t)(p->len - at));
	at += 8;
	xt_be32_put(buf + at, MAGIC);
	xt_be32_put(buf + at + 4, number);
	for (at += 8; at + 8 <= p->len; at += 8)
		xt_be64_put(buf + at, sim_random_next(&stream));
	for (; at < p->len; at++)
		buf[at] = (uint8_t)sim_random_next(&stream);
}

static uint32_t packet_add(struct sim_flow *flow, const struct sim_node *source,
			   const struct sim_node *to, uint32_t len, unsigned flags, uint8_t ecn)
{
	struct sim_packet *p;

	if (flow->n == flow->cap)
		sim_flow_reserve(flow, flow->cap ? 2 * flow->cap : 1024);
	p = &flow->packets[flow->n];
	*p = (struct sim_packet){.from = source, .to = to, .flags = (uint8_t)flags, .ecn = ecn};
	if (!len)
		len = SIM_MIN6 + (uint32_t)sim_random_below(flow->sim, 1420 - SIM_MIN6 + 1);
	p->len = XT_MAX(len, flags & SIM_V6 ? SIM_MIN6 : SIM_MIN4);
	return flow->n++;
}

static void packet_inject(struct sim *sim, struct sim_node *a, uint32_t number)
{
	static uint8_t buf[65536];
	struct sim_packet *p = &sim->flow->packets[number];

	packet_build(sim->flow, number, p->ecn, buf);
	p->sent = sim->now;
	sim_node_inject(a, buf, p->len);
}

uint32_t sim_packet_send_as(struct sim *sim, struct sim_node *a, const struct sim_node *source,
			    struct sim_node *b, uint32_t len, unsigned flags, uint8_t ecn)
{
	uint32_t number = packet_add(sim->flow, source, b, len, flags, ecn);

	packet_inject(sim, a, number);
	return number;
}

uint32_t sim_packet_send(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t len)
{
	return sim_packet_send_as(sim, a, a, b, len, sim_random_chance(sim, 500) ? SIM_V6 : SIM_V4,
				  0);
}

uint32_t sim_packet_send_held(struct sim *sim, struct sim_node *a, struct sim_node *b)
{
	sim_rule_add(sim, a, b, SIM_DATA, 0, 1, SIM_HOLD);
	return sim_packet_send(sim, a, b, 0);
}

static void stream_step(struct sim *sim, void *ctx, uint64_t number)
{
	packet_inject(sim, ctx, (uint32_t)number);
}

uint32_t sim_stream_start(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t n,
			  uint64_t gap, uint32_t len)
{
	uint32_t first = sim->flow->n;

	for (uint32_t i = 0; i < n; i++)
		sim_event_add(sim, sim->now + i * gap, stream_step, a,
			      packet_add(sim->flow, a, b, len,
					 sim_random_chance(sim, 500) ? SIM_V6 : SIM_V4, 0));
	return first;
}

bool sim_packet_arrived(const struct sim *sim, uint32_t number)
{
	return sim->flow->packets[number].got;
}

uint32_t sim_stream_lost(const struct sim *sim, uint32_t first, uint32_t n)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < n; i++)
		lost += !sim_packet_arrived(sim, first + i);
	return lost;
}

struct sim_streams sim_streams_start(struct sim *sim, struct sim_node *a, struct sim_node *b,
				     uint32_t n, uint64_t gap)
{
	struct sim_streams streams = {.n = n};

	streams.first[0] = sim_stream_start(sim, a, b, n, gap, 0);
	streams.first[1] = sim_stream_start(sim, b, a, n, gap, 0);
	return streams;
}

uint32_t sim_streams_lost(const struct sim *sim, const struct sim_streams *streams)
{
	return sim_stream_lost(sim, streams->first[0], streams->n) +
	       sim_stream_lost(sim, streams->first[1], streams->n);
}

static bool packet_is_out(struct sim *sim, void *ctx)
{
	return sim_packet_arrived(sim, *(uint32_t *)ctx);
}

void sim_packet_await(struct sim *sim, uint32_t number, uint64_t ns)
{
	if (!sim_run_until(sim, ns, packet_is_out, &number))
		SIM_FAIL(sim, "packet %u did not arrive within %llu ms", number,
			 (unsigned long long)(ns / SIM_MS));
}

/* Is it an ICMP error about a packet that the node sent? */
static bool icmp_is_error(const uint8_t *data, size_t len)
{
	if (data[0] >> 4 == 4)
		return len >= 56 && data[9] == 1 && (data[20] == 3 || data[20] == 11);
	return len >= 88 && data[6] == 58 && data[40] >= 1 && data[40] <= 4;
}

void sim_flow_check(struct sim_flow *flow, struct sim_node *node, const uint8_t *data, size_t len)
{
	static uint8_t buf[65536];
	struct sim_packet *p;
	size_t at = data[0] >> 4 == 6 ? 40 : 20;
	uint32_t number;

	if (len >= 40 && icmp_is_error(data, len)) {
		flow->unreachable++;
		return;
	}
	if (len < at + 16 || xt_be32_get(data + at + 8) != MAGIC)
		SIM_FAIL(flow->sim, "%s's TUN delivered an unknown packet of %zu bytes", node->name,
			 len);
	number = xt_be32_get(data + at + 12);
	if (number >= flow->n)
		SIM_FAIL(flow->sim, "packet %u was never sent", number);
	p = &flow->packets[number];
	if (p->got)
		SIM_FAIL(flow->sim, "packet %u came out a second time", number);
	if (p->to != node)
		SIM_FAIL(flow->sim, "packet %u came out at %s, not at %s", number, node->name,
			 p->to->name);
	if (p->flags & SIM_FORGED)
		SIM_FAIL(flow->sim, "packet %u has a source that is not the peer's", number);
	p->ecn_got = at == 40 ? data[1] >> 4 & 3 : data[1] & 3;
	if (p->ecn_got != p->ecn && !(p->ecn && p->ecn_got == 3))
		SIM_FAIL(flow->sim, "ECN of packet %u went from %u to %u", number, p->ecn,
			 p->ecn_got);
	packet_build(flow, number, p->ecn_got, buf);
	if (len != p->len || memcmp(buf, data, len) != 0)
		SIM_FAIL(flow->sim, "packet %u came out altered", number);
	p->got = flow->sim->now;
	flow->n_got++;
}
