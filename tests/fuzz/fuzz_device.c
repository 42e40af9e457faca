/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* parses: src/core/recv.c src/core/send.c src/core/timers.c src/core/apply.c src/core/keypair.c
 * src/core/replay.c */
/* Bytes as actions on two devices: send, deliver, drop, repeat, alter, wait, reconfigure. Numbered
 * packets are delivered at most once, unchanged; no counter is used twice with a key; no deadline
 * stays due after a tick. */
#include "fuzz/ends.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PACKETS 4096
#define WAYS	512
#define SECOND	1000000000ull

struct way {
	struct end *from;
	uint32_t index;
	uint64_t next;
};

struct scenario {
	struct ends ends; /* first */
	const uint8_t *data;
	size_t len, at;
	uint32_t n_packets;
	uint8_t seen[PACKETS];
	struct way ways[WAYS];
	unsigned n_ways;
};

static uint8_t next(struct scenario *s)
{
	return s->at < s->len ? s->data[s->at++] : 0;
}

static size_t build(struct scenario *s, struct end *from, uint32_t number, uint8_t *buf)
{
	size_t len = 32 + number * 7 % 200;

	(void)s;
	memset(buf, (int)(number * 31 & 255), len);
	memset(buf, 0, 28);
	buf[0] = 0x45;
	xt_be16_put(buf + 2, (uint16_t)len);
	buf[8] = 64;
	buf[9] = 17;
	memcpy(buf + 12, from->inner.b, 4);
	memcpy(buf + 16, other(from)->inner.b, 4);
	xt_be32_put(buf + 28, number);
	return len;
}

static void judge(struct ends *ends, struct end *end, const struct xt_pkt *pkt)
{
	struct scenario *s = (void *)ends;
	uint8_t buf[300];
	uint32_t number;

	MUST(pkt->len >= 32);
	number = xt_be32_get(pkt->data + 28);
	MUST(number < s->n_packets && !s->seen[number]);
	s->seen[number] = 1;
	MUST(build(s, other(end), number, buf) == pkt->len);
	MUST(memcmp(buf, pkt->data, pkt->len) == 0);
}

static void watch(struct ends *ends, struct end *end, const uint8_t *bytes, size_t len)
{
	struct scenario *s = (void *)ends;
	xt_le32 index;
	xt_le64 counter;
	unsigned i;

	MUST(len >= 32 && bytes[0] >= 1 && bytes[0] <= 4);
	if (bytes[0] != 4)
		return;
	memcpy(index.b, bytes + 4, 4);
	memcpy(counter.b, bytes + 8, 8);
	for (i = 0; i < s->n_ways; i++)
		if (s->ways[i].from == end && s->ways[i].index == xt_le32_load(index))
			break;
	if (i == WAYS)
		return;
	if (i == s->n_ways)
		s->ways[s->n_ways++] = (struct way){end, xt_le32_load(index), 0};
	MUST(xt_le64_load(counter) >= s->ways[i].next);
	s->ways[i].next = xt_le64_load(counter) + 1;
}

static void pass_time(struct scenario *s, uint64_t ns, bool tick)
{
	uint64_t end = s->ends.now.mono + ns;

	for (unsigned i = 0; tick && i < 200; i++) {
		uint64_t a = xt_device_deadline(s->ends.end[0].dev);
		uint64_t b = xt_device_deadline(s->ends.end[1].dev);
		uint64_t at = a < b ? a : b;

		if (at > end)
			break;
		at = at > s->ends.now.mono ? at : s->ends.now.mono;
		s->ends.now.wall += at - s->ends.now.mono;
		s->ends.now.mono = at;
		ends_tick(&s->ends.end[0]);
		ends_tick(&s->ends.end[1]);
	}
	s->ends.now.wall += end - s->ends.now.mono;
	s->ends.now.mono = end;
	for (unsigned i = 0; tick && i < 2; i++)
		ends_tick(&s->ends.end[i]);
}

static void deliver(struct scenario *s, bool keep, bool alter)
{
	unsigned i;
	struct datagram *d;
	uint8_t copy[2048];
	size_t len;
	struct end *from;

	if (!s->ends.n_wire)
		return;
	i = next(s) % s->ends.n_wire;
	d = &s->ends.wire[i];
	from = d->from;
	len = d->len < sizeof(copy) ? d->len : sizeof(copy);
	memcpy(copy, d->bytes, len);
	if (!keep)
		ends_lose(&s->ends, i);
	if (alter) {
		copy[next(s) % len] ^= next(s);
		if (next(s) & 1)
			len = next(s) < len ? len - 1 : len;
	}
	ends_hear(other(from), &from->path, 0, copy, len);
}

static void reconfigure(struct scenario *s)
{
	struct end *end = &s->ends.end[next(s) & 1];
	uint8_t what = next(s);
	struct xt_change change;
	struct xt_peer_change *p;
	struct xt_cidr any = {{4, {0}}, 0};

	xt_change_init(&change);
	p = ends_peer(end, &change);
	if (what & 1)
		p->set |= XT_PEER_PSK;
	memset(p->psk.b, what >> 7, 32);
	if (what & 2)
		p->set |= XT_PEER_KEEPALIVE;
	p->keepalive_s = (uint16_t)(what >> 4);
	if (what & 4)
		p->set |= XT_PEER_REMOVE;
	if (what & 8)
		change.set |= XT_SET_REPLACE_PEERS;
	if (what & 16)
		p->set |= XT_PEER_REPLACE_ALLOWED;
	if (what & 32)
		MUST(!xt_change_allowed(p, &any, what & 64));
	if ((what & 0xc0) == 0xc0) {
		change.set |= XT_SET_PRIVATE_KEY;
		change.private_key = end->key;
		change.private_key.b[1] ^= what & 1;
	}
	MUST(!xt_device_apply(end->dev, s->ends.now, &change));
	xt_change_clear(&change);
	ends_tick(end);
}

/* A list of up to three addresses, one of them the other end's. */
static void list_set(struct scenario *s, struct end *end, uint8_t op)
{
	struct end *peer = other(end);
	uint8_t what = next(s);
	struct xt_candidate v[3];
	struct xt_candidate_list list = {.v = v,
					 .n = what & 3,
					 .hold_ns = (1 + (what >> 4)) * SECOND,
					 .configured = op & 16,
					 .changes = op & 32};

	memset(v, 0, sizeof(v));
	for (unsigned i = 0; i < 3; i++) {
		v[i].endpoint = peer->path.remote;
		v[i].endpoint.port ^= (uint16_t)(i != (what >> 2 & 3) ? 0x4000 + i : 0);
		v[i].endpoint.port |= 1;
		v[i].endpoint.ip.family = what >> (5 + i) & 1 ? 6 : 4;
		v[i].entry = (uint8_t)(i * (what & 1));
	}
	MUST(!xt_device_set_endpoints(end->dev, s->ends.now, &peer->public, &list));
	ends_tick(end);
}

static void send_one(struct scenario *s, struct end *end)
{
	uint8_t buf[300];

	if (s->n_packets == PACKETS)
		return;
	ends_send(end, buf, build(s, end, s->n_packets++, buf));
}

static void step(struct scenario *s)
{
	uint8_t op = next(s);
	struct end *end = &s->ends.end[op >> 7];

	switch (op & 15) {
	case 0:
	case 1:
		send_one(s, end);
		break;
	case 2:
	case 3:
		deliver(s, false, false);
		break;
	case 4:
		deliver(s, true, false);
		break;
	case 5:
		deliver(s, op & 16, true);
		break;
	case 6:
		if (s->ends.n_wire)
			ends_lose(&s->ends, next(s) % s->ends.n_wire);
		break;
	case 7:
		pass_time(s, next(s) * (SECOND / 100), true);
		break;
	case 8:
		pass_time(s, next(s) * 4 * SECOND, op & 16);
		break;
	case 9:
		reconfigure(s);
		break;
	case 10:
		end->path.remote.port ^= next(s);
		end->path.remote.port |= 1;
		break;
	case 11:
		s->ends.now.wall += (uint64_t)(next(s) - 128) * 60 * SECOND;
		break;
	case 12:
		xt_device_timestamp_limits(end->dev, s->ends.now.wall + next(s) * SECOND,
					   op & 16 ? XT_NEVER : s->ends.now.wall + 600 * SECOND);
		break;
	case 13:
		list_set(s, end, op);
		break;
	default:
		ends_exchange(&s->ends);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct scenario s;
	struct xt_report *report;

	memset(&s, 0, sizeof(s));
	ends_open(&s.ends);
	s.ends.out = judge;
	s.ends.left = watch;
	s.data = data;
	s.len = len < 4096 ? len : 4096;
	while (s.at < s.len)
		step(&s);
	for (unsigned i = 0; i < 2; i++) {
		MUST(!xt_device_report(s.ends.end[i].dev, s.ends.now, &report));
		xt_report_free(report);
	}
	ends_close(&s.ends);
	return 0;
}
