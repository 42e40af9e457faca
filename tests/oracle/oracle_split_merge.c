/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Random flows through merge and split. A slow reference, which knows how the packets were made and
 * reads no byte, must merge the same; and split must give back the input of merge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "flows.h"
#include "packet/merge.h"
#include "packet/split.h"
#include "seed.h"

#define FLOWS	12
#define PACKETS 300

/* A packet as generated, and the head of its group. */
struct made {
	struct flow f;
	uint32_t flow, len, head;
	bool damaged, fragment;
};

/* The reference result: the packet begins a group of n packets and payload bytes, which becomes
 * packet at of out. */
struct group {
	uint32_t n, payload, at;
	bool head, ended, fixed;
};

static uint64_t rng;
static struct flow flows[FLOWS];
static struct made made[PACKETS];
static struct group groups[PACKETS];
static uint8_t payload[65536];
static struct xt_batch *in, *out, *back;
static struct xt_merge *merge;

static bool seldom(uint64_t n)
{
	return xt_below(&rng, n) == 0;
}

static void flows_make(void)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow *f = &flows[i];

		*f = flow_of(xt_below(&rng, 2) ? 4 : 6, xt_below(&rng, 2) ? 6 : 17);
		f->from = (uint8_t)xt_below(&rng, 2);
		f->sport = (uint16_t)(1000 + i);
		f->df = xt_below(&rng, 2);
		f->id = (uint16_t)xt_next(&rng);
		f->seq = (uint32_t)xt_next(&rng);
		f->options = f->protocol == 6 ? (uint8_t)(xt_below(&rng, 4) * 4) : 0;
	}
}

/* Sometimes a field changes, for the rest of the flow or for one packet. */
static void disturb(struct flow *f, struct made *m)
{
	if (seldom(40))
		f->tos = (uint8_t)xt_next(&rng);
	if (seldom(60))
		f->ttl ^= 1;
	if (seldom(60) && f->version == 6)
		f->label = (uint32_t)xt_below(&rng, 1 << 20);
	if (seldom(50))
		f->id++;
	if (seldom(60) && f->version == 4)
		f->df = !f->df;
	if (f->protocol == 6 && seldom(40))
		f->ack++;
	if (f->protocol == 6 && seldom(40))
		f->window++;
	if (f->protocol == 6 && seldom(40))
		f->timestamp++;
	if (f->protocol == 6 && seldom(40))
		f->seq += (uint32_t)xt_below(&rng, 3) - 1;
	m->f = *f;
	if (f->protocol == 6 && seldom(12))
		m->f.flags = (uint8_t)(0x10 | 1u << xt_below(&rng, 8));
	m->damaged = seldom(40);
	m->fragment = f->version == 4 && seldom(60);
}

static void packets_make(void)
{
	uint32_t sizes[FLOWS];

	flows_make();
	for (uint32_t i = 0; i < FLOWS; i++)
		sizes[i] = 1 + (uint32_t)xt_below(&rng, seldom(3) ? 9000 : 1400);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct made *m = &made[i];
		uint32_t flow = (uint32_t)xt_below(&rng, seldom(2) ? FLOWS : 2);
		struct flow *f = &flows[flow];
		struct xt_pkt *pkt;

		*m = (struct made){.flow = flow, .len = sizes[flow]};
		if (seldom(10))
			m->len = (uint32_t)xt_below(&rng, sizes[flow] + 2);
		disturb(f, m);
		pkt = xt_batch_add(in, flow_headers(&m->f) + m->len);
		assert_non_null(pkt);
		pkt->len = (uint32_t)flow_packet(pkt->data, &m->f, payload + xt_below(&rng, 50000),
						 m->len);
		if (m->fragment) {
			pkt->data[7] = 1;
			slow_seal4(pkt->data);
		}
		if (m->damaged)
			pkt->data[pkt->len - 1] ^= (uint8_t)(1 + xt_below(&rng, 255));
		f->seq += m->len;
		f->id = (uint16_t)(f->id + !seldom(20));
	}
}

static bool follows(const struct group *g, const struct made *a, const struct made *b)
{
	const struct flow *x = &a->f, *y = &b->f;
	uint16_t step = (uint16_t)(y->id - x->id);

	if (g->ended || g->n == XT_MERGE_SEGMENTS || b->len > a->len || a->damaged || b->damaged)
		return false;
	if (flow_headers(x) + g->payload + b->len > 65535 || x->tos != y->tos || x->ttl != y->ttl ||
	    x->label != y->label || x->df != y->df)
		return false;
	if (x->version == 4 && step == 0) {
		if (!x->df || (g->n > 1 && !g->fixed))
			return false;
	} else if (x->version == 4 && (step != g->n || g->fixed)) {
		return false;
	}
	if (x->protocol == 17)
		return true;
	return ((x->flags ^ y->flags) & 0x76) == 0 && !(y->flags & 0x80) && x->ack == y->ack &&
	       x->window == y->window && (x->timestamp == y->timestamp || !x->options) &&
	       y->seq == x->seq + g->payload;
}

static bool ends(const struct made *m)
{
	return m->f.protocol == 6 && (m->f.flags & 0x2f);
}

/* The head of the group that packet i would join: the newest of its flow. PACKETS: none. */
static uint32_t newest(uint32_t i)
{
	for (uint32_t k = i; k-- > 0;) {
		if (groups[k].head && made[k].flow == made[i].flow && !made[k].fragment)
			return k;
	}
	return PACKETS;
}

static bool between_same(const struct flow *a, const struct flow *b)
{
	return a->version == b->version && a->from == b->from && a->to == b->to;
}

static uint32_t reference_merge(void)
{
	uint32_t n = 0;

	memset(groups, 0, sizeof(groups));
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct made *m = &made[i];
		uint32_t k = m->fragment ? PACKETS : newest(i);

		if (m->fragment) {
			for (uint32_t j = 0; j < i; j++)
				if (between_same(&made[j].f, &m->f))
					groups[j].ended = true;
		} else if (k < PACKETS && m->len && follows(&groups[k], &made[k], m)) {
			groups[k].fixed = m->f.version == 4 && m->f.id == made[k].f.id;
			m->head = k;
			groups[k].n++;
			groups[k].payload += m->len;
			groups[k].ended = ends(m) || m->len < made[k].len;
			continue;
		}
		m->head = i;
		groups[i] = (struct group){
		    .head = true, .n = 1, .payload = m->len, .ended = !m->len || ends(m)};
		n++;
	}
	return n;
}

static void merge_equals_the_reference(void)
{
	uint32_t groups_n = reference_merge(), at = 0;

	assert_int_equal(out->n, groups_n);
	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct xt_pkt *pkt = &out->pkts[at];

		if (!groups[i].head)
			continue;
		assert_int_equal(xt_split_count(pkt), groups[i].n);
		assert_int_equal(pkt->len, flow_headers(&made[i].f) + groups[i].payload);
		at++;
	}
}

/* The same packet, but for an identification that DF makes meaningless and its checksum. */
static bool same(const struct xt_pkt *a, const struct xt_pkt *b)
{
	uint8_t *p = a->data, *q = b->data;

	if (a->len != b->len)
		return false;
	if (p[0] >> 4 == 6 || !(p[6] & 0x40))
		return memcmp(p, q, a->len) == 0;
	return memcmp(p, q, 4) == 0 && memcmp(p + 6, q + 6, 4) == 0 &&
	       memcmp(p + 12, q + 12, a->len - 12) == 0 &&
	       (slow_sum(0, p, 20) == 0xffff) == (slow_sum(0, q, 20) == 0xffff);
}

static uint32_t port_of(const struct xt_pkt *pkt)
{
	return xt_be16_get(pkt->data + (pkt->data[0] >> 4 == 4 ? 20 : 40)) - 1000u;
}

/* Every packet is found in what it was merged to. */
static void trace_equals_the_reference(void)
{
	uint32_t at[PACKETS], heads = 0;

	xt_merge_trace(in, out, at, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (groups[i].head)
			groups[i].at = heads++;
		assert_int_equal(at[i], groups[made[i].head].at);
	}
}

/* Each flow is restored: all packets, in order, bit for bit. */
static void split_undoes_merge(void)
{
	struct xt_split at = {0};
	uint32_t next[FLOWS] = {0};

	assert_true(xt_split(&at, out, back));
	assert_int_equal(back->n, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t flow = port_of(&back->pkts[i]), *k;

		assert_true(flow < FLOWS);
		k = &next[flow];
		while (*k < PACKETS && made[*k].flow != flow)
			(*k)++;
		assert_true(*k < PACKETS);
		assert_true(same(&in->pkts[*k], &back->pkts[i]));
		(*k)++;
	}
}

static void split_of_merge_is_the_identity_and_merge_that_of_the_reference(void **state)
{
	uint32_t joined = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)xt_next(&rng);
	for (int round = 0; round < 300; round++) {
		xt_batch_reset(in);
		xt_batch_reset(out);
		xt_batch_reset(back);
		packets_make();
		xt_merge(merge, XT_MERGE_TCP | XT_MERGE_UDP, in, out);
		joined += PACKETS - out->n;
		merge_equals_the_reference();
		trace_equals_the_reference();
		split_undoes_merge();
	}
	assert_true(joined >
		    300 * PACKETS / 4); /* enough was merged for the test to mean something */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(split_of_merge_is_the_identity_and_merge_that_of_the_reference),
	};

	rng = xt_seed();
	if (xt_batch_new(&in, PACKETS, PACKETS * (size_t)10000) ||
	    xt_batch_new(&out, PACKETS, PACKETS * (size_t)10000) ||
	    xt_batch_new(&back, PACKETS, PACKETS * (size_t)10000) || xt_merge_new(&merge, PACKETS))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	xt_batch_free(in);
	xt_batch_free(out);
	xt_batch_free(back);
	xt_merge_free(merge);
	return rc;
}
