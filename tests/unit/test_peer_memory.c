/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* What a device remembers of its peers across restarts, taken and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "core/device_impl.h"
#include "device_pair.h"
#include "test_main.h"

static struct xt_peer *peer_of(struct pair *p)
{
	return xt_device_peer(p->a.dev, &p->b.pub);
}

static struct xt_peer_memory memory_take(struct pair *p)
{
	struct xt_peer_memory record;

	xt_peer_remember(p->a.dev, peer_of(p));
	assert_true(xt_device_memory_changed(p->a.dev));
	assert_int_equal(xt_device_memory_take(p->a.dev, &record, 1), 1);
	assert_false(xt_device_memory_changed(p->a.dev));
	return record;
}

static void endpoint_drop(struct pair *p)
{
	struct xt_path none = {0};

	xt_peer_set_path(p->a.dev, peer_of(p), &none);
}

static struct xt_peer_memory record_of(struct pair *p)
{
	struct xt_peer_memory record;

	memset(&record, 0, sizeof(record));
	record.key = p->b.pub;
	record.endpoint = p->b.path.remote;
	record.heard_wall_ns = p->now.wall - XT_SECOND;
	return record;
}

static void a_peer_that_called_is_remembered(void **state)
{
	static const uint8_t none[XT_TIMESTAMP_LEN];
	struct pair *p = *state;
	struct xt_peer_memory record;
	struct xt_path unknown = {0};

	xt_peer_set_path(p->b.dev, xt_device_peer(p->b.dev, &p->a.pub), &unknown);
	packet_send(p, &p->a, &p->b, 100);
	pair_run(p);
	assert_int_equal(verdict_count(&p->b, XT_PASS), 1);
	assert_int_equal(xt_device_memory_take(p->b.dev, &record, 1), 1);
	assert_memory_equal(record.key.b, p->a.pub.b, sizeof(record.key.b));
	assert_memory_equal(&record.endpoint, &p->a.path.remote, sizeof(record.endpoint));
	assert_int_equal(record.heard_wall_ns, p->now.wall);
	assert_memory_not_equal(record.timestamp, none, sizeof(none));
	p->now.mono += 10 * XT_SECOND;
	p->now.wall += 10 * XT_SECOND;
	p->a.path.remote.port++; /* it moves in the same session */
	packet_send(p, &p->a, &p->b, 100);
	assert_int_equal(xt_device_memory_take(p->b.dev, &record, 1), 1);
	assert_memory_equal(&record.endpoint, &p->a.path.remote, sizeof(record.endpoint));
	assert_int_equal(record.heard_wall_ns, p->now.wall);
}

static void only_a_learned_endpoint_without_a_link_is_remembered(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = peer_of(p);
	struct xt_peer_memory record = memory_take(p);

	assert_int_equal(record.endpoint.ip.family, 0); /* that of the configuration */
	peer->endpoint_learned = true;
	record = memory_take(p);
	assert_memory_equal(&record.endpoint, &p->b.path.remote, sizeof(record.endpoint));
	peer->path.remote.scope = 7;
	record = memory_take(p);
	assert_int_equal(record.endpoint.ip.family, 0);
}

static void the_greatest_timestamp_and_the_latest_contact_stay(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = peer_of(p);
	struct xt_peer_memory record = record_of(p);

	for (int i = 0; i < 3; i++) {
		static const uint8_t given[] = {5, 9, 2}, kept[] = {5, 9, 9};

		record.timestamp[0] = given[i];
		record.heard_wall_ns = given[i] * XT_SECOND;
		assert_true(xt_device_memory_restore(p->a.dev, p->now, &record));
		assert_int_equal(peer->last_timestamp[0], kept[i]);
		assert_int_equal(peer->heard_wall, kept[i] * XT_SECOND);
	}
	record.key.b[0] ^= 1;
	assert_false(xt_device_memory_restore(p->a.dev, p->now, &record));
}

static void an_endpoint_comes_back_early_when_there_is_none(void **state)
{
	struct pair *p = *state;
	struct xt_peer *peer = peer_of(p);
	struct xt_peer_memory record = record_of(p);
	uint64_t end = p->now.mono + XT_SECOND;

	record.endpoint.port++;
	p->a.dev->restart_until = end;
	xt_device_memory_restore(p->a.dev, p->now, &record);
	assert_int_equal(peer->path.remote.port, p->b.path.remote.port); /* configured */
	endpoint_drop(p);
	p->now.mono = end;
	xt_device_memory_restore(p->a.dev, p->now, &record);
	assert_int_equal(peer->path.remote.ip.family, 0); /* too late after the start */
	p->now.mono = end - 1;
	record.heard_wall_ns = p->now.wall - XT_REMEMBER_ENDPOINT;
	xt_device_memory_restore(p->a.dev, p->now, &record);
	assert_int_equal(peer->path.remote.ip.family, 0); /* heard too long ago */
	record.heard_wall_ns++;
	xt_device_memory_restore(p->a.dev, p->now, &record);
	assert_int_equal(peer->path.remote.port, record.endpoint.port);
	assert_true(peer->endpoint_learned); /* so the next restart has it as well */
	assert_int_equal(xt_device_deadline(p->a.dev), XT_NEVER); /* nothing waited for it */
}

static void what_waited_for_the_endpoint_goes_at_once(void **state)
{
	struct pair *p = *state;
	struct xt_peer_memory record = record_of(p);

	for (int keepalive = 0; keepalive < 2; keepalive++) {
		struct xt_peer *peer = peer_of(p);

		p->a.dev->restart_until = p->now.mono + XT_SECOND;
		endpoint_drop(p);
		xt_timers_init(&peer->timers);
		xt_staged_clear(p->a.dev->staged, &peer->staged);
		if (keepalive) {
			peer->timers.persistent_s = 25;
		} else {
			uint32_t pushed_out;

			assert_true(xt_staged_push(p->a.dev->staged, &peer->staged, record.key.b,
						   32, 8, &pushed_out));
		}
		xt_device_memory_restore(p->a.dev, p->now, &record);
		assert_int_equal(xt_device_deadline(p->a.dev), p->now.mono);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(T(a_peer_that_called_is_remembered),
	  T(only_a_learned_endpoint_without_a_link_is_remembered),
	  T(the_greatest_timestamp_and_the_latest_contact_stay),
	  T(an_endpoint_comes_back_early_when_there_is_none),
	  T(what_waited_for_the_endpoint_goes_at_once))
