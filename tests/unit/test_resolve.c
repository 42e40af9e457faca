/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* Host names: found, not found, many at once, and a stop in between. The program has its resolver
 * replaced by one that counts how many look-ups run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/resolve_uv.h"
#include "test_main.h"

/* slow: a look-up takes so many microseconds. */
static atomic_uint running, most, slow;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	static const uint8_t four[4] = {198, 18, 0, 1};
	unsigned n = atomic_fetch_add(&running, 1) + 1, before = atomic_load(&most);
	struct addrinfo *list = NULL;

	(void)service;
	(void)hints;
	while (n > before && !atomic_compare_exchange_weak(&most, &before, n))
		;
	if (atomic_load(&slow))
		usleep(atomic_load(&slow));
	for (int i = 0; i < 3 && strcmp(name, "some.test") == 0; i++) { /* v6, v4, v4 */
		struct addrinfo *entry = calloc(1, sizeof(*entry) + sizeof(struct sockaddr_in6));

		entry->ai_addr = (void *)(entry + 1);
		entry->ai_addr->sa_family = i < 2 ? AF_INET : AF_INET6;
		if (i < 2)
			memcpy(&((struct sockaddr_in *)(void *)entry->ai_addr)->sin_addr, four, 4);
		entry->ai_next = list;
		list = entry;
	}
	atomic_fetch_sub(&running, 1);
	*out = list;
	return list ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

struct seen {
	uv_loop_t uv;
	struct xt_resolver *resolver;
	unsigned answered, found, closed, until;
	uint64_t ids; /* sum */
	size_t n;
	struct xt_endpoint v[XT_RESOLVER_ADDRESSES];
	char why[80];
};

static void on_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct seen *seen = ctx;

	seen->answered++;
	seen->ids += answer->id;
	seen->n = answer->n;
	seen->found += answer->n > 0;
	if (answer->n)
		memcpy(seen->v, answer->v, answer->n * sizeof(*answer->v));
	strcpy(seen->why, answer->why ? answer->why : "");
	if (seen->answered == seen->until)
		xt_resolver_stop(seen->resolver);
}

static void on_closed(void *ctx)
{
	struct seen *seen = ctx;

	seen->closed++;
}

static void begin(struct seen *seen, unsigned until)
{
	struct xt_resolver_callbacks callbacks = {
	    .ctx = seen, .answered = on_answered, .closed = on_closed};

	memset(seen, 0, sizeof(*seen));
	seen->until = until;
	atomic_store(&most, 0);
	atomic_store(&slow, 0);
	assert_int_equal(uv_loop_init(&seen->uv), 0);
	assert_int_equal(xt_resolver_new(&seen->resolver, &seen->uv, &callbacks), 0);
}

static void ask(struct seen *seen, uint32_t id, const char *host, unsigned families)
{
	struct xt_resolver_question question = {.id = id, .host = host, .families = families};

	assert_int_equal(xt_resolver_ask(seen->resolver, &question), 0);
}

static void finish(struct seen *seen)
{
	assert_int_equal(uv_run(&seen->uv, UV_RUN_DEFAULT), 0);
	assert_int_equal(seen->closed, 1);
	assert_int_equal(uv_loop_close(&seen->uv), 0);
}

/* One question to a resolver that then closes. */
static void ask_once(struct seen *seen, uint32_t id, const char *host, unsigned families)
{
	begin(seen, 1);
	ask(seen, id, host, families);
	finish(seen);
}

static void a_name_is_answered_by_all_its_addresses_of_the_families(void **state)
{
	struct seen seen;

	(void)state;
	ask_once(&seen, 7, "some.test", 3);
	assert_int_equal(seen.ids, 7);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.v[0].ip.family, 6);
	assert_int_equal(seen.v[1].ip.family, 4);
	assert_int_equal(seen.v[1].ip.b[0], 198);
	ask_once(&seen, 7, "some.test", 1);
	assert_int_equal(seen.n, 2);
	ask_once(&seen, 7, "some.test", 0);
	assert_string_equal(seen.why, "no address of a family that this host has");
}

static void a_name_that_is_not_found_is_answered_by_the_reason(void **state)
{
	struct seen seen;

	(void)state;
	ask_once(&seen, 1, "none.test", 3);
	assert_int_equal(seen.found, 0);
	assert_string_equal(seen.why, "no such host");
}

static void at_most_two_look_ups_run_at_once_and_none_is_lost(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 100);
	atomic_store(&slow, 2000);
	for (uint32_t i = 0; i < 100; i++)
		ask(&seen, i, i % 2 ? "some.test" : "none.test", 3);
	finish(&seen);
	assert_int_equal(seen.answered, 100);
	assert_int_equal(seen.found, 50);
	assert_int_equal(seen.ids, 4950);
	assert_int_equal(atomic_load(&most), 2);
}

static void slow_timer(uv_timer_t *timer)
{
	struct seen *seen = timer->data;

	assert_int_equal(seen->answered, 0); /* the loop did not wait for the answer */
	uv_close((uv_handle_t *)timer, NULL);
}

static void the_threads_of_libuv_are_left_to_others(void **state)
{
	struct seen seen;
	uv_timer_t timer;

	(void)state;
	begin(&seen, 2);
	atomic_store(&slow, 300000);
	ask(&seen, 1, "some.test", 3);
	ask(&seen, 2, "some.test", 3);
	uv_timer_init(&seen.uv, &timer);
	timer.data = &seen;
	uv_timer_start(&timer, slow_timer, 1, 0);
	finish(&seen);
	assert_int_equal(seen.answered, 2);
}

static void a_stop_waits_for_what_runs_and_drops_the_rest(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 0);
	atomic_store(&slow, 50000);
	for (uint32_t i = 0; i < 20; i++)
		ask(&seen, i, "some.test", 3);
	xt_resolver_stop(seen.resolver);
	finish(&seen);
	assert_int_equal(seen.answered, 0);
	assert_true(atomic_load(&most) <= 2);
}

static void a_resolver_without_questions_closes(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, 0);
	xt_resolver_stop(seen.resolver);
	finish(&seen);
}

TEST_MAIN(cmocka_unit_test(a_name_is_answered_by_all_its_addresses_of_the_families),
	  cmocka_unit_test(a_name_that_is_not_found_is_answered_by_the_reason),
	  cmocka_unit_test(at_most_two_look_ups_run_at_once_and_none_is_lost),
	  cmocka_unit_test(the_threads_of_libuv_are_left_to_others),
	  cmocka_unit_test(a_stop_waits_for_what_runs_and_drops_the_rest),
	  cmocka_unit_test(a_resolver_without_questions_closes))
