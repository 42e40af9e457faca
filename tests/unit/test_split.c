/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Super-packets into segments, and checksums that were left partial. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/split.h"
#include "test_main.h"
#include "unit/flow_batches.h"

/* f with len bytes of payload as the kernel delivers it: the checksum covers the pseudo-header
 * only. */
static struct xt_pkt *super_add(const struct flow *f, size_t len, uint16_t size)
{
	struct xt_pkt *pkt = xt_batch_add(in, flow_headers(f) + len);
	size_t field;

	assert_non_null(pkt);
	pkt->len = (uint32_t)flow_packet(pkt->data, f, payload, len);
	field = slow_field(pkt->data);
	put16(pkt->data + field, slow_pseudo(pkt->data, pkt->len));
	pkt->gso = (struct xt_gso){.size = size,
				   .kind = f->protocol == 17 ? XT_GSO_UDP
					   : f->version == 4 ? XT_GSO_TCP4
							     : XT_GSO_TCP6,
				   .flags = XT_GSO_NEEDS_CSUM,
				   .csum_start = (uint16_t)flow_network(f),
				   .csum_offset = (uint16_t)(field - flow_network(f)),
				   .header_len = (uint16_t)flow_headers(f)};
	return pkt;
}

static void split_all(void)
{
	struct xt_split at = {0};

	assert_true(xt_split(&at, in, out));
	assert_int_equal(at.next, in->n);
}

/* Segment i of flow f is what its sender would have built. */
static void segment_is(uint32_t i, struct flow f, uint32_t at, size_t len)
{
	static uint8_t want[65536];
	size_t n;

	f.id = (uint16_t)(f.id + i);
	f.seq += at;
	n = flow_packet(want, &f, payload + at, len);
	assert_true(i < out->n);
	assert_int_equal(out->pkts[i].verdict, XT_PASS);
	assert_int_equal(out->pkts[i].gso.kind, XT_GSO_NONE);
	assert_int_equal(out->pkts[i].gso.flags, 0);
	assert_int_equal(out->pkts[i].len, n);
	assert_memory_equal(out->pkts[i].data, want, n);
}

static void tcp_becomes_segments_with_flags_where_they_belong(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		struct flow f = flow_of(version, 6);

		flow_batches_reset();
		f.flags = 0x10 | 0x80 | 0x40 | 0x08 | 0x01; /* ACK CWR ECE PSH FIN */
		f.tos = 2;
		super_add(&f, 3000, 1400);
		split_all();
		assert_int_equal(out->n, 3);
		f.flags = 0x10 | 0x80 | 0x40;
		segment_is(0, f, 0, 1400);
		f.flags = 0x10 | 0x40;
		segment_is(1, f, 1400, 1400);
		f.flags = 0x10 | 0x40 | 0x08 | 0x01;
		segment_is(2, f, 2800, 200);
	}
}

static void udp_becomes_datagrams_of_both_families(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		struct flow f = flow_of(version, 17);

		flow_batches_reset();
		f.label = 0x12345;
		super_add(&f, 65000, 1200);
		split_all();
		assert_int_equal(out->n, 55);
		for (uint32_t i = 0; i < 55; i++)
			segment_is(i, f, i * 1200, i == 54 ? 200 : 1200);
	}
}

static void a_super_packet_of_one_segment_is_completed(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	f.flags = 0x18;
	super_add(&f, 100, 1400);
	super_add(&f, 0, 1400);
	split_all();
	assert_int_equal(out->n, 2);
	segment_is(0, f, 0, 100);
	assert_true(flow_right(out->pkts[1].data, out->pkts[1].len));
}

static void a_plain_packet_is_passed_where_it_lies_and_completed_there(void **state)
{
	struct flow f = flow_of(6, 17);
	struct xt_pkt *pkt;

	(void)state;
	pkt = super_add(&f, 333, 1);
	pkt->gso.kind = XT_GSO_NONE;
	pkt = super_add(&f, 333, 1);
	pkt->gso = (struct xt_gso){0}; /* no gso: nothing is completed */
	split_all();
	assert_int_equal(out->n, 2);
	assert_ptr_equal(out->pkts[0].data, in->pkts[0].data);
	segment_is(0, f, 0, 333);
	assert_ptr_equal(out->pkts[1].data, in->pkts[1].data);
	assert_false(flow_right(out->pkts[1].data, out->pkts[1].len));
}

/* A plain packet of f and a super-packet of one segment, whose checksum is 0. */
static void zero_checksums_add(const struct flow *f)
{
	uint8_t two[2] = {0, 0}, packet[128];
	size_t field;

	/* the two bytes that make the sum all ones */
	flow_packet(packet, f, two, 2);
	field = slow_field(packet);
	memcpy(payload, packet + field, 2);
	super_add(f, 2, 1)->gso.kind = XT_GSO_NONE;
	super_add(f, 2, 2);
	split_all();
	assert_int_equal(out->n, 2);
}

static void a_udp_checksum_of_zero_is_sent_as_ones(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		struct flow f = flow_of(version, 17);

		flow_batches_reset();
		zero_checksums_add(&f);
		for (uint32_t i = 0; i < 2; i++) {
			const struct xt_pkt *pkt = &out->pkts[i];

			assert_int_equal(xt_be16_get(pkt->data + slow_field(pkt->data)), 0xffff);
			assert_true(flow_right(pkt->data, pkt->len));
		}
	}
}

/* Readers that compare with the sum that they compute take 0xffff for wrong. */
static void a_tcp_checksum_of_zero_stays_zero(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		struct flow f = flow_of(version, 6);

		flow_batches_reset();
		zero_checksums_add(&f);
		for (uint32_t i = 0; i < 2; i++) {
			const struct xt_pkt *pkt = &out->pkts[i];

			assert_int_equal(xt_be16_get(pkt->data + slow_field(pkt->data)), 0);
			assert_true(flow_right(pkt->data, pkt->len));
		}
	}
}

static void an_out_that_is_full_is_continued_where_it_stopped(void **state)
{
	struct flow f = flow_of(4, 6);
	struct xt_split at = {0};
	struct xt_batch *small;
	uint32_t seen = 0;

	(void)state;
	f.options = 0;
	super_add(&f, 1000, 100);
	super_add(&f, 250, 100);
	split_all();
	assert_int_equal(out->n, 13);
	assert_int_equal(xt_batch_new(&small, 4, XT_SLOT_MAX), 0);
	for (bool whole = false; !whole; xt_batch_reset(small)) {
		whole = xt_split(&at, in, small);
		for (uint32_t i = 0; i < small->n; i++, seen++) {
			assert_int_equal(small->pkts[i].len, out->pkts[seen].len);
			assert_memory_equal(small->pkts[i].data, out->pkts[seen].data,
					    small->pkts[i].len);
		}
		assert_true(small->n > 0);
	}
	assert_int_equal(seen, 13);
	xt_batch_free(small);
}

static void contradictions_are_malformed_and_nothing_else_is_touched(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	super_add(&f, 3000, 1400)->gso.kind = XT_GSO_TCP6;
	super_add(&f, 3000, 1400)->gso.kind = XT_GSO_UDP;
	super_add(&f, 3000, 1400)->gso.size = 0;
	super_add(&f, 3000, 1400)->len -= 1;	    /* shorter than its header says */
	super_add(&f, 3000, 1400)->data[32] = 0x40; /* data offset 4 */
	super_add(&f, 3000, 1400)->data[6] = 0x20;  /* a fragment */
	super_add(&f, 0, 1400)->data[32] = 0xf0;    /* options behind the end */
	struct xt_pkt *pkt = super_add(&f, 100, 1);
	pkt->gso.kind = XT_GSO_NONE;
	pkt->gso.csum_start = 4; /* inside the IP header */
	pkt = super_add(&f, 100, 1);
	pkt->gso.kind = XT_GSO_NONE;
	pkt->gso.csum_offset = 65535;
	super_add(&f, 100, 1400)->verdict = XT_DROP_ECHO_OTHER;
	split_all();
	assert_int_equal(out->n, 10);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(out->pkts[i].verdict, XT_DROP_MALFORMED);
	assert_int_equal(out->pkts[9].verdict, XT_DROP_ECHO_OTHER);
}

static void headroom_and_tailroom_are_around_each_segment(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	super_add(&f, 5000, 533);
	split_all();
	for (uint32_t i = 1; i < out->n; i++)
		assert_true(out->pkts[i].data - out->pkts[i - 1].data >=
			    (ptrdiff_t)out->pkts[i - 1].len + XT_TAILROOM + XT_HEADROOM);
	assert_int_equal(xt_split_count(&in->pkts[0]), out->n);
}

#define T(name) cmocka_unit_test_setup_teardown(name, flow_batches_setup, flow_batches_teardown)

TEST_MAIN(T(tcp_becomes_segments_with_flags_where_they_belong),
	  T(udp_becomes_datagrams_of_both_families), T(a_super_packet_of_one_segment_is_completed),
	  T(a_plain_packet_is_passed_where_it_lies_and_completed_there),
	  T(a_udp_checksum_of_zero_is_sent_as_ones), T(a_tcp_checksum_of_zero_stays_zero),
	  T(an_out_that_is_full_is_continued_where_it_stopped),
	  T(contradictions_are_malformed_and_nothing_else_is_touched),
	  T(headroom_and_tailroom_are_around_each_segment))
