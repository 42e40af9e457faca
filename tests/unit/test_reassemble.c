/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* Reassembly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/reassemble.h"
#include "packets.h"
#include "seed.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)
#define START  (1000 * SECOND)

static uint8_t whole[66000], piece[66000];
static struct xt_reassembler *r;
static struct xt_datagram *done;
static uint64_t now, state;

static int setup(void **unused)
{
	(void)unused;
	now = START;
	return xt_reassembler_new(&r);
}

static int teardown(void **unused)
{
	(void)unused;
	xt_reassembler_free(r);
	return 0;
}

/* Add the fragment of whole that carries n bytes from at on. */
static enum xt_reassemble_verdict add(size_t len, size_t at, size_t n, uint32_t id)
{
	size_t got = cut_fragment(piece, whole, len, at, n, id);
	uint8_t *exact = malloc(got);
	enum xt_reassemble_verdict verdict;
	struct xt_ip_view view;

	if (whole[0] >> 4 == 4) {
		xt_be16_put(piece + 4, (uint16_t)id);
		slow_seal4(piece);
	}
	memcpy(exact, piece, got);
	assert_true(xt_ip_parse_packet(&view, exact, got));
	verdict = xt_reassembler_add(r, now, &now, 0, &view, &done);
	free(exact);
	return verdict;
}

static void expect_whole(size_t len)
{
	struct xt_ip_view view;

	xt_datagram_view(done, &view);
	assert_int_equal(view.len, len);
	assert_true(slow_right(view.bytes, len));
	assert_memory_equal(view.bytes + view.upper, whole + view.upper, len - view.upper);
	assert_false(view.fragment);
}

static void shuffled_fragments_of_the_largest_datagrams_become_whole(void **unused)
{
	(void)unused;
	for (int six = 0; six < 2; six++) {
		const size_t step = six ? 1232 : 1400;
		size_t size = six ? 65527 : 65507, head = six ? 40 : 20, n, order[64];
		size_t len = six ? request6(whole, 1, 2, size) : request4(whole, 1, 2, size);

		n = (len - head + step - 1) / step;
		for (size_t i = 0; i < n; i++) {
			size_t j = xt_pick(&state, i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < n; i++) {
			size_t at = order[i] * step, part = XT_MIN(step, len - head - at);

			assert_int_equal(add(len, at, part, 7),
					 i + 1 < n ? XT_REASSEMBLE_KEPT : XT_REASSEMBLE_WHOLE);
		}
		assert_int_equal(xt_datagram_pieces(done), n);
		expect_whole(len);
		xt_datagram_done(done);
		assert_true(xt_reassembler_deadline(r) == XT_NEVER);
	}
}

static void fragments_are_handed_back_unchanged(void **unused)
{
	size_t order[] = {2, 0, 3, 1}, len;
	uint8_t kept[4][600], back[600];
	size_t kept_len[4];

	(void)unused;
	for (int six = 0; six < 2; six++) {
		len = six ? request6(whole, 1, 2, 1992) : request4(whole, 1, 2, 1992);
		for (size_t i = 0; i < 4; i++) {
			whole[six ? 7 : 8] = (uint8_t)(50 + i); /* hop limits may differ */
			add(len, order[i] * 504, order[i] == 3 ? 2000 - 3 * 504 : 504, 9);
			kept_len[i] = (six ? 48 : 20) + (order[i] == 3 ? 2000 - 3 * 504 : 504u);
			memcpy(kept[i], piece, kept_len[i]);
		}
		assert_int_equal(xt_datagram_pieces(done), 4);
		for (uint32_t i = 0; i < 4; i++) {
			assert_int_equal(xt_datagram_piece_len(done, i), kept_len[i]);
			xt_datagram_piece(done, i, back);
			assert_memory_equal(back, kept[i], kept_len[i]);
		}
		xt_datagram_done(done);
	}
}

static void any_overlap_discards_all_and_what_follows(void **unused)
{
	size_t len = request4(whole, 1, 2, 2392);
	const struct {
		size_t at, n;
	} overlaps[] = {{800, 800}, {792, 8}, {1592, 16}, {1592, 808}, {0, 808}, {808, 8}};

	(void)unused;
	for (uint32_t i = 0; i < XT_LEN(overlaps); i++) {
		assert_int_equal(add(len, 800, 800, i), XT_REASSEMBLE_KEPT);
		if (overlaps[i].at == 792)
			assert_int_equal(add(len, 0, 800, i), XT_REASSEMBLE_KEPT);
		assert_int_equal(add(len, overlaps[i].at, overlaps[i].n, i), XT_REASSEMBLE_DROPPED);
		/* All that is needed, but of a discarded datagram. */
		assert_int_equal(add(len, 0, 800, i), XT_REASSEMBLE_DROPPED);
		assert_int_equal(add(len, 800, 800, i), XT_REASSEMBLE_DROPPED);
		assert_int_equal(add(len, 1600, 800, i), XT_REASSEMBLE_DROPPED);
	}
	assert_int_equal(xt_reassembler_counters(r)->overlapped, XT_LEN(overlaps));
	assert_int_equal(xt_reassembler_counters(r)->late, 3 * XT_LEN(overlaps));
	assert_true(xt_reassembler_deadline(r) == XT_NEVER);
	now += 10 * SECOND;
	assert_int_equal(add(len, 0, 800, 0), XT_REASSEMBLE_KEPT);
	assert_int_equal(add(len, 800, 1600, 0), XT_REASSEMBLE_WHOLE);
}

static void ten_seconds_after_the_first_fragment_all_is_forgotten(void **unused)
{
	size_t len = request4(whole, 1, 2, 2392);

	(void)unused;
	add(len, 0, 800, 1);
	now += 10 * SECOND - 1;
	assert_int_equal(add(len, 800, 800, 1), XT_REASSEMBLE_KEPT);
	assert_true(xt_reassembler_deadline(r) == START + 10 * SECOND);
	xt_reassembler_tick(r, now);
	assert_int_equal(xt_reassembler_counters(r)->expired, 0);
	now += 1;
	assert_int_equal(add(len, 1600, 800, 1), XT_REASSEMBLE_KEPT); /* a new one begins */
	assert_int_equal(xt_reassembler_counters(r)->expired, 1);
	xt_reassembler_tick(r, now + 10 * SECOND);
	assert_int_equal(xt_reassembler_counters(r)->expired, 2);
}

static void the_fifth_datagram_pushes_the_oldest_out(void **unused)
{
	size_t len = request4(whole, 1, 2, 2392);

	(void)unused;
	for (uint32_t id = 1; id <= 5; id++, now++)
		assert_int_equal(add(len, 0, 800, id), XT_REASSEMBLE_KEPT);
	assert_int_equal(xt_reassembler_counters(r)->pushed_out, 1);
	for (uint32_t id = 2; id <= 5; id++) {
		assert_int_equal(add(len, 800, 1600, id), XT_REASSEMBLE_WHOLE);
		xt_datagram_done(done);
	}
	assert_int_equal(add(len, 800, 1600, 1), XT_REASSEMBLE_DROPPED);
}

static void keys_are_not_mixed(void **unused)
{
	size_t len = request4(whole, 1, 2, 2392), n;
	int a, b;
	struct xt_ip_view view;

	(void)unused;
	n = cut_fragment(piece, whole, len, 0, 800, 0);
	assert_true(xt_ip_parse_packet(&view, piece, n));
	assert_int_equal(xt_reassembler_add(r, now, &a, 0, &view, &done), XT_REASSEMBLE_KEPT);
	n = cut_fragment(piece, whole, len, 800, 1600, 0);
	assert_true(xt_ip_parse_packet(&view, piece, n));
	assert_int_equal(xt_reassembler_add(r, now, &b, 0, &view, &done), XT_REASSEMBLE_KEPT);
	assert_int_equal(xt_reassembler_add(r, now, &a, 1, &view, &done), XT_REASSEMBLE_KEPT);
	view.id++;
	assert_int_equal(xt_reassembler_add(r, now, &a, 0, &view, &done), XT_REASSEMBLE_KEPT);
	view.id--;
	assert_int_equal(xt_reassembler_add(r, now, &a, 0, &view, &done), XT_REASSEMBLE_WHOLE);
	xt_datagram_done(done);
	xt_reassembler_forget(r, &b);
	xt_reassembler_forget(r, &a);
	assert_true(xt_reassembler_deadline(r) == XT_NEVER);
}

static void impossible_fragments_discard_their_datagram(void **unused)
{
	struct xt_ip_view view;
	size_t len = request4(whole, 1, 2, 2392), n;

	(void)unused;
	/* A length that is no multiple of 8 with more to come. */
	assert_int_equal(add(len, 0, 804, 1), XT_REASSEMBLE_DROPPED);
	/* Nothing in it. */
	assert_int_equal(add(len, 800, 0, 2), XT_REASSEMBLE_DROPPED);
	/* Behind the end, and an end before what is here. */
	assert_int_equal(add(len, 1600, 800, 3), XT_REASSEMBLE_KEPT);
	n = cut_fragment(piece, whole, len, 800, 800, 0);
	xt_be16_put(piece + 4, 3);
	xt_be16_put(piece + 6, 2400 / 8);
	assert_true(xt_ip_parse_packet(&view, piece, n));
	assert_int_equal(xt_reassembler_add(r, now, &now, 0, &view, &done), XT_REASSEMBLE_DROPPED);
	assert_int_equal(add(len, 1600, 792, 4), XT_REASSEMBLE_KEPT);
	xt_be16_put(piece + 6, 100);
	xt_be16_put(piece + 4, 4);
	assert_true(xt_ip_parse_packet(&view, piece, n));
	assert_int_equal(xt_reassembler_add(r, now, &now, 0, &view, &done), XT_REASSEMBLE_DROPPED);
	/* Past 65,535 bytes. */
	xt_be16_put(piece + 6, 0x1fff);
	xt_be16_put(piece + 4, 5);
	assert_true(xt_ip_parse_packet(&view, piece, n));
	assert_int_equal(xt_reassembler_add(r, now, &now, 0, &view, &done), XT_REASSEMBLE_DROPPED);
	assert_int_equal(xt_reassembler_counters(r)->malformed, 5);
}

static void more_fragments_than_can_be_kept_discard(void **unused)
{
	(void)unused;
	for (int six = 0; six < 2; six++) {
		size_t len = six ? request6(whole, 1, 2, 65000) : request4(whole, 1, 2, 65000), i;
		enum xt_reassemble_verdict verdict = XT_REASSEMBLE_KEPT;

		for (i = 0; i < 8000 && verdict == XT_REASSEMBLE_KEPT; i++)
			verdict = add(len, i * 8, 8, 1);
		assert_int_equal(verdict, XT_REASSEMBLE_DROPPED);
		assert_int_equal(i, XT_REASSEMBLE_PIECES + 1);
	}
}

static void an_atomic_fragment_is_whole_at_once(void **unused)
{
	size_t len = request6(whole, 1, 2, 992);

	(void)unused;
	assert_int_equal(add(len, 504, 496, 1), XT_REASSEMBLE_KEPT);
	assert_int_equal(add(len, 0, len - 40, 1), XT_REASSEMBLE_WHOLE);
	expect_whole(len);
	xt_datagram_done(done);
	assert_int_equal(add(len, 0, 504, 1), XT_REASSEMBLE_WHOLE);
	expect_whole(len);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SEED_TEST_MAIN(state, TEST(shuffled_fragments_of_the_largest_datagrams_become_whole),
	       TEST(fragments_are_handed_back_unchanged),
	       TEST(any_overlap_discards_all_and_what_follows),
	       TEST(ten_seconds_after_the_first_fragment_all_is_forgotten),
	       TEST(the_fifth_datagram_pushes_the_oldest_out), TEST(keys_are_not_mixed),
	       TEST(impossible_fragments_discard_their_datagram),
	       TEST(more_fragments_than_can_be_kept_discard),
	       TEST(an_atomic_fragment_is_whole_at_once))
