/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* The easy interface: two devices, joined by memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <cmocka.h>

#include <xtunnel/xtunnel.h>

#include "test_main.h"

#define LEFT  1
#define RIGHT 2

static struct xt_easy *left, *right;
static struct xt_time now;

static void random_bytes(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	assert_int_equal(getrandom(buf, n, 0), n);
}

static struct xt_path path_of(uint8_t side)
{
	return (struct xt_path){.remote = {.ip = {4, {198, 18, 0, side}}, .port = 51820}};
}

static void introduce(struct xt_easy *easy, struct xt_easy *other, uint8_t side, bool reachable)
{
	struct xt_cidr inner = {{4, {10, 7, 0, side}}, 32};
	struct xt_public key = xt_easy_key(other);
	struct xt_path path = path_of(side);

	assert_int_equal(
	    xt_easy_add_peer(easy, now, &key, reachable ? &path.remote : NULL, &inner, 1), 0);
}

static int begin(void **state)
{
	struct xt_env env = {.random = random_bytes};

	(void)state;
	now = (struct xt_time){.mono = 1000000000, .wall = 1767225600000000000};
	assert_int_equal(xt_easy_new(&left, &env, NULL), 0);
	assert_int_equal(xt_easy_new(&right, &env, NULL), 0);
	introduce(left, right, RIGHT, true);
	introduce(right, left, LEFT, false);
	return 0;
}

static int end(void **state)
{
	(void)state;
	xt_easy_free(left);
	xt_easy_free(right);
	return 0;
}

/* An IPv4 packet of len bytes, whose last byte is mark. */
static int send_packet(struct xt_easy *easy, uint8_t src, uint8_t dst, size_t len, uint8_t mark)
{
	uint8_t packet[1500] = {0x45,
				0,
				(uint8_t)(len >> 8),
				(uint8_t)len,
				0,
				0,
				0,
				0,
				64,
				17,
				0,
				0,
				10,
				7,
				0,
				src,
				10,
				7,
				0,
				dst};

	packet[len - 1] = mark;
	return xt_easy_send(easy, now, packet, len);
}

/* The datagrams that wait in from go to the other device; how many. */
static unsigned carry(struct xt_easy *from, uint8_t side, struct xt_easy *to)
{
	struct xt_easy_datagram datagram;
	unsigned n = 0;

	for (; xt_easy_take_datagram(from, &datagram); n++) {
		datagram.path = path_of(side);
		assert_true(xt_easy_recv(to, now, &datagram) >= 0);
	}
	return n;
}

static void ends_exchange(void)
{
	while (carry(left, LEFT, right) + carry(right, RIGHT, left))
		;
}

static void expect_packet(struct xt_easy *at, struct xt_easy *sender, size_t len, uint8_t mark)
{
	struct xt_public key = xt_easy_key(sender);
	struct xt_easy_packet packet;

	assert_true(xt_easy_take_packet(at, &packet));
	assert_int_equal(packet.len, len);
	assert_int_equal(packet.data[len - 1], mark);
	assert_memory_equal(&packet.peer, &key, sizeof(key));
}

static void expect_nothing(struct xt_easy *at)
{
	struct xt_easy_packet packet;
	struct xt_easy_datagram datagram;

	assert_false(xt_easy_take_packet(at, &packet));
	assert_false(xt_easy_take_datagram(at, &datagram));
}

static void connect_both(void)
{
	assert_int_equal(send_packet(left, LEFT, RIGHT, 100, 1), XT_STAGED);
	ends_exchange();
	expect_packet(right, left, 100, 1);
}

static void a_handshake_brings_the_first_packet_across(void **state)
{
	struct xt_easy_datagram initiation;

	(void)state;
	assert_int_equal(send_packet(left, LEFT, RIGHT, 100, 7), XT_STAGED);
	assert_true(xt_easy_take_datagram(left, &initiation));
	assert_int_equal(initiation.len, 148);
	assert_int_equal(initiation.path.remote.ip.b[3], RIGHT);
	assert_int_equal(initiation.path.remote.port, 51820);
	initiation.path = path_of(LEFT);
	assert_int_equal(xt_easy_recv(right, now, &initiation), XT_TAKEN_HANDSHAKE);
	assert_int_equal(carry(right, RIGHT, left), 1);
	assert_int_equal(carry(left, LEFT, right), 1);
	expect_packet(right, left, 100, 7);
	expect_nothing(left);
	expect_nothing(right);
}

static void data_goes_both_ways(void **state)
{
	(void)state;
	connect_both();
	assert_int_equal(send_packet(right, RIGHT, LEFT, 1400, 2), XT_PASS);
	assert_int_equal(send_packet(right, RIGHT, LEFT, 20, 10), XT_DROP_NO_ROUTE);
	assert_int_equal(send_packet(right, RIGHT, LEFT, 60, 3), XT_PASS);
	assert_int_equal(send_packet(left, LEFT, RIGHT, 61, 4), XT_PASS);
	assert_int_equal(carry(right, RIGHT, left), 2);
	assert_int_equal(carry(left, LEFT, right), 1);
	expect_packet(left, right, 1400, 2);
	expect_packet(left, right, 60, 3);
	expect_packet(right, left, 61, 4);
	expect_nothing(left);
	expect_nothing(right);
}

static void a_packet_of_a_peer_outlives_the_peer(void **state)
{
	struct xt_public key = xt_easy_key(left);
	struct xt_change change;

	(void)state;
	connect_both();
	assert_int_equal(send_packet(left, LEFT, RIGHT, 80, 9), XT_PASS);
	carry(left, LEFT, right);
	xt_change_init(&change);
	xt_change_peer(&change, &key)->set = XT_PEER_REMOVE;
	assert_int_equal(xt_device_apply(xt_easy_device(right), now, &change), 0);
	xt_change_clear(&change);
	expect_packet(right, left, 80, 9);
}

static void a_wrong_size_is_refused_without_effect(void **state)
{
	static uint8_t bytes[XT_PACKET_MAX + 1];
	struct xt_easy_datagram datagram = {.data = bytes, .path = path_of(LEFT)};

	(void)state;
	assert_int_equal(xt_easy_send(left, now, bytes, 0), XT_E_INVALID);
	assert_int_equal(xt_easy_send(left, now, bytes, sizeof(bytes)), XT_E_INVALID);
	assert_int_equal(xt_easy_send(left, now, bytes, XT_PACKET_MAX), XT_DROP_MALFORMED);
	datagram.len = sizeof(bytes);
	assert_int_equal(xt_easy_recv(left, now, &datagram), XT_E_INVALID);
	datagram.len = XT_PACKET_MAX;
	assert_int_equal(xt_easy_recv(left, now, &datagram), XT_DROP_MESSAGE);
	datagram.len = 0;
	assert_int_equal(xt_easy_recv(left, now, &datagram), XT_DROP_MESSAGE);
	expect_nothing(left);
}

static void a_forged_datagram_yields_no_packet(void **state)
{
	struct xt_easy_datagram datagram;
	uint8_t forged[200];

	(void)state;
	connect_both();
	assert_int_equal(send_packet(left, LEFT, RIGHT, 100, 1), XT_PASS);
	assert_true(xt_easy_take_datagram(left, &datagram));
	assert_true(datagram.len <= sizeof(forged));
	memcpy(forged, datagram.data, datagram.len);
	forged[datagram.len - 1] ^= 1;
	datagram.path = path_of(LEFT);
	datagram.data = forged;
	assert_int_equal(xt_easy_recv(right, now, &datagram), XT_DROP_AUTH);
	forged[datagram.len - 1] ^= 1;
	assert_int_equal(xt_easy_recv(right, now, &datagram), XT_PASS);
	assert_int_equal(xt_easy_recv(right, now, &datagram), XT_DROP_REPLAY);
	expect_packet(right, left, 100, 1);
	expect_nothing(right);
}

static void full_buffers_refuse_and_lose_nothing(void **state)
{
	struct xt_easy_packet packet;
	unsigned sent = 0, taken = 0;
	int result;

	(void)state;
	connect_both();
	while ((result = send_packet(left, LEFT, RIGHT, 1400, (uint8_t)sent)) == XT_PASS)
		sent++;
	assert_int_equal(result, XT_E_FULL);
	assert_true(sent >= 64);
	assert_int_equal(carry(left, LEFT, right), sent);
	assert_int_equal(send_packet(left, LEFT, RIGHT, 1400, (uint8_t)sent++), XT_PASS);
	while (xt_easy_take_packet(right, &packet))
		assert_int_equal(packet.data[1399], (uint8_t)taken++);
	assert_int_equal(carry(left, LEFT, right), 1);
	while (xt_easy_take_packet(right, &packet))
		assert_int_equal(packet.data[1399], (uint8_t)taken++);
	assert_int_equal(taken, sent);
}

static void a_receiver_that_takes_nothing_is_full(void **state)
{
	struct xt_easy_datagram datagram;
	unsigned kept = 0;
	int result = XT_PASS;

	(void)state;
	connect_both();
	while (result == XT_PASS) {
		if (send_packet(left, LEFT, RIGHT, 1400, 0) == XT_E_FULL)
			fail();
		assert_true(xt_easy_take_datagram(left, &datagram));
		datagram.path = path_of(LEFT);
		result = xt_easy_recv(right, now, &datagram);
		kept += result == XT_PASS;
	}
	assert_int_equal(result, XT_E_FULL);
	for (; kept; kept--)
		expect_packet(right, left, 1400, 0);
	assert_int_equal(xt_easy_recv(right, now, &datagram), XT_PASS);
}

static void all_staged_packets_come_out(void **state)
{
	struct xt_easy_datagram initiation, response;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(send_packet(left, LEFT, RIGHT, 1400, (uint8_t)i), XT_STAGED);
	assert_true(xt_easy_take_datagram(left, &initiation));
	initiation.path = path_of(LEFT);
	xt_easy_recv(right, now, &initiation);
	assert_true(xt_easy_take_datagram(right, &response));
	response.path = path_of(RIGHT);
	xt_easy_recv(left, now, &response);
	n = carry(left, LEFT, right);
	assert_int_equal(n, 128);
	for (unsigned i = 0; i < n; i++)
		expect_packet(right, left, 1400, (uint8_t)i);
}

static void device_traffic_follows_when_full_buffers_are_emptied(void **state)
{
	struct xt_easy_datagram datagram;
	int sent = 0;
	size_t last = 0;

	(void)state;
	connect_both();
	assert_int_equal(send_packet(right, RIGHT, LEFT, 100, 1), XT_PASS);
	while (send_packet(left, LEFT, RIGHT, 100, 1) == XT_PASS)
		sent++;
	assert_int_equal(carry(right, RIGHT, left), 1);
	now.mono += 11000000000; /* the packet wants a keepalive as its answer */
	xt_easy_poll(left, now);
	for (; xt_easy_take_datagram(left, &datagram); sent--)
		last = datagram.len;
	assert_int_equal(last, 32);
	assert_int_equal(sent, -1);
}

static void poll_repeats_an_unanswered_initiation_at_its_deadline(void **state)
{
	struct xt_easy_datagram datagram;
	uint64_t deadline;

	(void)state;
	assert_int_equal(xt_easy_poll(right, now), XT_NEVER);
	assert_int_equal(send_packet(left, LEFT, RIGHT, 100, 1), XT_STAGED);
	assert_true(xt_easy_take_datagram(left, &datagram));
	deadline = xt_easy_poll(left, now);
	assert_true(deadline >= now.mono + 5000000000 && deadline < now.mono + 6000000000);
	assert_int_equal(deadline, xt_device_deadline(xt_easy_device(left)));
	assert_false(xt_easy_take_datagram(left, &datagram));
	now.wall += deadline - now.mono;
	now.mono = deadline;
	assert_true(xt_easy_poll(left, now) > deadline);
	assert_true(xt_easy_take_datagram(left, &datagram));
	assert_int_equal(datagram.len, 148);
}

static void a_given_key_is_the_devices(void **state)
{
	struct xt_env env = {.random = random_bytes};
	struct xt_private key = {{1, 2, 3}};
	struct xt_easy *a, *b;
	struct xt_public one, two;

	(void)state;
	assert_int_equal(xt_easy_new(&a, &env, &key), 0);
	assert_int_equal(xt_easy_new(&b, &env, &key), 0);
	one = xt_easy_key(a);
	two = xt_easy_key(b);
	assert_memory_equal(&one, &two, sizeof(one));
	xt_easy_free(a);
	xt_easy_free(b);
	xt_easy_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST_MAIN(TEST(a_handshake_brings_the_first_packet_across), TEST(data_goes_both_ways),
	  TEST(a_packet_of_a_peer_outlives_the_peer), TEST(a_wrong_size_is_refused_without_effect),
	  TEST(a_forged_datagram_yields_no_packet), TEST(full_buffers_refuse_and_lose_nothing),
	  TEST(a_receiver_that_takes_nothing_is_full), TEST(all_staged_packets_come_out),
	  TEST(device_traffic_follows_when_full_buffers_are_emptied),
	  TEST(poll_repeats_an_unanswered_initiation_at_its_deadline),
	  TEST(a_given_key_is_the_devices))
