/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* Under load: the cost of spoofed messages, and that they push no peer out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sodium.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "core/handshake.h"
#include "crypto/dh.h"
#include "test_main.h"

static struct xt_device *dev;
static struct xt_tx *tx;
static struct xt_public local;
static struct xt_time now;

static void fill_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static int setup(void **state)
{
	struct xt_env env = {.random = fill_random};
	struct xt_change change;

	(void)state;
	now = (struct xt_time){1000 * XT_SECOND, 1800000000 * XT_SECOND};
	if (xt_device_new(&dev, &env) || xt_tx_new(&tx, 2048, 2048 * 160))
		return -1;
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	randombytes_buf(change.private_key.b, sizeof(change.private_key.b));
	xt_dh_clamp(&change.private_key);
	xt_dh_public(&local, &change.private_key);
	if (xt_device_apply(dev, now, &change))
		return -1;
	xt_change_clear(&change);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	xt_device_free(dev);
	xt_tx_free(tx);
	return 0;
}

static struct xt_path from(uint32_t source)
{
	struct xt_path path = {.remote = {{4, {0}}, 40000, 0}};

	xt_be32_put(path.remote.ip.b, source);
	return path;
}

/* An initiation of random bytes with valid macs. */
static enum xt_verdict knock(struct xt_cookie_maker *maker, uint32_t source)
{
	struct xt_path path = from(source);
	uint8_t msg[148];

	randombytes_buf(msg, sizeof(msg));
	memcpy(msg, "\1\0\0\0", 4);
	xt_cookie_add_macs(maker, now.mono, msg, sizeof(msg));
	return xt_handshake_queue(dev, now, &path, msg, sizeof(msg));
}

static void knock_until_load(struct xt_cookie_maker *maker)
{
	for (int i = 0; i < 2 * XT_QUEUE_BUSY && !xt_under_load(dev, now); i++)
		(void)knock(maker, 0xc6120001u);
	assert_true(xt_under_load(dev, now));
}

/* Cookie replies of the last tick to that endpoint. */
static unsigned cookie_replies_to(uint32_t source)
{
	struct xt_path path = from(source);
	unsigned n = 0;

	for (uint32_t i = 0; i < tx->n_runs; i++)
		if (!memcmp(&tx->runs[i].path.remote, &path.remote, sizeof(path.remote)))
			n += tx->runs[i].n;
	return n;
}

static void tick(void)
{
	xt_tx_reset(tx);
	xt_device_tick(dev, now, tx);
}

/* Bring the device under load, then let it answer all that is queued. */
static void load_begin(struct xt_cookie_maker *maker)
{
	xt_cookie_maker_init(maker, &local);
	knock_until_load(maker);
	while (dev->queue.n || dev->cookie_replies.n)
		tick();
}

static void one_source_gets_one_cookie_reply_per_tick(void **state)
{
	struct xt_cookie_maker maker;

	(void)state;
	load_begin(&maker);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(knock(&maker, 0xc6120001u), XT_DROP_UNDER_LOAD);
	assert_int_equal(knock(&maker, 0xc6120002u), XT_DROP_UNDER_LOAD);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(knock(&maker, 0xc6120001u), XT_DROP_UNDER_LOAD);
	tick();
	assert_int_equal(cookie_replies_to(0xc6120001u), 1);
	assert_int_equal(cookie_replies_to(0xc6120002u), 1);
	assert_int_equal(tx->n_vecs, 2);
	assert_true(xt_device_deadline(dev) == XT_NEVER);
}

static void spoofed_sources_do_not_fill_the_queue_and_proved_ones_pass(void **state)
{
	struct xt_cookie_maker maker, honest;
	struct xt_msg_cookie reply;

	(void)state;
	xt_cookie_maker_init(&maker, &local);
	xt_cookie_maker_init(&honest, &local);
	for (uint32_t i = 0; i < 100000; i++) {
		(void)knock(&maker, 0xc6130000u + i % 10000);
		assert_in_range(dev->queue.n, 0, XT_QUEUE_BUSY);
		assert_in_range(dev->cookie_replies.n, 0, XT_PENDING_COOKIE_SLOTS);
	}
	while (dev->queue.n || dev->cookie_replies.n)
		tick();
	assert_int_equal(knock(&honest, 0xc6120002u), XT_DROP_UNDER_LOAD);
	tick();
	assert_int_equal(cookie_replies_to(0xc6120002u), 1);
	assert_int_equal(tx->vecs[0].len, sizeof(reply));
	memcpy(&reply, tx->vecs[0].base, sizeof(reply));
	assert_true(xt_cookie_accept(&honest, now.mono, &reply));
	for (uint32_t i = 0; i < 10000; i++)
		(void)knock(&maker, 0xc6130000u + i);
	assert_int_equal(knock(&honest, 0xc6120002u), XT_TAKEN_HANDSHAKE);
	assert_int_equal(dev->queue.n, 1);
	/* Over the rate limit with a cookie; and the same cookie from another source is invalid. */
	for (int i = 1; i < XT_RATELIMIT_BURST; i++)
		assert_int_equal(knock(&honest, 0xc6120002u), XT_TAKEN_HANDSHAKE);
	assert_int_equal(knock(&honest, 0xc6120002u), XT_DROP_RATE);
	assert_int_equal(knock(&honest, 0xc6120003u), XT_DROP_UNDER_LOAD);
}

static void what_answers_nothing_is_dropped_before_the_queue(void **state)
{
	struct xt_path path = from(0xc6120001u);
	uint8_t msg[148] = {0};

	(void)state;
	for (int i = 0; i < 2 * XT_QUEUE_MAX; i++) {
		randombytes_buf(msg + 4, sizeof(msg) - 4);
		msg[0] = XT_MSG_INITIATION;
		assert_int_equal(xt_handshake_queue(dev, now, &path, msg, 148), XT_DROP_MAC1);
		msg[0] = XT_MSG_RESPONSE;
		assert_int_equal(xt_handshake_queue(dev, now, &path, msg, 92), XT_DROP_INDEX);
		msg[0] = XT_MSG_COOKIE;
		assert_int_equal(xt_handshake_queue(dev, now, &path, msg, 64), XT_DROP_COOKIE);
	}
	assert_int_equal(dev->queue.n, 0);
	assert_false(xt_under_load(dev, now));
	assert_true(xt_device_deadline(dev) == XT_NEVER);
}

static void load_stays_as_long_as_the_flood_and_a_second(void **state)
{
	struct xt_cookie_maker maker;
	uint64_t before;

	(void)state;
	load_begin(&maker);
	before = dev->verdicts[XT_DROP_HANDSHAKE];
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < XT_LOAD_STAY / 4; k++)
			assert_int_equal(knock(&maker, 0xc6120001u), XT_DROP_UNDER_LOAD);
		now.mono += 100 * XT_MS;
		tick();
	}
	assert_int_equal(dev->verdicts[XT_DROP_HANDSHAKE], before); /* none more was read */
	now.mono += XT_LOAD_HOLD;
	assert_false(xt_under_load(dev, now));
	assert_int_equal(knock(&maker, 0xc6120001u), XT_TAKEN_HANDSHAKE);
}

/* XT_LOAD_STAY messages make it last longer, once. */
static void a_trickle_does_not_keep_the_load_up(void **state)
{
	struct xt_cookie_maker maker;

	(void)state;
	load_begin(&maker);
	for (int i = 0; i < XT_LOAD_STAY; i++)
		assert_int_equal(knock(&maker, 0xc6120001u), XT_DROP_UNDER_LOAD);
	now.mono += 900 * XT_MS;
	assert_int_equal(knock(&maker, 0xc6120001u), XT_DROP_UNDER_LOAD);
	now.mono += 200 * XT_MS;
	assert_false(xt_under_load(dev, now));
}

static void what_was_queued_before_the_load_is_worked_off(void **state)
{
	struct xt_cookie_maker maker;
	uint32_t queued;

	(void)state;
	xt_cookie_maker_init(&maker, &local);
	knock_until_load(&maker);
	queued = dev->queue.n;
	assert_in_range(queued, XT_LOAD_BURST / XT_HANDSHAKE_COST - 1, XT_QUEUE_BUSY);
	while (dev->queue.n)
		tick();
	assert_int_equal(dev->verdicts[XT_DROP_HANDSHAKE], queued);
}

/* 100 ms of work at once, and as much again when it is paid for. */
static void a_burst_of_a_tenth_of_a_second_is_no_load(void **state)
{
	struct xt_cookie_maker maker;

	(void)state;
	xt_cookie_maker_init(&maker, &local);
	for (int burst = 0; burst < 20; burst++) {
		for (uint32_t i = 0; i < 100 * XT_MS / XT_HANDSHAKE_COST; i++)
			assert_int_equal(knock(&maker, 0xc6120000u + i), XT_TAKEN_HANDSHAKE);
		while (dev->queue.n)
			tick();
		now.mono += 400 * XT_MS;
	}
	assert_false(xt_under_load(dev, now));
}

/* 3,000 a second, of which none is ever queued for long. */
static void a_steady_flood_gets_a_share_of_the_processor(void **state)
{
	struct xt_cookie_maker maker;
	uint32_t admitted = 0;

	(void)state;
	xt_cookie_maker_init(&maker, &local);
	for (uint32_t i = 0; i < 30000; i++) { /* 10 s */
		now.mono += XT_SECOND / 3000;
		admitted += knock(&maker, 0xc6130000u + i % 10000) == XT_TAKEN_HANDSHAKE;
		tick();
	}
	assert_in_range(admitted * XT_HANDSHAKE_COST, XT_LOAD_BURST, 5 * XT_SECOND);
}

static uint64_t ticking_clock(void *ctx)
{
	static uint64_t at;

	return at += *(uint64_t *)ctx;
}

/* Messages of one burst that are admitted, when a tick of the budget's messages takes that long. */
static uint32_t admitted_at(uint64_t tick_ns)
{
	struct xt_cookie_maker maker;
	uint32_t n = 0;

	xt_cookie_maker_init(&maker, &local);
	dev->env.clock = ticking_clock;
	dev->env.ctx = &tick_ns;
	now.mono += 10 * XT_SECOND;
	for (int i = 0; i < 1000; i++) { /* slowly, so that the cost is measured */
		assert_int_equal(knock(&maker, 0xc6120001u), XT_TAKEN_HANDSHAKE);
		now.mono += 10 * XT_MS;
		tick();
	}
	now.mono += 10 * XT_SECOND;
	while (knock(&maker, 0xc6120001u) == XT_TAKEN_HANDSHAKE)
		n++;
	while (dev->queue.n || dev->cookie_replies.n)
		tick();
	return n;
}

static void load_is_judged_by_what_a_handshake_costs(void **state)
{
	(void)state;
	assert_int_equal(admitted_at(XT_MS), 1000); /* one message a tick: 1 ms each */
	assert_int_equal(admitted_at(1500 * 1000), 666);
	assert_in_range(admitted_at(1), XT_QUEUE_BUSY - 1, XT_QUEUE_BUSY);
	assert_int_equal(admitted_at(60 * XT_SECOND), 500); /* a process that was stopped */
}

/* Another key does not undo what was measured. */
static void an_estimate_holds_until_the_cost_is_measured(void **state)
{
	struct xt_load load;
	uint64_t measured;

	(void)state;
	xt_load_init(&load);
	xt_load_estimate(&load, 100 * 1000);
	assert_int_equal(load.cost, 600 * 1000);
	xt_load_worked(&load, 0, 4 * XT_MS, 4);
	measured = load.cost;
	assert_int_equal(measured, XT_MS);
	xt_load_estimate(&load, 100 * 1000);
	assert_int_equal(load.cost, measured);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(T(one_source_gets_one_cookie_reply_per_tick),
	  T(spoofed_sources_do_not_fill_the_queue_and_proved_ones_pass),
	  T(what_answers_nothing_is_dropped_before_the_queue),
	  T(load_stays_as_long_as_the_flood_and_a_second), T(a_trickle_does_not_keep_the_load_up),
	  T(what_was_queued_before_the_load_is_worked_off),
	  T(a_burst_of_a_tenth_of_a_second_is_no_load),
	  T(a_steady_flood_gets_a_share_of_the_processor),
	  T(load_is_judged_by_what_a_handshake_costs),
	  T(an_estimate_holds_until_the_cost_is_measured))
