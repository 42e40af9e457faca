/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* Which packets of a batch a capture records, in which form and with which verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "packet/merge.h"
#include "test_main.h"
#include "tunnel/capture.h"
#include "unit/flow_batches.h"

#define BOTH  (XT_MERGE_TCP | XT_MERGE_UDP)
#define FORMS (XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT)

struct recorded {
	unsigned forms;
	enum xt_verdict verdict;
	uint32_t len;
	uint8_t bytes[4096];
};

static struct xt_merge *merge;
static struct xt_capture *capture;
static struct recorded records[64];
static uint32_t n_records;

static void on_record(void *ctx, const struct xt_capture_record *record)
{
	struct recorded *to = &records[n_records++];

	(void)ctx;
	assert_true(n_records <= 64 && record->len <= sizeof(to->bytes));
	to->forms = record->forms;
	to->verdict = record->verdict;
	to->len = record->len;
	memcpy(to->bytes, record->bytes, record->len);
}

static void on_lost(void *ctx, unsigned forms, uint64_t n)
{
	(void)ctx;
	(void)forms;
	(void)n;
	fail();
}

static int begin(void **state)
{
	const struct xt_capture_sink sink = {.record = on_record, .lost = on_lost};

	(void)state;
	flow_batches_open(64, 16);
	n_records = 0;
	assert_int_equal(xt_capture_new(&capture, &sink, NULL, NULL), 0);
	xt_capture_set_wanted(capture, FORMS);
	return xt_merge_new(&merge, 64);
}

static int end(void **state)
{
	(void)state;
	xt_merge_free(merge);
	xt_capture_free(capture);
	flow_batches_close();
	return 0;
}

/* n packets of f with 200 bytes each. */
static void packets_add(struct flow f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct xt_pkt *pkt = xt_batch_add(in, flow_headers(&f) + 200);

		assert_non_null(pkt);
		pkt->len = (uint32_t)flow_packet(pkt->data, &f, payload + i * 200, 200);
		f.seq += 200;
		f.id++;
	}
}

/* The verdict of packet i of in by its one record as a segment. */
static enum xt_verdict segment_verdict(uint32_t i)
{
	const struct xt_pkt *pkt = &in->pkts[i];
	enum xt_verdict verdict = XT_PASS;
	unsigned n = 0;

	for (uint32_t k = 0; k < n_records; k++) {
		const struct recorded *record = &records[k];

		if (!(record->forms & XT_CAPTURE_SEGMENT) || record->len != pkt->len ||
		    memcmp(record->bytes, pkt->data, pkt->len) != 0)
			continue;
		verdict = record->verdict;
		n++;
	}
	assert_int_equal(n, 1);
	return verdict;
}

static uint32_t records_of(unsigned form)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < n_records; k++)
		n += (records[k].forms & form) != 0;
	return n;
}

/* Five flows, of which the third and the fourth differ in a port and in a protocol. One packet can
 * be merged with no other. */
static void flows_add(void)
{
	struct flow f = flow_of(4, 6);

	packets_add(f, 3);
	packets_add(flow_of(6, 6), 3);
	f.sport++;
	packets_add(f, 2);
	packets_add(flow_of(4, 17), 2);
	f.sport++;
	packets_add(f, 1);
}

static void a_packet_is_one_segment_whatever_it_was_merged_to(void **state)
{
	(void)state;
	flows_add();
	xt_merge(merge, BOTH, in, out);
	assert_int_equal(out->n, 5);
	xt_capture_host_written(capture, out, in);
	assert_int_equal(records_of(XT_CAPTURE_WHOLE), 5);
	assert_int_equal(records_of(XT_CAPTURE_SEGMENT), 11);
	for (uint32_t i = 0; i < in->n; i++)
		assert_int_equal(segment_verdict(i), XT_PASS);
}

static void segments_of_what_the_host_refused_have_that_verdict(void **state)
{
	/* which packets of in each one of out consists of */
	static const uint32_t first[] = {0, 3, 6, 8, 10, 11};

	(void)state;
	for (uint32_t refused = 0; refused < 5; refused++) {
		flow_batches_reset();
		flows_add();
		xt_merge(merge, BOTH, in, out);
		out->pkts[refused].verdict = XT_DROP_TUN;
		n_records = 0;
		xt_capture_host_written(capture, out, in);
		assert_int_equal(records_of(XT_CAPTURE_WHOLE), 5);
		assert_int_equal(records_of(XT_CAPTURE_SEGMENT), 11);
		for (uint32_t i = 0; i < in->n; i++) {
			bool gone = i >= first[refused] && i < first[refused + 1];

			assert_int_equal(segment_verdict(i), gone ? XT_DROP_TUN : XT_PASS);
		}
	}
}

static void flows_of_the_same_ports_are_distinguished(void **state)
{
	struct flow tcp = flow_of(4, 6), udp = flow_of(4, 17);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		packets_add(udp, 1);
		packets_add(tcp, 1);
		tcp.seq += 200;
		tcp.id++;
		udp.id++;
	}
	xt_merge(merge, BOTH, in, out);
	assert_int_equal(out->n, 2);
	out->pkts[0].verdict = XT_DROP_TUN;
	xt_capture_host_written(capture, out, in);
	assert_int_equal(records_of(XT_CAPTURE_SEGMENT), 6);
	for (uint32_t i = 0; i < in->n; i++)
		assert_int_equal(segment_verdict(i), i % 2 ? XT_PASS : XT_DROP_TUN);
}

static void a_flow_may_be_refused_in_part(void **state)
{
	struct flow f = flow_of(6, 6);

	(void)state;
	f.flags = 0x18; /* PSH ends a super-packet */
	packets_add(f, 1);
	f.flags = 0x10;
	f.seq += 200;
	packets_add(f, 3);
	f.seq += 600;
	f.ack++;
	packets_add(f, 3);
	xt_merge(merge, BOTH, in, out);
	assert_int_equal(out->n, 3);
	out->pkts[2].verdict = XT_DROP_TUN;
	xt_capture_host_written(capture, out, in);
	assert_int_equal(records_of(XT_CAPTURE_SEGMENT), 7);
	for (uint32_t i = 0; i < in->n; i++)
		assert_int_equal(segment_verdict(i), i < 4 ? XT_PASS : XT_DROP_TUN);
}

static void a_packet_that_was_refused_alone_is_recorded_once(void **state)
{
	(void)state;
	packets_add(flow_of(4, 6), 2);
	in->pkts[1].verdict = XT_DROP_TUN;
	xt_capture_host_written(capture, in, in);
	assert_int_equal(n_records, 2);
	assert_int_equal(records[0].forms, FORMS);
	assert_int_equal(segment_verdict(0), XT_PASS);
	assert_int_equal(segment_verdict(1), XT_DROP_TUN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(T(a_packet_is_one_segment_whatever_it_was_merged_to),
	  T(segments_of_what_the_host_refused_have_that_verdict),
	  T(flows_of_the_same_ports_are_distinguished), T(a_flow_may_be_refused_in_part),
	  T(a_packet_that_was_refused_alone_is_recorded_once))
