/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Merging segments into super-packets: which segments, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/merge.h"
#include "test_main.h"
#include "unit/flow_batches.h"

#define BOTH (XT_MERGE_TCP | XT_MERGE_UDP)

static struct xt_merge *merge;

static int begin(void **state)
{
	(void)state;
	flow_batches_open(512, 16);
	return xt_merge_new(&merge, 512);
}

static int end(void **state)
{
	(void)state;
	flow_batches_close();
	xt_merge_free(merge);
	return 0;
}

/* The next len bytes of f, which moves on. */
static struct xt_pkt *add(struct flow *f, size_t len)
{
	struct xt_pkt *pkt = xt_batch_add(in, flow_headers(f) + len);

	assert_non_null(pkt);
	pkt->len = (uint32_t)flow_packet(pkt->data, f, payload + (f->seq & 0xfff), len);
	pkt->peer = (void *)&payload;
	f->seq += (uint32_t)len;
	f->id++;
	return pkt;
}

static void run(uint32_t want)
{
	xt_merge(merge, BOTH, in, out);
	assert_int_equal(out->n, want);
}

/* Is packet i of out a super-packet of n segments of size bytes whose headers are in order? */
static void is_super(uint32_t i, uint32_t n, uint32_t size)
{
	const struct xt_pkt *pkt = &out->pkts[i];
	size_t upper = pkt->data[0] >> 4 == 4 ? 20 : 40, field = slow_field(pkt->data);
	bool v4 = upper == 20, udp = (v4 ? pkt->data[9] : pkt->data[6]) == 17;
	uint16_t sum = slow_pseudo(pkt->data, pkt->len);

	assert_int_equal(pkt->gso.kind, udp ? XT_GSO_UDP : v4 ? XT_GSO_TCP4 : XT_GSO_TCP6);
	assert_int_equal(pkt->gso.size, size);
	assert_int_equal((pkt->len - pkt->gso.header_len + size - 1) / size, n);
	assert_true(pkt->gso.flags & XT_GSO_NEEDS_CSUM);
	assert_int_equal(pkt->gso.csum_start, upper);
	assert_int_equal(pkt->gso.csum_start + pkt->gso.csum_offset, field);
	assert_int_equal(xt_be16_get(pkt->data + field), sum);
	assert_int_equal(v4 ? xt_be16_get(pkt->data + 2) : xt_be16_get(pkt->data + 4) + 40u,
			 pkt->len);
	if (v4)
		assert_int_equal(slow_sum(0, pkt->data, 20), 0xffff);
	assert_ptr_equal(pkt->peer, &payload);
}

/* Packet i of out is a view of packet k of in, unchanged. */
static void is_view(uint32_t i, uint32_t k)
{
	assert_ptr_equal(out->pkts[i].data, in->pkts[k].data);
	assert_int_equal(out->pkts[i].len, in->pkts[k].len);
	assert_int_equal(out->pkts[i].gso.kind, XT_GSO_NONE);
	assert_int_equal(out->pkts[i].gso.flags, 0);
}

static const struct {
	uint8_t version, protocol;
} kinds[] = {{4, 6}, {6, 6}, {4, 17}, {6, 17}};

static void segments_of_a_flow_become_one_with_a_shorter_last(void **state)
{
	(void)state;
	for (size_t k = 0; k < XT_LEN(kinds); k++) {
		struct flow f = flow_of(kinds[k].version, kinds[k].protocol);

		flow_batches_reset();
		for (int i = 0; i < 10; i++)
			add(&f, i == 9 ? 77 : 1000);
		add(&f, 77); /* behind a shorter one: the next */
		add(&f, 77);
		run(2);
		is_super(0, 10, 1000);
		is_super(1, 2, 77);
		assert_memory_equal(out->pkts[0].data + out->pkts[0].gso.header_len,
				    payload + (flow_of(4, 6).seq & 0xfff), 0x100);
	}
}

static void a_super_packet_has_64_segments_and_65535_bytes_at_most(void **state)
{
	(void)state;
	for (size_t k = 0; k < XT_LEN(kinds); k++) {
		struct flow f = flow_of(kinds[k].version, kinds[k].protocol);
		uint32_t fit = (65535 - (uint32_t)flow_headers(&f)) / 1400;

		flow_batches_reset();
		for (int i = 0; i < 70; i++)
			add(&f, 100);
		run(2);
		is_super(0, 64, 100);
		is_super(1, 6, 100);
		flow_batches_reset();
		f = flow_of(kinds[k].version, kinds[k].protocol);
		for (uint32_t i = 0; i < fit + 2; i++)
			add(&f, 1400);
		run(2);
		is_super(0, fit, 1400);
		is_super(1, 2, 1400);
	}
}

static void interleaved_flows_are_separated_and_keep_their_order(void **state)
{
	struct flow flows[12];

	(void)state;
	flow_batches_reset();
	for (uint16_t i = 0; i < 12; i++) {
		flows[i] = flow_of(kinds[i % 4].version, kinds[i % 4].protocol);
		flows[i].sport = (uint16_t)(1000 + i);
	}
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 12; i++)
			add(&flows[i], 500);
	run(12);
	for (uint32_t i = 0; i < 12; i++) {
		is_super(i, 5, 500);
		assert_int_equal(
		    xt_be16_get(out->pkts[i].data + (out->pkts[i].data[0] >> 4 == 4 ? 20 : 40)),
		    1000 + i);
	}
	flow_batches_reset(); /* more than there are lanes: still in order, only less merged */
	for (int round = 0; round < 3; round++)
		for (uint16_t i = 0; i < 40; i++) {
			struct flow f = flow_of(4, 17);

			f.sport = i;
			f.id = (uint16_t)round;
			add(&f, 10);
		}
	xt_merge(merge, BOTH, in, out);
	assert_int_equal(out->n, 120);
}

/* Two segments with one thing changed in the second: joined or not. seal: checksums are then made
 * right. */
struct change {
	const char *what;
	uint8_t version, protocol;
	int at; /* from the IP header, or, at 100 and above, from the transport's */
	uint8_t bits;
	bool joined;
};

static const struct change changes[] = {
    {"nothing", 4, 6, 0, 0, true},
    {"TOS", 4, 6, 1, 4, false},
    {"ECN", 4, 6, 1, 2, false},
    {"identification", 4, 6, 5, 2, false},
    {"DF", 4, 6, 6, 0x40, false},
    {"reserved bit", 4, 6, 6, 0x80, false},
    {"more fragments", 4, 6, 6, 0x20, false},
    {"fragment offset", 4, 6, 7, 1, false},
    {"TTL", 4, 6, 8, 1, false},
    {"source", 4, 6, 15, 4, false},
    {"destination", 4, 6, 19, 8, false},
    {"source port", 4, 6, 100, 1, false},
    {"destination port", 4, 6, 103, 1, false},
    {"sequence", 4, 6, 107, 1, false},
    {"acknowledgement", 4, 6, 111, 1, false},
    {"reserved flag", 4, 6, 112, 1, false},
    {"FIN", 4, 6, 113, 1, true},
    {"SYN", 4, 6, 113, 2, false},
    {"RST", 4, 6, 113, 4, false},
    {"PSH", 4, 6, 113, 8, true},
    {"ACK", 4, 6, 113, 16, false},
    {"URG", 4, 6, 113, 32, false},
    {"ECE", 4, 6, 113, 64, false},
    {"CWR", 4, 6, 113, 128, false},
    {"window", 4, 6, 114, 1, false},
    {"urgent pointer", 4, 6, 119, 1, false},
    {"first option", 4, 6, 120, 1, false},
    {"last option", 4, 6, 131, 1, false},
    {"nothing", 6, 6, 0, 0, true},
    {"traffic class", 6, 6, 0, 1, false},
    {"ECN", 6, 6, 1, 0x10, false},
    {"flow label", 6, 6, 3, 1, false},
    {"hop limit", 6, 6, 7, 1, false},
    {"source", 6, 6, 8, 1, false},
    {"destination", 6, 6, 39, 4, false},
    {"extension header", 6, 6, 6, 6 ^ 60, false},
    {"nothing", 4, 17, 0, 0, true},
    {"TOS", 4, 17, 1, 1, false},
    {"identification", 4, 17, 4, 1, false},
    {"source port", 4, 17, 101, 1, false},
    {"destination port", 4, 17, 102, 1, false},
    {"UDP length", 4, 17, 105, 1, false},
    {"nothing", 6, 17, 0, 0, true},
    {"flow label", 6, 17, 2, 1, false},
};

static void seal_again(uint8_t *p, size_t len)
{
	size_t field = slow_field(p), upper = p[0] >> 4 == 4 ? 20 : 40;

	if (upper == 20)
		slow_seal4(p);
	put16(p + field, 0);
	slow_put(p + field, slow_sum(slow_pseudo(p, len), p + upper, len - upper));
}

static void each_header_field_decides_as_in_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < XT_LEN(changes); i++) {
		const struct change *c = &changes[i];
		struct flow f = flow_of(c->version, c->protocol);
		struct xt_pkt *second;
		size_t at = (size_t)c->at;

		flow_batches_reset();
		add(&f, 600);
		second = add(&f, 600);
		if (at >= 100)
			at += flow_network(&f) - 100;
		second->data[at] ^= c->bits;
		if (strcmp(c->what, "extension header") != 0)
			seal_again(second->data, second->len);
		xt_merge(merge, BOTH, in, out);
		if (out->n != (c->joined ? 1 : 2))
			fail_msg("%s (IPv%u, protocol %u): %u packets", c->what, c->version,
				 c->protocol, out->n);
		if (c->joined) {
			is_super(0, 2, 600);
		} else {
			is_view(0, 0);
			is_view(1, 1);
		}
	}
}

static void flags_that_end_a_flow_end_the_super_packet(void **state)
{
	static const uint8_t enders[] = {0x01, 0x08, 0x09, 0x20, 0x02, 0x04};

	(void)state;
	for (size_t i = 0; i < XT_LEN(enders); i++) {
		struct flow f = flow_of(4, 6);

		flow_batches_reset();
		f.flags = 0x10 | enders[i];
		add(&f, 100);
		f.flags = 0x10;
		add(&f, 100);
		add(&f, 100);
		run(2);
		is_view(0, 0);
		is_super(1, 2, 100);
	}
	struct flow f = flow_of(4, 6);

	flow_batches_reset();
	f.flags = 0x90; /* CWR on the first */
	add(&f, 100);
	f.flags = 0x10;
	add(&f, 100);
	f.flags = 0x19;
	add(&f, 100);
	add(&f, 100);
	run(2);
	is_super(0, 3, 100);
	assert_int_equal(out->pkts[0].data[33], 0x99);
	assert_true(out->pkts[0].gso.flags & XT_GSO_ECN);
}

static void a_damaged_packet_passes_alone_and_unchanged(void **state)
{
	(void)state;
	for (size_t k = 0; k < XT_LEN(kinds); k++)
		for (uint32_t bad = 0; bad < 4; bad++)
			for (int where = 0; where < 2; where++) {
				struct flow f = flow_of(kinds[k].version, kinds[k].protocol);
				struct xt_pkt *pkt;

				flow_batches_reset();
				for (int i = 0; i < 4; i++)
					add(&f, 300);
				pkt = &in->pkts[bad];
				if (where && f.version == 4)
					pkt->data[11] ^= 1; /* the IP header's checksum */
				else
					pkt->data[pkt->len - 1] ^= 1;
				xt_merge(merge, BOTH, in, out);
				bool alone = false;
				for (uint32_t i = 0; i < out->n; i++)
					alone = alone || (out->pkts[i].data == pkt->data &&
							  !out->pkts[i].gso.flags);
				assert_true(alone);
				assert_int_equal(out->n, bad == 0 || bad == 3 ? 2 : 3);
			}
}

static void a_packet_without_payload_flushes_its_flow(void **state)
{
	struct flow f = flow_of(4, 6), other = flow_of(4, 6);

	(void)state;
	flow_batches_reset();
	other.sport = 9;
	add(&f, 100);
	add(&other, 100);
	add(&f, 100);
	add(&f, 0);
	add(&other, 100);
	add(&f, 100);
	add(&f, 100);
	run(4);
	is_super(0, 2, 100);
	is_super(1, 2, 100);
	is_view(2, 3);
	is_super(3, 2, 100);
}

static void fragments_flush_what_lies_between_their_addresses(void **state)
{
	struct flow f = flow_of(4, 17);

	(void)state;
	flow_batches_reset();
	add(&f, 100);
	add(&f, 100);
	add(&f, 100)->data[7] = 10;
	add(&f, 100);
	add(&f, 100);
	run(3);
	is_super(0, 2, 100);
	is_view(1, 2);
	is_super(2, 2, 100);
}

static void peers_and_sessions_are_never_mixed(void **state)
{
	static const uint8_t keys[2][32];

	(void)state;
	for (int what = 0; what < 2; what++) {
		struct flow f = flow_of(4, 6);

		flow_batches_reset();
		for (uint32_t i = 0; i < 4; i++) {
			struct xt_pkt *pkt = add(&f, 100);

			pkt->job = in->n_jobs++;
			in->jobs[pkt->job] = (struct xt_job){.key = keys[what == 1 && i >= 2]};
			if (what == 0 && i >= 2)
				pkt->peer = (void *)&in;
		}
		xt_merge(merge, BOTH, in, out);
		assert_int_equal(out->n, 2);
	}
}

static void identification_counts_up_or_stands_still_with_df(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	flow_batches_reset();
	for (int i = 0; i < 5; i++) {
		f.id = 0;
		add(&f, 100);
	}
	run(1);
	is_super(0, 5, 100);
	flow_batches_reset();
	f = flow_of(4, 6);
	f.df = false;
	for (int i = 0; i < 3; i++) {
		f.id = 0;
		add(&f, 100);
	}
	run(3);
	flow_batches_reset();
	f = flow_of(4, 6);
	for (int i = 0; i < 4; i++) {
		f.id = (uint16_t[]){5, 5, 6, 7}[i];
		add(&f, 100);
	}
	run(2);
}

static void what_has_no_checksum_or_no_verdict_is_left_alone(void **state)
{
	struct flow f = flow_of(4, 17);

	(void)state;
	flow_batches_reset();
	for (int i = 0; i < 3; i++)
		put16(add(&f, 50)->data + 26, 0);
	run(3);
	for (uint32_t i = 0; i < 3; i++)
		is_view(i, i);
	flow_batches_reset();
	f = flow_of(4, 6);
	for (int i = 0; i < 3; i++)
		add(&f, 50);
	in->pkts[1].verdict = XT_DROP_REPLAY;
	run(2);
	xt_batch_reset(out);
	in->pkts[1].verdict = XT_PASS;
	xt_merge(merge, XT_MERGE_UDP, in, out);
	assert_int_equal(out->n, 3);
}

static void without_room_for_the_copy_packets_pass_one_by_one(void **state)
{
	struct xt_batch *small;
	struct flow f = flow_of(4, 6);

	(void)state;
	flow_batches_reset();
	assert_int_equal(xt_batch_new(&small, 512, XT_SLOT_MAX), 0);
	for (int i = 0; i < 200; i++)
		add(&f, 1400);
	xt_merge(merge, BOTH, in, small);
	assert_int_equal(small->n, 1 + 200 - 46);
	assert_int_equal(small->pkts[0].gso.kind, XT_GSO_TCP4);
	for (uint32_t i = 1; i < small->n; i++)
		assert_ptr_equal(small->pkts[i].data, in->pkts[45 + i].data);
	xt_batch_free(small);
}

GROUP_TEST_MAIN(begin, end, cmocka_unit_test(segments_of_a_flow_become_one_with_a_shorter_last),
		cmocka_unit_test(a_super_packet_has_64_segments_and_65535_bytes_at_most),
		cmocka_unit_test(interleaved_flows_are_separated_and_keep_their_order),
		cmocka_unit_test(each_header_field_decides_as_in_the_kernel),
		cmocka_unit_test(flags_that_end_a_flow_end_the_super_packet),
		cmocka_unit_test(a_damaged_packet_passes_alone_and_unchanged),
		cmocka_unit_test(a_packet_without_payload_flushes_its_flow),
		cmocka_unit_test(fragments_flush_what_lies_between_their_addresses),
		cmocka_unit_test(peers_and_sessions_are_never_mixed),
		cmocka_unit_test(identification_counts_up_or_stands_still_with_df),
		cmocka_unit_test(what_has_no_checksum_or_no_verdict_is_left_alone),
		cmocka_unit_test(without_room_for_the_copy_packets_pass_one_by_one))
