/* SPDX-License-Identifier: MIT */
/* layers: host */
/* Host names: found, not found, and a stop in between. Uses the system's resolver for localhost and
 * for a name that can never exist (RFC 6761). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "host/resolve_uv.h"
#include "test_main.h"

struct seen {
	uv_loop_t uv;
	struct xt_resolver *resolver;
	struct xt_endpoint endpoint;
	struct xt_public peer;
	unsigned found, failed, closed, again_s;
};

static const struct xt_public key = {{4, 2}};

static void on_found(void *ctx, const struct xt_public *peer, const struct xt_endpoint *endpoint)
{
	struct seen *seen = ctx;

	seen->found++;
	seen->peer = *peer;
	seen->endpoint = *endpoint;
	xt_resolver_stop(seen->resolver);
}

static void on_failed(void *ctx, const struct xt_public *peer, const char *host, const char *why,
		      unsigned again_s)
{
	struct seen *seen = ctx;

	assert_memory_equal(peer->b, key.b, sizeof(key.b));
	assert_string_equal(host, "xtunnel.invalid");
	assert_true(strlen(why) > 0);
	/* The second wait is longer than the first. */
	assert_true(again_s > seen->again_s);
	seen->again_s = again_s;
	if (++seen->failed == 2)
		xt_resolver_stop(seen->resolver);
}

static void on_closed(void *ctx)
{
	struct seen *seen = ctx;

	seen->closed++;
}

static void begin(struct seen *seen, unsigned families)
{
	struct xt_resolver_callbacks callbacks = {seen, on_found, on_failed, on_closed};

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(uv_loop_init(&seen->uv), 0);
	assert_int_equal(xt_resolver_new(&seen->resolver, &seen->uv, families, &callbacks), 0);
}

static void finish(struct seen *seen)
{
	assert_int_equal(uv_run(&seen->uv, UV_RUN_DEFAULT), 0);
	assert_int_equal(seen->closed, 1);
	assert_int_equal(uv_loop_close(&seen->uv), 0);
}

static void a_name_is_found_once_with_its_port(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 1);
	assert_int_equal(xt_resolver_add(seen.resolver, &key, "localhost", 51820), 0);
	finish(&seen);
	assert_int_equal(seen.found, 1);
	assert_memory_equal(seen.peer.b, key.b, sizeof(key.b));
	assert_int_equal(seen.endpoint.ip.family, 4);
	assert_int_equal(seen.endpoint.ip.b[0], 127);
	assert_int_equal(seen.endpoint.port, 51820);
}

static void a_name_that_is_not_found_is_queried_again_at_growing_intervals(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 3);
	assert_int_equal(xt_resolver_add(seen.resolver, &key, "xtunnel.invalid", 1), 0);
	finish(&seen);
	assert_int_equal(seen.found, 0);
	assert_int_equal(seen.failed, 2);
}

static void a_stop_waits_for_open_queries(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 3);
	for (int i = 0; i < 20; i++)
		assert_int_equal(xt_resolver_add(seen.resolver, &key, "xtunnel.invalid", 1), 0);
	xt_resolver_stop(seen.resolver);
	finish(&seen);
	assert_int_equal(seen.found + seen.failed, 0);
}

static void a_resolver_without_names_closes_at_once(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 3);
	xt_resolver_stop(seen.resolver);
	assert_int_equal(seen.closed, 1);
	finish(&seen);
}

TEST_MAIN(cmocka_unit_test(a_name_is_found_once_with_its_port),
	  cmocka_unit_test(a_name_that_is_not_found_is_queried_again_at_growing_intervals),
	  cmocka_unit_test(a_stop_waits_for_open_queries),
	  cmocka_unit_test(a_resolver_without_names_closes_at_once))
