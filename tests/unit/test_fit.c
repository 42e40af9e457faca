/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Packets above the MTU of a path: cut, fragmented, dropped or carried on; against packets that a
 * sender with that MTU would have built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/fit.h"
#include "packet/split.h"
#include "seed.h"
#include "test_main.h"
#include "unit/flow_batches.h"

static uint64_t seed;

/* f with len bytes of payload; a checksum that is left partial: pseudo-header only. size: of the
 * segments, 0: a plain packet */
static struct xt_pkt *packet_add(const struct flow *f, size_t len, uint16_t size, bool partial)
{
	struct xt_pkt *pkt = xt_batch_add(in, flow_headers(f) + len);
	size_t field;

	assert_non_null(pkt);
	pkt->len = (uint32_t)flow_packet(pkt->data, f, payload, len);
	field = slow_field(pkt->data);
	if (partial) {
		put16(pkt->data + field, slow_pseudo(pkt->data, pkt->len));
		pkt->gso.flags = XT_GSO_NEEDS_CSUM;
		pkt->gso.csum_start = (uint16_t)flow_network(f);
		pkt->gso.csum_offset = (uint16_t)(field - flow_network(f));
	}
	if (size) {
		pkt->gso.kind = f->protocol == 17 ? XT_GSO_UDP
				: f->version == 4 ? XT_GSO_TCP4
						  : XT_GSO_TCP6;
		pkt->gso.size = size;
		pkt->gso.header_len = (uint16_t)flow_headers(f);
	}
	return pkt;
}

static enum xt_fit fit(struct xt_pkt *pkt, uint32_t mtu)
{
	struct xt_ip_view ip;

	assert_true(xt_ip_parse_packet(&ip, pkt->data, pkt->len));
	return xt_fit(pkt, &ip, mtu);
}

static void split_all(void)
{
	struct xt_split at = {0};

	assert_true(xt_split(&at, in, out));
	assert_int_equal(at.next, in->n);
}

/* The reference: out is what a sender of f builds when it puts at most mtu bytes into a packet. */
static void segments_check(const struct flow *f, size_t len, uint32_t mtu)
{
	static uint8_t want[65536];
	size_t size = mtu - flow_headers(f), at = 0;
	uint32_t i = 0;

	do {
		struct flow g = *f;
		size_t n = XT_MIN(size, len - at), total;

		g.id = (uint16_t)(f->id + i);
		g.seq = (uint32_t)(f->seq + at);
		if (at)
			g.flags &= (uint8_t)~0x80;
		if (at + n < len)
			g.flags &= (uint8_t)~0x09;
		total = flow_packet(want, &g, payload + at, n);
		assert_true(i < out->n);
		assert_int_equal(out->pkts[i].verdict, XT_PASS);
		assert_true(out->pkts[i].len <= mtu);
		assert_int_equal(out->pkts[i].len, total);
		assert_memory_equal(out->pkts[i].data, want, total);
		at += n;
		i++;
	} while (at < len);
	assert_int_equal(out->n, i);
}

static void single_tcp_packets_are_cut(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		for (int partial = 0; partial < 2; partial++) {
			struct flow f = flow_of(version, 6);

			flow_batches_reset();
			f.flags = 0x10 | 0x80 | 0x40 | 0x08 | 0x01; /* ACK CWR ECE PSH FIN */
			assert_int_equal(fit(packet_add(&f, 1340, 0, partial), 1232), XT_FIT_CUT);
			split_all();
			assert_int_equal(out->n, 2);
			segments_check(&f, 1340, 1232);
		}
	}
}

static void super_packets_become_smaller_segments(void **state)
{
	(void)state;
	for (uint8_t version = 4; version <= 6; version = (uint8_t)(version + 2)) {
		struct flow f = flow_of(version, 6);

		flow_batches_reset();
		f.flags = 0x10 | 0x80 | 0x08;
		assert_int_equal(fit(packet_add(&f, 60000, 1368, true), 1232), XT_FIT_CUT);
		split_all();
		segments_check(&f, 60000, 1232);
	}
}

static void the_sequence_wraps(void **state)
{
	struct flow f = flow_of(4, 6);

	(void)state;
	flow_batches_reset();
	f.seq = 0xffffffffu - 1000;
	f.id = 0xffff;
	assert_int_equal(fit(packet_add(&f, 1300, 0, false), 1232), XT_FIT_CUT);
	split_all();
	segments_check(&f, 1300, 1232);
	assert_int_equal(xt_be32_get(out->pkts[1].data + 24), 179);
	assert_int_equal(xt_be16_get(out->pkts[1].data + 4), 0);
}

static void what_fits_stays_as_it_is(void **state)
{
	struct flow f = flow_of(4, 6);
	struct xt_pkt *pkt;

	(void)state;
	flow_batches_reset();
	pkt = packet_add(&f, 1232 - 52, 0, false);
	assert_int_equal(fit(pkt, 1232), XT_FIT_WHOLE);
	assert_int_equal(pkt->gso.kind, XT_GSO_NONE);
	assert_int_equal(pkt->gso.flags, 0);
	assert_int_equal(fit(pkt, 1231), XT_FIT_CUT);
	pkt = packet_add(&f, 60000, 1180, true);
	assert_int_equal(fit(pkt, 1232), XT_FIT_WHOLE);
	assert_int_equal(pkt->gso.size, 1180);
	pkt = packet_add(&f, 1000, 9000, true); /* one short segment */
	assert_int_equal(fit(pkt, 1232), XT_FIT_WHOLE);
	assert_int_equal(pkt->gso.size, 9000);
	f = flow_of(6, 17);
	assert_int_equal(fit(packet_add(&f, 50000, 1200, true), 1248), XT_FIT_WHOLE);
}

/* A cut would give a damaged packet a correct checksum; SYN and RST are no stream. */
static void damaged_packets_and_syn_are_not_cut(void **state)
{
	struct flow f = flow_of(4, 6);
	struct xt_pkt *pkt;

	(void)state;
	flow_batches_reset();
	pkt = packet_add(&f, 1340, 0, false);
	pkt->data[700] ^= 1;
	assert_int_equal(fit(pkt, 1232), XT_FIT_DROP);
	assert_int_equal(pkt->gso.kind, XT_GSO_NONE);
	pkt = packet_add(&f, 1340, 0, true);
	pkt->gso.csum_offset = 6; /* another field */
	assert_int_equal(fit(pkt, 1232), XT_FIT_DROP);
	f.flags = 0x02;
	assert_int_equal(fit(packet_add(&f, 1340, 0, false), 1232), XT_FIT_DROP);
	f.flags = 0x14;
	assert_int_equal(fit(packet_add(&f, 1340, 0, false), 1232), XT_FIT_DROP);
	f.flags = 0x10;
	pkt = packet_add(&f, 1340, 0, false);
	pkt->data[32] = 0x40; /* no TCP header is so short */
	assert_int_equal(fit(pkt, 1232), XT_FIT_DROP);
	assert_int_equal(fit(packet_add(&f, 1340, 0, false), 52), XT_FIT_EXCESS);
}

static void urgent_data_stays_where_it_is(void **state)
{
	struct flow f = flow_of(4, 6);
	const struct {
		uint16_t pointer, second;
		bool urgent;
	} cases[] = {{100, 0, false}, {1180, 0, false}, {1181, 1, true}, {1340, 160, true}};

	(void)state;
	f.flags = 0x30;
	for (size_t i = 0; i < XT_LEN(cases); i++) {
		struct xt_pkt *pkt;

		flow_batches_reset();
		pkt = packet_add(&f, 1340, 0, false);
		put16(pkt->data + 20 + 18, cases[i].pointer);
		flow_seal(pkt->data, pkt->len);
		assert_int_equal(fit(pkt, 1232), XT_FIT_CUT);
		split_all();
		assert_int_equal(out->n, 2);
		assert_int_equal(xt_be16_get(out->pkts[0].data + 38), cases[i].pointer);
		assert_int_equal(out->pkts[0].data[33], 0x30);
		assert_int_equal(xt_be16_get(out->pkts[1].data + 38), cases[i].second);
		assert_int_equal(out->pkts[1].data[33], cases[i].urgent ? 0x30 : 0x10);
		assert_true(flow_right(out->pkts[1].data, out->pkts[1].len));
	}
}

/* Put 8 bytes of extension header of that kind before the upper layer. */
static void extension_add(struct xt_pkt *pkt, uint8_t kind)
{
	memmove(pkt->data + 48, pkt->data + 40, pkt->len - 40);
	memset(pkt->data + 40, 0, 8);
	pkt->data[40] = pkt->data[6];
	pkt->data[6] = kind;
	pkt->data[41] = 0;
	pkt->len += 8;
	put16(pkt->data + 4, pkt->len - 40);
}

static void extension_headers_are_copied_to_each_segment(void **state)
{
	const uint8_t kinds[] = {0, 60, 44, 43, 51};
	struct flow f = flow_of(6, 6);

	(void)state;
	for (size_t i = 0; i < XT_LEN(kinds); i++) {
		struct xt_pkt *pkt;
		bool cut = i < 2;

		flow_batches_reset();
		pkt = xt_batch_add(in, 2000);
		pkt->len = (uint32_t)flow_packet(pkt->data, &f, payload, 1400);
		extension_add(pkt, kinds[i]);
		assert_int_equal(fit(pkt, 1296), cut ? XT_FIT_CUT : XT_FIT_DROP);
		if (!cut)
			continue;
		split_all();
		assert_int_equal(out->n, 2);
		for (uint32_t k = 0; k < 2; k++) {
			uint8_t *p = out->pkts[k].data;
			uint32_t len = out->pkts[k].len;

			assert_int_equal(p[6], kinds[i]);
			assert_true(len <= 1296);
			assert_int_equal(xt_be16_get(p + 4), len - 40);
			p[6] = 6; /* the checksum does not cover them */
			memmove(p + 40, p + 48, len - 48);
			put16(p + 4, len - 48);
			assert_true(flow_right(p, len - 8));
		}
	}
}

static void senders_are_told_what_they_can_take(void **state)
{
	struct flow f4 = flow_of(4, 17), f6 = flow_of(6, 17);
	struct xt_ip_view ip4, ip6;
	struct xt_pkt *p4, *p6;

	(void)state;
	flow_batches_reset();
	p4 = packet_add(&f4, 1372, 0, false);
	p6 = packet_add(&f6, 1352, 0, true);
	assert_int_equal(fit(p4, 1296), XT_FIT_DROP);
	assert_int_equal(fit(p4, 552), XT_FIT_DROP);
	assert_int_equal(fit(p4, 544), XT_FIT_EXCESS);
	assert_int_equal(fit(p6, 1296), XT_FIT_DROP);
	assert_int_equal(fit(p6, 1216), XT_FIT_DROP); /* is told 1,280 */
	p6 = packet_add(&f6, 1280 - 48, 0, true);
	assert_int_equal(fit(p6, 1216), XT_FIT_EXCESS); /* and told no less */
	assert_true(xt_ip_parse_packet(&ip4, p4->data, p4->len));
	assert_true(xt_ip_parse_packet(&ip6, p6->data, p6->len));
	assert_int_equal(xt_fit_mtu(&ip4, 1232), 1232);
	assert_int_equal(xt_fit_mtu(&ip4, 552), 552);
	assert_int_equal(xt_fit_mtu(&ip4, 551), 0);
	assert_int_equal(xt_fit_mtu(&ip6, 1296), 1296);
	assert_int_equal(xt_fit_mtu(&ip6, 1232), 1280);
	assert_int_equal(fit(packet_add(&f6, 50000, 1352, true), 1296), XT_FIT_DROP);
	assert_int_equal(fit(packet_add(&f6, 50000, 1232, true), 1216), XT_FIT_EXCESS);
}

/* Put the fragments of out together. Each starts with f's header, with its own offset. */
static size_t datagram_join(uint8_t *to, uint32_t first, uint32_t n, uint32_t mtu, uint32_t offset)
{
	size_t len = 0;

	for (uint32_t i = first; i < first + n; i++) {
		const struct xt_pkt *pkt = &out->pkts[i];
		struct xt_ip_view ip;

		assert_int_equal(pkt->verdict, XT_PASS);
		assert_true(pkt->len <= mtu);
		assert_true(xt_ip_parse_packet(&ip, pkt->data, pkt->len));
		assert_int_equal(ip.len, pkt->len);
		assert_true(xt_ip_header_right(&ip));
		assert_int_equal(ip.offset, offset + len);
		assert_int_equal(ip.id, 0xfffe);
		memcpy(to + len, pkt->data + ip.header, pkt->len - ip.header);
		len += pkt->len - ip.header;
	}
	return len;
}

static void ipv4_without_df_becomes_fragments(void **state)
{
	static uint8_t got[65536], want[65536];
	struct flow f = flow_of(4, 17);

	(void)state;
	f.df = false;
	for (int partial = 0; partial < 2; partial++) {
		struct xt_pkt *pkt;
		size_t len = flow_packet(want, &f, payload, 1372);

		flow_batches_reset();
		pkt = packet_add(&f, 1372, 0, partial);
		assert_int_equal(fit(pkt, 1232), XT_FIT_FRAGMENT);
		split_all();
		assert_int_equal(out->n, 2);
		assert_int_equal(out->pkts[0].data[6], 0x20);
		assert_int_equal(out->pkts[1].data[6] & 0x20, 0);
		assert_int_equal(datagram_join(got, 0, 2, 1232, 0), len - 20);
		assert_memory_equal(got, want + 20, len - 20);
	}
}

static void a_fragment_is_fragmented_further(void **state)
{
	static uint8_t got[2048];
	struct flow f = flow_of(4, 17);
	struct xt_pkt *pkt;

	(void)state;
	flow_batches_reset();
	f.df = false;
	pkt = packet_add(&f, 1372, 0, false);
	pkt->data[6] = 0x20 | 0x01; /* more follow; offset 0x100 * 8 */
	pkt->data[7] = 0x00;
	slow_seal4(pkt->data);
	assert_int_equal(fit(pkt, 600), XT_FIT_FRAGMENT);
	split_all();
	assert_int_equal(out->n, 3);
	assert_int_equal(datagram_join(got, 0, 3, 600, 0x800), 1380);
	assert_memory_equal(got + 8, payload, 1372);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(out->pkts[i].data[6] & 0x20, 0x20);
}

static void each_datagram_of_a_super_packet_becomes_fragments(void **state)
{
	static uint8_t got[2048];
	struct flow f = flow_of(4, 17);

	(void)state;
	flow_batches_reset();
	f.df = false;
	assert_int_equal(fit(packet_add(&f, 5000, 1372, true), 1232), XT_FIT_FRAGMENT);
	split_all();
	assert_int_equal(out->n, 2 * 3 + 1);
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t k = 0; k < 2; k++)
			put16(out->pkts[2 * i + k].data + 4, 0xfffe);
		for (uint32_t k = 0; k < 2; k++)
			slow_seal4(out->pkts[2 * i + k].data);
		assert_int_equal(datagram_join(got, 2 * i, 2, 1232, 0), 1380);
		assert_memory_equal(got + 8, payload + i * 1372, 1372);
	}
	assert_true(flow_right(out->pkts[6].data, out->pkts[6].len));
}

/* A small batch is filled, emptied and filled again: no segment and no fragment is lost. */
static void a_full_batch_is_resumed(void **state)
{
	static uint8_t got[65536], want[2048];
	struct xt_split at = {0};
	struct xt_batch *few;
	struct flow f = flow_of(4, 17);
	uint32_t n = 0;
	size_t len = 0;
	bool whole;

	(void)state;
	flow_batches_reset();
	assert_int_equal(xt_batch_new(&few, 3, 0), 0);
	f.df = false;
	for (int i = 0; i < 4; i++)
		assert_int_equal(fit(packet_add(&f, 1372, 0, true), 1232), XT_FIT_FRAGMENT);
	assert_int_equal(fit(packet_add(&f, 5000, 1372, true), 1232), XT_FIT_FRAGMENT);
	do {
		xt_batch_reset(few);
		whole = xt_split(&at, in, few);
		assert_true(few->n > 0);
		for (uint32_t i = 0; i < few->n; i++) {
			assert_int_equal(few->pkts[i].verdict, XT_PASS);
			assert_true(few->pkts[i].len <= 1232);
			memcpy(got + len, few->pkts[i].data + 20, few->pkts[i].len - 20);
			len += few->pkts[i].len - 20;
			n++;
		}
	} while (!whole);
	assert_int_equal(n, 4 * 2 + 7);
	assert_int_equal(len, 4 * 1380 + 5000 + 4 * 8);
	flow_packet(want, &f, payload, 1372); /* its checksum was completed once */
	for (int i = 0; i < 4; i++)
		assert_memory_equal(got + i * 1380, want + 20, 1380);
	xt_batch_free(few);
}

static void more_fragments_than_a_batch_holds_go_on_whole(void **state)
{
	struct xt_split at = {0};
	struct xt_batch *few;
	struct flow f = flow_of(4, 17);

	(void)state;
	flow_batches_reset();
	assert_int_equal(xt_batch_new(&few, 2, 0), 0);
	f.df = false;
	assert_int_equal(fit(packet_add(&f, 5000, 0, true), 1232), XT_FIT_FRAGMENT);
	assert_true(xt_split(&at, in, few));
	assert_int_equal(few->n, 1);
	assert_true(flow_right(few->pkts[0].data, few->pkts[0].len));
	xt_batch_free(few);
}

static void random_flows_are_cut_as_their_sender_would(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct flow f = flow_of(xt_below(&seed, 2) ? 4 : 6, 6);
		uint32_t mtu = 552 + (uint32_t)xt_below(&seed, 1000);
		size_t len = 1 + xt_pick(&seed, xt_pick(&seed, 8) ? 3000 : 60000);
		bool super = xt_below(&seed, 2);
		uint16_t size = super ? (uint16_t)(1 + xt_below(&seed, 2000)) : 0;

		flow_batches_reset();
		f.flags = (uint8_t)(0x10 | (xt_next(&seed) & 0xc9));
		f.options = (uint8_t)(4 * xt_below(&seed, 11));
		f.seq = (uint32_t)xt_next(&seed);
		f.id = (uint16_t)xt_next(&seed);
		f.tos = (uint8_t)xt_next(&seed);
		f.df = xt_below(&seed, 2);
		switch (fit(packet_add(&f, len, size, super || xt_below(&seed, 2)), mtu)) {
		case XT_FIT_WHOLE:
			assert_true(flow_headers(&f) + (super ? XT_MIN(len, size) : len) <= mtu);
			break;
		case XT_FIT_CUT:
			split_all();
			segments_check(&f, len, mtu);
			break;
		default:
			fail();
		}
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, flow_batches_setup, flow_batches_teardown)

SEED_TEST_MAIN(seed, T(single_tcp_packets_are_cut), T(super_packets_become_smaller_segments),
	       T(the_sequence_wraps), T(what_fits_stays_as_it_is),
	       T(damaged_packets_and_syn_are_not_cut), T(urgent_data_stays_where_it_is),
	       T(extension_headers_are_copied_to_each_segment),
	       T(senders_are_told_what_they_can_take), T(ipv4_without_df_becomes_fragments),
	       T(a_fragment_is_fragmented_further),
	       T(each_datagram_of_a_super_packet_becomes_fragments), T(a_full_batch_is_resumed),
	       T(more_fragments_than_a_batch_holds_go_on_whole),
	       T(random_flows_are_cut_as_their_sender_would))
