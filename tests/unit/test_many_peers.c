/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A hub: memory, work and wake-ups with 100,000 peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "test_main.h"

#define MANY 100000u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Seconds of CPU for what is linear; what is quadratic takes many times as long. */
#define LINEAR_S (SANITIZED ? 60.0 : 5.0)

static const struct xt_time now = {1000000000000ull, 1800000000000000000ull};

static void fill_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static struct xt_public key_of(uint32_t i)
{
	struct xt_public key = {{0}};

	xt_be32_put(key.b, i + 1);
	key.b[31] = 1;
	return key;
}

static struct xt_ip inner_of(uint32_t i)
{
	struct xt_ip ip = {.family = 4};

	xt_be32_put(ip.b, 0x0a000000u + i);
	return ip;
}

static struct xt_endpoint endpoint_of(uint32_t i)
{
	struct xt_endpoint ep = {{4, {198, 18}}, 1024, 0};

	xt_be16_put(ep.ip.b + 2, (uint16_t)i);
	ep.port = (uint16_t)(1024 + (i >> 16));
	return ep;
}

static struct xt_peer_change *put_peer(struct xt_change *change, uint32_t i)
{
	struct xt_public key = key_of(i);
	struct xt_cidr cidr = {inner_of(i), 32};
	struct xt_peer_change *p = xt_change_peer(change, &key);

	assert_non_null(p);
	p->set = XT_PEER_ENDPOINT;
	p->endpoint = endpoint_of(i);
	assert_int_equal(xt_change_allowed(p, &cidr, false), 0);
	return p;
}

/* Peers of numbers [from, to). */
static void put_peers(struct xt_change *change, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		put_peer(change, i);
}

static void apply(struct xt_device *dev, struct xt_change *change)
{
	assert_int_equal(xt_device_apply(dev, now, change), 0);
	xt_change_clear(change);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void put_key(struct xt_change *change, uint8_t first)
{
	change->set |= XT_SET_PRIVATE_KEY;
	memset(change->private_key.b, 7, sizeof(change->private_key.b));
	change->private_key.b[0] = first;
}

static struct xt_device *hub(uint32_t n)
{
	struct xt_env env = {.random = fill_random};
	struct xt_device *dev;
	struct xt_change change;

	assert_int_equal(xt_device_new(&dev, &env), 0);
	xt_change_init(&change);
	put_key(&change, 8);
	put_peers(&change, 0, n);
	apply(dev, &change);
	return dev;
}

static size_t resident(void)
{
	unsigned long total = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &total, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double cpu(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void assert_linear(double since, const char *what)
{
	print_message("%s: %.2f s of CPU\n", what, cpu() - since);
	assert_true(cpu() - since < LINEAR_S);
}

static void a_peer_without_a_session_takes_less_than_two_kilobytes(void **state)
{
	size_t before = resident(), each, with;
	struct xt_device *dev = hub(MANY);
	struct xt_peer *peer;
	struct xt_noise_keys keys = {{1}, {2}};

	(void)state;
	each = (resident() - before) / MANY;
	for (uint32_t i = 0; i < MANY; i++) {
		struct xt_public key = key_of(i);
		uint32_t index;
		struct xt_keypair *kp;

		peer = xt_peer_find(dev, &key);
		assert_int_equal(xt_index_insert(&dev->index, XT_INDEX_HANDSHAKE, peer, fill_random,
						 NULL, &index),
				 0);
		kp = xt_keypair_new(&dev->keypairs, peer, &keys, index, i, true, now.mono);
		assert_non_null(kp);
		xt_keypair_install(&dev->keypairs, &peer->keypairs, kp);
	}
	with = (resident() - before) / MANY;
	print_message("a peer: %zu bytes, with a session %zu\n", each, with);
	if (!SANITIZED) {
		assert_in_range(each, 1, 2048);
		assert_in_range(with, 1, 4096);
	}
	xt_device_free(dev);
}

static void the_same_peers_once_more_take_no_more_memory(void **state)
{
	struct xt_device *dev = hub(MANY);
	size_t before = resident();
	struct xt_change change;
	double since = cpu();

	(void)state;
	for (int i = 0; i < 3; i++) {
		xt_change_init(&change);
		change.set = XT_SET_REPLACE_PEERS;
		put_peers(&change, 0, MANY);
		apply(dev, &change);
		assert_int_equal(dev->n_peers, MANY);
	}
	assert_linear(since, "three times all peers");
	/* One copy too many would be three times that; huge pages come and go meanwhile. */
	if (!SANITIZED)
		assert_true(resident() < before + MANY * 300);
	xt_device_free(dev);
}

static void more_peers_than_sixteen_bits_count_are_all_found(void **state)
{
	struct xt_device *dev = hub(MANY);
	struct xt_report *report;
	double since = cpu();

	(void)state;
	assert_int_equal(xt_device_report(dev, now, &report), 0);
	assert_int_equal(report->n_peers, MANY);
	assert_int_equal(report->n_allowed, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct xt_public key = key_of(i);
		struct xt_ip ip = inner_of(i);
		struct xt_endpoint ep = endpoint_of(i);
		struct xt_peer *peer = xt_peer_find(dev, &key);

		assert_non_null(peer);
		assert_ptr_equal(xt_device_route(dev, &ip), peer);
		assert_ptr_equal(xt_peer_find_endpoint(dev, &ep), peer);
		assert_memory_equal(&report->peers[i].key, &key, sizeof(key));
	}
	assert_linear(since, "all peers found, three ways");
	xt_report_free(report);
	xt_device_free(dev);
}

static void another_key_and_other_peers_in_one_change_are_linear(void **state)
{
	struct xt_device *dev = hub(MANY);
	struct xt_change change;
	double since = cpu();

	(void)state;
	xt_change_init(&change);
	put_key(&change, 16);
	change.set |= XT_SET_REPLACE_PEERS;
	put_peers(&change, MANY / 2, MANY + MANY / 2);
	apply(dev, &change);
	assert_int_equal(dev->n_peers, MANY);
	/* Marked dirty in order, removed in reverse. */
	xt_change_init(&change);
	put_peers(&change, MANY / 2, MANY + MANY / 2);
	for (uint32_t i = MANY; i-- > 0;) {
		struct xt_public key = key_of(MANY / 2 + i);

		xt_change_peer(&change, &key)->set = XT_PEER_REMOVE;
	}
	apply(dev, &change);
	assert_int_equal(dev->n_peers, 0);
	assert_linear(since, "replaced, touched and removed");
	xt_device_free(dev);
}

static void peers_at_one_endpoint_are_linear(void **state)
{
	struct xt_device *dev = hub(0);
	struct xt_endpoint all = endpoint_of(1);
	struct xt_peer *peer;
	struct xt_change change;
	uint32_t n = 0;
	double since = cpu();

	(void)state;
	xt_change_init(&change);
	for (uint32_t i = 0; i < MANY; i++)
		put_peer(&change, i)->endpoint = all;
	apply(dev, &change);
	for (peer = xt_peer_find_endpoint(dev, &all); peer; peer = peer->next_same)
		n++;
	assert_int_equal(n, MANY);
	xt_device_free(dev);
	assert_linear(since, "all at one endpoint");
}

static void idle_peers_have_no_deadline(void **state)
{
	struct xt_device *dev = hub(MANY);
	struct xt_tx *tx;
	struct xt_time later = {now.mono + 1, now.wall + 1};

	(void)state;
	assert_int_equal(xt_tx_new(&tx, 64, 64 * 160), 0);
	assert_true(xt_device_deadline(dev) == XT_NEVER);
	xt_device_tick(dev, later, tx);
	assert_int_equal(tx->n_vecs, 0);
	assert_true(xt_device_deadline(dev) == XT_NEVER);
	xt_tx_free(tx);
	xt_device_free(dev);
}

/* A Diffie-Hellman or three each: with all of them in one tick packets would wait for long. */
static void peers_that_are_due_at_once_call_a_few_a_tick(void **state)
{
	struct xt_device *dev = hub(0);
	struct xt_time at = {now.mono + 1, now.wall + 1};
	uint32_t called = 0, ticks = 0, before;
	struct xt_change change;
	struct xt_tx *tx;

	(void)state;
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	change.private_key.b[0] = 9;
	for (uint32_t i = 0; i < 100; i++) {
		struct xt_peer_change *pc = put_peer(&change, i);

		pc->set |= XT_PEER_KEEPALIVE;
		pc->keepalive_s = 25;
	}
	apply(dev, &change);
	assert_int_equal(xt_tx_new(&tx, 256, 256 * 160), 0);
	for (; called < 100 && ticks < 1000; ticks++) {
		before = tx->n_vecs;
		assert_true(xt_device_deadline(dev) <= at.mono);
		xt_device_tick(dev, at, tx);
		assert_in_range(tx->n_vecs - before, 1, 16);
		called += tx->n_vecs - before;
	}
	assert_int_equal(called, 100);
	assert_true(xt_device_deadline(dev) > at.mono);
	xt_tx_free(tx);
	xt_device_free(dev);
}

/* Recreated peers are in the order of the change. */
static void replaced_peers_stand_in_the_order_of_the_change(void **state)
{
	static const uint32_t order[] = {5, 0, 9, 3};
	struct xt_device *dev = hub(8);
	struct xt_report *report;
	struct xt_public key = key_of(0);
	struct xt_change change;

	(void)state;
	xt_peer_find(dev, &key)->tx_bytes = 1;
	xt_change_init(&change);
	change.set = XT_SET_REPLACE_PEERS;
	key = key_of(7); /* removed above, so there is nothing to update */
	xt_change_peer(&change, &key)->set = XT_PEER_UPDATE_ONLY;
	for (size_t i = 0; i < XT_LEN(order); i++)
		put_peer(&change, order[i]);
	apply(dev, &change);
	assert_int_equal(xt_device_report(dev, now, &report), 0);
	assert_int_equal(report->n_peers, XT_LEN(order));
	for (size_t i = 0; i < XT_LEN(order); i++) {
		key = key_of(order[i]);
		assert_memory_equal(&report->peers[i].key, &key, sizeof(key));
		assert_int_equal(report->peers[i].n_allowed, 1);
		assert_int_equal(report->peers[i].tx_bytes, 0);
	}
	xt_report_free(report);
	xt_device_free(dev);
}

static void a_refused_replacement_leaves_all_peers(void **state)
{
	struct xt_device *dev = hub(8);
	struct xt_public key = key_of(0);
	struct xt_change change;

	(void)state;
	for (int round = 0; round < 2; round++) {
		xt_change_init(&change);
		change.set = XT_SET_REPLACE_PEERS;
		put_peers(&change, 0, 20);
		put_peer(&change, 3)->endpoint.port = 0;
		assert_int_equal(xt_device_apply(dev, now, &change), XT_E_INVALID);
		xt_change_clear(&change);
		assert_int_equal(dev->n_peers, 8);
		assert_int_equal(HASH_CNT(by_key, dev->peers_by_key), 8);
		assert_false(xt_peer_find(dev, &key)->recreated);
	}
	xt_device_free(dev);
}

TEST_MAIN(cmocka_unit_test(a_peer_without_a_session_takes_less_than_two_kilobytes),
	  cmocka_unit_test(the_same_peers_once_more_take_no_more_memory),
	  cmocka_unit_test(more_peers_than_sixteen_bits_count_are_all_found),
	  cmocka_unit_test(another_key_and_other_peers_in_one_change_are_linear),
	  cmocka_unit_test(peers_at_one_endpoint_are_linear),
	  cmocka_unit_test(idle_peers_have_no_deadline),
	  cmocka_unit_test(peers_that_are_due_at_once_call_a_few_a_tick),
	  cmocka_unit_test(replaced_peers_stand_in_the_order_of_the_change),
	  cmocka_unit_test(a_refused_replacement_leaves_all_peers))
