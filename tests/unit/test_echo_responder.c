/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The echo responder over batches: fragments, full batches, rates, the verb's options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "echo_batches.h"
#include "packets.h"
#include "seed.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)
#define START  (1000 * SECOND)
#define LIST   8

static struct xt_echo_local local[2];
static uint64_t now, state;
static uint8_t buf[66000], other[66000];
static char peer_a, peer_b; /* stand for peers; never dereferenced */
#define PEER(c) ((struct xt_peer *)(void *)&(c))

/* A responder at 10.7.0.1/24, fd07::1/64. */
static void open_usual(struct xt_echo_config config)
{
	memset(local, 0, sizeof(local));
	assert_int_equal(xt_cidr_parse(&local[0].cidr, "10.7.0.1/24"), 0);
	assert_int_equal(xt_cidr_parse(&local[1].cidr, "fd07::1/64"), 0);
	config.local = local;
	config.n_local = 2;
	xt_echo_free(echo);
	assert_int_equal(xt_echo_new(&echo, &config), 0);
}

static int setup(void **unused)
{
	now = START;
	return batches_open(unused);
}

static void echo_process(enum xt_echo_side side)
{
	xt_echo_process(echo, side, now, in, replies, released);
}

static void the_reply_lies_where_the_request_lay(void **unused)
{
	struct xt_echo_counters count;
	struct xt_pkt *pkt;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 3});
	pkt = packet_add(buf, request4(buf, 2, 1, 5), PEER(peer_b));
	pkt->len += 3; /* trailing bytes, in the tailroom */
	pkt->verdict = XT_PASS;
	packet_add(buf, request4(buf, 2, 1, 5), PEER(peer_a))->verdict = XT_DROP_SOURCE;
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(replies->n, 1);
	assert_ptr_equal(replies->pkts[0].data, in->pkts[0].data);
	assert_ptr_equal(replies->pkts[0].peer, PEER(peer_b));
	assert_int_equal(replies->pkts[0].len, 33);
	assert_int_equal(replies->pkts[0].verdict, XT_PASS);
	assert_int_equal(in->pkts[1].verdict, XT_DROP_SOURCE);
	xt_echo_count(echo, &count);
	assert_int_equal(count.answered[XT_ECHO_SIDE_PEER], 1);
	assert_int_equal(count.answered[XT_ECHO_SIDE_HOST], 0);
}

static void shuffle(size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = xt_pick(&state, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}

/* Put fragments of size 8 * blocks of the packet in buf on the batch, shuffled. */
static size_t put_shuffled(size_t len, size_t step)
{
	size_t head = buf[0] >> 4 == 6 ? 40 : 20, n = (len - head + step - 1) / step, order[128];

	assert_true(n <= XT_LEN(order));
	shuffle(order, n);
	for (size_t i = 0; i < n; i++) {
		size_t at = order[i] * step, part = XT_MIN(step, len - head - at);

		packet_add(other, cut_fragment(other, buf, len, at, part, 77), PEER(peer_a));
	}
	return n;
}

/* Reassemble the reply's fragments independently and check it. */
static void expect_reply(size_t len, uint32_t mtu)
{
	size_t head = buf[0] >> 4 == 6 ? 40 : 20, extra = head == 40 ? 8 : 0, have = head;

	memcpy(other, replies->pkts[0].data, head);
	for (uint32_t i = 0; i < replies->n; i++) {
		const uint8_t *p = replies->pkts[i].data;
		size_t at =
		    head == 40 ? xt_be16_get(p + 42) & 0xfff8u : (xt_be16_get(p + 6) & 0x1fffu) * 8;
		size_t n = replies->pkts[i].len - head - extra;
		bool more = head == 40 ? p[43] & 1 : p[6] & 0x20;

		assert_true(replies->pkts[i].len <= mtu);
		assert_int_equal(at, have - head);
		assert_int_equal(more, i + 1 < replies->n);
		if (head == 40)
			assert_int_equal(xt_be32_get(p + 44), 77);
		else
			assert_true(slow_sum(0, p, 20) == 0xffff && xt_be16_get(p + 4) == 0x1234);
		memcpy(other + have, p + head + extra, n);
		have += n;
	}
	assert_int_equal(have, len);
	if (head == 20) {
		xt_be16_put(other + 2, (uint16_t)len);
		other[6] = other[7] = 0;
		slow_seal4(other);
	} else {
		xt_be16_put(other + 4, (uint16_t)(len - 40));
		other[6] = 58;
	}
	assert_true(slow_right(other, len));
	assert_int_equal(other[head], head == 40 ? 129 : 0);
	assert_memory_equal(other + head + 4, buf + head + 4, len - head - 4);
}

static void the_largest_ping_comes_back_in_fragments(void **unused)
{
	const uint32_t mtus[] = {1420, 1280, 576, 1500};

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	for (size_t i = 0; i < XT_LEN(mtus); i++) {
		for (int six = 0; six < 2; six++) {
			size_t len = six ? request6(buf, 2, 1, 65507) : request4(buf, 2, 1, 65507);
			size_t n;

			batches_reset();
			xt_echo_set_mtu(echo, mtus[i]);
			n = put_shuffled(len, 1368);
			echo_process(XT_ECHO_SIDE_PEER);
			for (uint32_t k = 0; k + 1 < n; k++)
				assert_int_equal(in->pkts[k].verdict, XT_TAKEN_FRAGMENT);
			assert_int_equal(in->pkts[n - 1].verdict, XT_TAKEN_ECHO);
			expect_reply(len, mtus[i]);
			assert_true(xt_echo_deadline(echo) == XT_NEVER);
		}
	}
}

static void overlapping_fragments_are_dropped(void **unused)
{
	size_t len = request4(buf, 2, 1, 2992);
	struct xt_echo_counters count;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), PEER(peer_a));
	packet_add(other, cut_fragment(other, buf, len, 992, 1008, 0), PEER(peer_a));
	packet_add(other, cut_fragment(other, buf, len, 1000, 2000, 0), PEER(peer_a));
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), PEER(peer_a));
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(in->pkts[0].verdict, XT_TAKEN_FRAGMENT);
	for (int i = 1; i < 4; i++)
		assert_int_equal(in->pkts[i].verdict, XT_DROP_FRAGMENT);
	assert_int_equal(replies->n + released->n, 0);
	xt_echo_count(echo, &count);
	assert_int_equal(count.fragments.overlapped, 1);
	assert_int_equal(count.fragments.late, 2);
}

static void fragments_of_two_peers_are_not_mixed(void **unused)
{
	size_t len = request4(buf, 2, 1, 1992);

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), PEER(peer_a));
	packet_add(other, cut_fragment(other, buf, len, 1000, 1000, 0), PEER(peer_b));
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(replies->n, 0);
	xt_echo_forget(echo, PEER(peer_b));
	assert_true(xt_echo_deadline(echo) == START + 10 * SECOND);
	xt_echo_tick(echo, START + 10 * SECOND);
	assert_true(xt_echo_deadline(echo) == XT_NEVER);
}

static void a_full_batch_of_replies_drops_requests(void **unused)
{
	struct xt_echo_counters count;
	size_t len;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	for (uint32_t i = 0; i < 200; i++)
		assert_non_null(xt_batch_add(replies, 100));
	for (int i = 0; i < 60; i++)
		packet_add(buf, request4(buf, 2, 1, 30), PEER(peer_a));
	len = request6(buf, 2, 1, 30000);
	put_shuffled(len, 1368);
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(replies->n, 256);
	for (int i = 0; i < 60; i++)
		assert_int_equal(in->pkts[i].verdict, i < 56 ? XT_TAKEN_ECHO : XT_DROP_ECHO_FULL);
	assert_int_equal(in->pkts[in->n - 1].verdict, XT_DROP_ECHO_FULL);
	xt_echo_count(echo, &count);
	assert_int_equal(count.full, 5);
}

static void a_slab_without_room_drops_the_reply_whole(void **unused)
{
	struct xt_batch *tight;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	assert_int_equal(xt_batch_new(&tight, 64, XT_SLOT_MAX), 0);
	put_shuffled(request4(buf, 2, 1, 65507), 1368);
	xt_echo_process(echo, XT_ECHO_SIDE_PEER, now, in, tight, released);
	assert_int_equal(in->pkts[in->n - 1].verdict, XT_DROP_ECHO_FULL);
	assert_int_equal(tight->n, 0);
	xt_batch_free(tight);
}

static void released_fragments_without_room_are_counted(void **unused)
{
	size_t len = request4(buf, 2, 1, 1992);
	struct xt_echo_counters count;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2});
	buf[20] = 13;
	while (released->n < released->cap - 1)
		assert_non_null(xt_batch_add(released, 0));
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), PEER(peer_a));
	packet_add(other, cut_fragment(other, buf, len, 1000, 1000, 0), PEER(peer_a));
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(in->pkts[1].verdict, XT_DROP_ECHO_FULL);
	assert_int_equal(released->n, released->cap - 1);
	xt_echo_count(echo, &count);
	assert_int_equal(count.full, 1);
	assert_int_equal(count.released, 0);
}

static unsigned ask(uint8_t from, unsigned n)
{
	unsigned answered;

	batches_reset();
	for (unsigned i = 0; i < n; i++)
		packet_add(buf, request4(buf, from, 1, 8), PEER(peer_a));
	echo_process(XT_ECHO_SIDE_PEER);
	answered = replies->n;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(in->pkts[i].verdict,
				 i < answered ? XT_TAKEN_ECHO : XT_DROP_ECHO_RATE);
	return answered;
}

static void the_rate_holds_for_each_source(void **unused)
{
	struct xt_echo_counters count;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2, .rate = 10});
	assert_int_equal(ask(2, 100), 10);
	assert_int_equal(ask(2, 100), 0);
	assert_int_equal(ask(3, 100), 10);
	now += SECOND * 11 / 20; /* five tokens and a half */
	assert_int_equal(ask(2, 100), 5);
	now += 3600 * SECOND;
	assert_int_equal(ask(2, 100), 10);
	now -= 1800 * SECOND;
	assert_int_equal(ask(2, 100), 0);
	xt_echo_count(echo, &count);
	assert_int_equal(count.answered[XT_ECHO_SIDE_PEER], 35);
	assert_int_equal(count.rate, 600 - 35);
}

static void many_sources_stay_in_a_table_of_fixed_size(void **unused)
{
	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2, .rate = 1});
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = request4(buf, 2, 1, 0);

		batches_reset();
		buf[12] = 11;
		buf[13] = (uint8_t)(i >> 16);
		buf[14] = (uint8_t)(i >> 8);
		buf[15] = (uint8_t)i;
		slow_seal4(buf);
		packet_add(buf, len, NULL);
		echo_process(XT_ECHO_SIDE_PEER);
		assert_int_equal(replies->n, 1);
	}
	assert_int_equal(ask(9, 3), 1);
}

static void exclusive_drops_all_that_is_not_answered(void **unused)
{
	size_t len;
	struct xt_echo_counters count;

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 1, .exclusive = true});
	packet_add(buf, request4(buf, 1, 2, 8), NULL);
	len = request4(buf, 1, 2, 8);
	buf[9] = 17;
	packet_add(buf, len, NULL);
	packet_add(buf, 3, NULL);
	len = request4(buf, 1, 2, 1992);
	buf[20] = 13;
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), NULL);
	packet_add(other, cut_fragment(other, buf, len, 1000, 1000, 0), NULL);
	echo_process(XT_ECHO_SIDE_HOST);
	assert_int_equal(in->pkts[0].verdict, XT_TAKEN_ECHO);
	assert_int_equal(in->pkts[1].verdict, XT_DROP_ECHO_OTHER);
	assert_int_equal(in->pkts[2].verdict, XT_DROP_ECHO_OTHER);
	assert_int_equal(in->pkts[3].verdict, XT_TAKEN_FRAGMENT);
	assert_int_equal(in->pkts[4].verdict, XT_DROP_ECHO_OTHER);
	assert_int_equal(released->n, 0);
	xt_echo_count(echo, &count);
	assert_int_equal(count.other, 3);
}

static void swap_only_exchanges_addresses_and_nothing_else(void **unused)
{
	(void)unused;
	open_usual((struct xt_echo_config){.sides = 1, .swap_only = true});
	for (int reply = 0; reply < 2; reply++) {
		size_t len = request4(buf, 1, 2, 8);

		batches_reset();
		buf[20] = reply ? 0 : 8;
		slow_seal_icmp(buf, 20, len);
		packet_add(buf, len, NULL);
		echo_process(XT_ECHO_SIDE_HOST);
		assert_int_equal(replies->n, 1);
		buf[15] = 2;
		buf[19] = 1;
		assert_memory_equal(replies->pkts[0].data, buf, len);
		assert_true(slow_right(replies->pkts[0].data, len));
	}
}

struct seen {
	unsigned n;
	uint32_t len;
	uint8_t request[66000], reply[66000];
};

static void observe(void *ctx, enum xt_echo_side side, const uint8_t *request, uint32_t request_len,
		    const uint8_t *reply, uint32_t reply_len)
{
	struct seen *seen = ctx;

	assert_int_equal(side, XT_ECHO_SIDE_HOST);
	assert_int_equal(request_len, reply_len);
	seen->n++;
	seen->len = request_len;
	memcpy(seen->request, request, request_len);
	memcpy(seen->reply, reply, reply_len);
}

static void the_observer_sees_whole_requests_and_replies(void **unused)
{
	static struct seen seen;
	size_t len = request6(buf, 1, 2, 100);

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 1, .observe = observe, .observe_ctx = &seen});
	packet_add(buf, len, NULL);
	echo_process(XT_ECHO_SIDE_HOST);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.len, len);
	assert_memory_equal(seen.request, buf, len);
	assert_memory_equal(seen.reply, replies->pkts[0].data, len);
	batches_reset();
	len = request6(buf, 1, 2, 65527);
	put_shuffled(len, 1368);
	for (uint32_t i = 0; i < in->n; i++)
		in->pkts[i].peer = NULL;
	echo_process(XT_ECHO_SIDE_HOST);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.len, len);
	assert_memory_equal(seen.request, buf, len);
	assert_true(slow_right(seen.reply, len));
}

static void options_without_copied_flag_stay_in_the_first_fragment(void **unused)
{
	const uint8_t options[8] = {7, 3, 4, 148, 4, 0, 0, 0}; /* record route; router alert */
	size_t len = request4(buf, 2, 1, 2000);

	(void)unused;
	open_usual((struct xt_echo_config){.sides = 2, .mtu = 1280});
	memmove(buf + 28, buf + 20, len - 20);
	memcpy(buf + 20, options, 8);
	buf[0] = 0x47;
	len += 8;
	xt_be16_put(buf + 2, (uint16_t)len);
	packet_add(other, cut_fragment(other, buf, len, 0, 1000, 0), NULL);
	packet_add(other, cut_fragment(other, buf, len, 1000, 1008, 0), NULL);
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(replies->n, 2);
	assert_memory_equal(replies->pkts[0].data + 20, options, 8);
	assert_memory_equal(replies->pkts[1].data + 20, "\1\1\1\x94\4\0\0\0", 8);
	assert_int_equal(slow_sum(0, replies->pkts[1].data, 28), 0xffff);
}

static void a_side_that_is_off_is_left_alone(void **unused)
{
	(void)unused;
	open_usual((struct xt_echo_config){.sides = 1, .exclusive = true});
	packet_add(buf, request4(buf, 2, 1, 8), PEER(peer_a));
	echo_process(XT_ECHO_SIDE_PEER);
	assert_int_equal(in->pkts[0].verdict, XT_PASS);
	assert_int_equal(replies->n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, batches_close)

SEED_TEST_MAIN(state, TEST(the_reply_lies_where_the_request_lay),
	       TEST(the_largest_ping_comes_back_in_fragments),
	       TEST(overlapping_fragments_are_dropped), TEST(fragments_of_two_peers_are_not_mixed),
	       TEST(a_full_batch_of_replies_drops_requests),
	       TEST(a_slab_without_room_drops_the_reply_whole),
	       TEST(released_fragments_without_room_are_counted),
	       TEST(the_rate_holds_for_each_source),
	       TEST(many_sources_stay_in_a_table_of_fixed_size),
	       TEST(exclusive_drops_all_that_is_not_answered),
	       TEST(swap_only_exchanges_addresses_and_nothing_else),
	       TEST(the_observer_sees_whole_requests_and_replies),
	       TEST(options_without_copied_flag_stay_in_the_first_fragment),
	       TEST(a_side_that_is_off_is_left_alone))
