/* SPDX-License-Identifier: MIT */
/* layers: ipc base */
/* Blocks of pcapng, byte by byte, and what a reader makes of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <xtunnel/error.h>

#include "ipc/pcapng.h"
#include "test_main.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})
#define LE32(v)	   (uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16), (uint8_t)((v) >> 24)

static uint8_t out[4096];

/* Each size of room from 0 on: nothing is written until the block fits. */
#define ASSERT_ROOM(call, len)                                                                     \
	do {                                                                                       \
		for (size_t room = 0; room < (len); room++)                                        \
			assert_int_equal((call), 0);                                               \
	} while (0)

static void a_section_names_the_program(void **state)
{
	static const uint8_t wanted[] = {
	    LE32(0x0a0d0d0a),
	    LE32(40),
	    LE32(0x1a2b3c4d),
	    1,
	    0,
	    0,
	    0,
	    0xff,
	    0xff,
	    0xff,
	    0xff,
	    0xff,
	    0xff,
	    0xff,
	    0xff,
	    4,
	    0,
	    3,
	    0,
	    'x',
	    't',
	    'u',
	    0,
	    LE32(0),
	    LE32(40),
	};

	(void)state;
	ASSERT_ROOM(xt_pcapng_section_put(out, room, "xtu"), sizeof(wanted));
	assert_int_equal(xt_pcapng_section_put(out, sizeof(out), "xtu"), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void an_interface_carries_ip_packets_and_nanoseconds(void **state)
{
	static const uint8_t wanted[] = {
	    LE32(1), LE32(48), 101, 0,	 0, 0, LE32(0), 2, 0,	4,	 0,
	    'l',     'e',      'f', 't', 3, 0, 1,	0, 'd', 0,	 0,
	    0,	     9,	       0,   1,	 0, 9, 0,	0, 0,	LE32(0), LE32(48),
	};

	(void)state;
	ASSERT_ROOM(xt_pcapng_interface_put(out, room, "left", "d"), sizeof(wanted));
	assert_int_equal(xt_pcapng_interface_put(out, sizeof(out), "left", "d"), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static const uint8_t packet_bytes[] = {
    LE32(6),
    LE32(64),
    LE32(1),
    LE32(0x01020304),
    LE32(0x05060708),
    LE32(5),
    LE32(5),
    'h',
    'e',
    'b',
    'o',
    'd',
    0,
    0,
    0,
    1,
    0,
    6,
    0,
    'd',
    'r',
    'o',
    'p',
    ':',
    'x',
    0,
    0,
    2,
    0,
    4,
    0,
    LE32(1),
    LE32(0),
    LE32(64),
};

static void a_packet_has_time_direction_and_comment(void **state)
{
	struct xt_pcapng_packet packet = {.interface = 1,
					  .time_ns = UINT64_C(0x0102030405060708),
					  .head = BYTES('h', 'e'),
					  .head_len = 2,
					  .bytes = BYTES('b', 'o', 'd'),
					  .len = 3,
					  .inbound = true,
					  .comment = "drop:xyz",
					  .comment_len = 6};
	struct xt_pcapng_packet seen;
	struct xt_pcapng_block block;

	(void)state;
	ASSERT_ROOM(xt_pcapng_packet_put(out, room, &packet), sizeof(packet_bytes));
	assert_int_equal(xt_pcapng_packet_put(out, sizeof(out), &packet), sizeof(packet_bytes));
	assert_memory_equal(out, packet_bytes, sizeof(packet_bytes));

	assert_int_equal(xt_pcapng_block_get(&block, out, sizeof(out)), sizeof(packet_bytes));
	assert_true(xt_pcapng_packet_get(&seen, &block));
	assert_int_equal(seen.interface, 1);
	assert_int_equal(seen.time_ns, packet.time_ns);
	assert_int_equal(seen.len, 5);
	assert_memory_equal(seen.bytes, "hebod", 5);
	assert_true(seen.inbound);
	assert_int_equal(seen.comment_len, 6);
	assert_memory_equal(seen.comment, "drop:x", 6);
	packet.inbound = false;
	packet.comment = NULL;
	xt_pcapng_packet_put(out, sizeof(out), &packet);
	assert_true(xt_pcapng_block_get(&block, out, sizeof(out)) > 0);
	assert_true(xt_pcapng_packet_get(&seen, &block));
	assert_false(seen.inbound);
	assert_null(seen.comment);
}

static void secrets_are_a_key_log(void **state)
{
	static const uint8_t wanted[] = {
	    LE32(10), LE32(28), LE32(0x57474b4c), LE32(5), 'a', '=', 'b', 'c', '\n', 0,
	    0,	      0,	LE32(28),
	};

	(void)state;
	ASSERT_ROOM(xt_pcapng_secrets_put(out, room, "a=bc\n", 5), sizeof(wanted));
	assert_int_equal(xt_pcapng_secrets_put(out, sizeof(out), "a=bc\n", 5), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void statistics_tell_what_was_dropped(void **state)
{
	static const uint8_t wanted[] = {
	    LE32(5),  LE32(76), LE32(1), LE32(2),	   LE32(3), 2,
	    0,	      8,	0,	 LE32(0),	   LE32(1), 3,
	    0,	      8,	0,	 LE32(2),	   LE32(3), 4,
	    0,	      8,	0,	 LE32(0x22222222), LE32(1), 5,
	    0,	      8,	0,	 LE32(7),	   LE32(0), LE32(0),
	    LE32(76),
	};
	const struct xt_pcapng_statistics statistics = {.interface = 1,
							.start_ns = 1,
							.end_ns = UINT64_C(0x200000003),
							.received = UINT64_C(0x122222222),
							.dropped = 7};
	struct xt_pcapng_statistics seen;
	struct xt_pcapng_block block;

	(void)state;
	ASSERT_ROOM(xt_pcapng_statistics_put(out, room, &statistics), sizeof(wanted));
	assert_int_equal(xt_pcapng_statistics_put(out, sizeof(out), &statistics), sizeof(wanted));
	assert_memory_equal(out, wanted, sizeof(wanted));
	assert_int_equal(xt_pcapng_block_get(&block, out, sizeof(out)), sizeof(wanted));
	assert_true(xt_pcapng_statistics_get(&seen, &block));
	assert_int_equal(seen.interface, 1);
	assert_int_equal(seen.start_ns, 1);
	assert_int_equal(seen.end_ns, statistics.end_ns);
	assert_int_equal(seen.received, statistics.received);
	assert_int_equal(seen.dropped, 7);
}

static void long_texts_are_cut_between_characters(void **state)
{
	static uint8_t big[XT_PCAPNG_BLOCK_MAX];
	struct xt_pcapng_packet packet = {.bytes = big, .len = 4, .comment = (char *)big}, seen;
	struct xt_pcapng_block block;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		big[i] = i % 2 ? 0xa9 : 0xc3; /* two bytes each */
	packet.comment_len = 299;
	for (size_t skip = 0; skip < 2; skip++) {
		packet.comment = (const char *)big + 2 - skip;
		assert_true(xt_pcapng_packet_put(out, sizeof(out), &packet) > 0);
		assert_true(xt_pcapng_block_get(&block, out, sizeof(out)) > 0);
		assert_true(xt_pcapng_packet_get(&seen, &block));
		assert_int_equal(seen.comment_len, XT_PCAPNG_TEXT_MAX - skip);
	}
	packet.len = XT_PCAPNG_BLOCK_MAX;
	assert_int_equal(xt_pcapng_packet_put(out, sizeof(out), &packet), 0);
	assert_int_equal(xt_pcapng_secrets_put(out, sizeof(out), big, XT_PCAPNG_BLOCK_MAX), 0);
}

static void a_block_of_wrong_length_is_refused(void **state)
{
	struct xt_pcapng_block block;
	uint8_t bytes[64] = {LE32(6), LE32(32)};

	(void)state;
	memcpy(bytes + 28, BYTES(LE32(32)), 4);
	for (size_t len = 0; len < 32; len++)
		assert_int_equal(xt_pcapng_block_get(&block, bytes, len), 0);
	assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), 32);
	assert_int_equal(block.len, 20);
	bytes[28] = 36;
	assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), XT_E_SYNTAX);
	for (uint32_t wrong = 0; wrong < 12; wrong++) {
		memcpy(bytes + 4, BYTES(LE32(wrong)), 4);
		assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), XT_E_SYNTAX);
	}
	memcpy(bytes + 4, BYTES(LE32(33)), 4);
	assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), XT_E_SYNTAX);
	memcpy(bytes + 4, BYTES(LE32(XT_PCAPNG_BLOCK_MAX + 4)), 4);
	assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), XT_E_SYNTAX);
	memcpy(bytes + 4, BYTES(0xff, 0xff, 0xff, 0xff), 4);
	assert_int_equal(xt_pcapng_block_get(&block, bytes, sizeof(bytes)), XT_E_SYNTAX);
}

static void a_packet_of_wrong_length_is_refused(void **state)
{
	struct xt_pcapng_packet packet;
	struct xt_pcapng_statistics statistics;
	uint8_t body[40] = {0};
	struct xt_pcapng_block block = {.type = 6, .body = body, .len = 24};

	(void)state;
	body[12] = 4;
	assert_true(xt_pcapng_packet_get(&packet, &block));
	body[12] = 5;
	assert_false(xt_pcapng_packet_get(&packet, &block));
	memset(body + 12, 0xff, 4);
	assert_false(xt_pcapng_packet_get(&packet, &block));
	block.len = 19;
	assert_false(xt_pcapng_packet_get(&packet, &block));
	/* An option that claims more than there is ends the options. */
	memset(body, 0, sizeof(body));
	block.len = 28;
	memcpy(body + 20, BYTES(1, 0, 0xff, 0xff, 'a', 'b', 'c', 'd'), 8);
	assert_true(xt_pcapng_packet_get(&packet, &block));
	assert_null(packet.comment);
	block.len = 23;
	assert_true(xt_pcapng_packet_get(&packet, &block));
	block = (struct xt_pcapng_block){.type = 5, .body = body, .len = 11};
	assert_false(xt_pcapng_statistics_get(&statistics, &block));
	block.type = 6;
	block.len = 40;
	assert_false(xt_pcapng_statistics_get(&statistics, &block));
}

TEST_MAIN(cmocka_unit_test(a_section_names_the_program),
	  cmocka_unit_test(an_interface_carries_ip_packets_and_nanoseconds),
	  cmocka_unit_test(a_packet_has_time_direction_and_comment),
	  cmocka_unit_test(secrets_are_a_key_log),
	  cmocka_unit_test(statistics_tell_what_was_dropped),
	  cmocka_unit_test(long_texts_are_cut_between_characters),
	  cmocka_unit_test(a_block_of_wrong_length_is_refused),
	  cmocka_unit_test(a_packet_of_wrong_length_is_refused))
