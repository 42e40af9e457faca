/* SPDX-License-Identifier: MIT */
/* layers: daemon config core crypto packet base */
/* How often the log may say the same, what it said of each peer, and the names of peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <stdlib.h>

#include <cmocka.h>

#include "daemon/log_limit.h"
#include "daemon/peer_marks.h"
#include "daemon/peer_names.h"
#include "test_main.h"

#define SECOND UINT64_C(1000000000)

static struct xt_public key_of(unsigned i)
{
	return (struct xt_public){.b = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)}};
}

static unsigned lines(struct xt_log_limit *limit, unsigned code, unsigned peer, unsigned n,
		      bool loud, uint64_t now)
{
	struct xt_public key = key_of(peer);
	unsigned taken = 0;

	while (n--)
		taken += xt_log_limit_take(limit, code, &key, loud, now);
	return taken;
}

static void a_peer_gets_few_lines_of_a_code_and_then_a_count(void **state)
{
	struct xt_log_limit *limit = xt_log_limit_new();
	struct xt_log_more more;
	uint64_t now = 1000 * SECOND;

	(void)state;
	assert_int_equal(xt_log_limit_due(limit), UINT64_MAX);
	assert_int_equal(lines(limit, 1, 7, 15, false, now), 3);
	assert_int_equal(lines(limit, 2, 7, 2, false, now), 2);
	assert_int_equal(lines(limit, 1, 8, 2, false, now), 2);
	assert_int_equal(xt_log_limit_due(limit), now + 60 * SECOND);
	assert_false(xt_log_limit_more(limit, now + 59 * SECOND, &more));
	assert_true(xt_log_limit_more(limit, now + 60 * SECOND, &more));
	assert_int_equal(more.n, 12);
	assert_int_equal(more.code, 1);
	assert_true(more.has_peer);
	assert_int_equal(more.peer.b[0], 7);
	assert_false(xt_log_limit_more(limit, now + 60 * SECOND, &more));
	assert_int_equal(xt_log_limit_due(limit), UINT64_MAX);
	assert_int_equal(lines(limit, 1, 7, 5, false, now + 60 * SECOND), 1);
	xt_log_limit_free(limit);
}

static void many_peers_get_few_lines_of_a_code_too(void **state)
{
	struct xt_log_limit *limit = xt_log_limit_new();
	struct xt_log_more more;
	uint64_t now = 1000 * SECOND;
	unsigned taken = 0, held = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		taken += lines(limit, 3, i, 1, false, now);
	assert_int_equal(taken, 30);
	assert_int_equal(lines(limit, 4, 1, 1, false, now), 1);
	while (xt_log_limit_more(limit, now + 120 * SECOND, &more)) {
		assert_int_equal(more.code, 3);
		held += more.n;
	}
	assert_int_equal(held, 4970);
	xt_log_limit_free(limit);
}

static void lines_that_are_wanted_have_wider_bounds(void **state)
{
	struct xt_log_limit *limit = xt_log_limit_new();

	(void)state;
	assert_int_equal(lines(limit, 1, 7, 100, true, 1000 * SECOND), 100);
	assert_int_equal(lines(limit, 1, 7, 100, true, 1000 * SECOND), 20);
	xt_log_limit_free(limit);
}

static void a_line_about_no_peer_is_another_one(void **state)
{
	struct xt_log_limit *limit = xt_log_limit_new();
	struct xt_log_more more;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		taken += xt_log_limit_take(limit, 5, NULL, false, SECOND);
	assert_int_equal(taken, 3);
	assert_int_equal(lines(limit, 5, 0, 1, false, SECOND), 1); /* the key of zeros */
	assert_true(xt_log_limit_more(limit, 100 * SECOND, &more));
	assert_false(more.has_peer);
	assert_int_equal(more.n, 7);
	xt_log_limit_free(limit);
	xt_log_limit_free(NULL);
}

static void each_peer_has_its_mark(void **state)
{
	struct xt_peer_marks marks = {0};
	struct xt_public key;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		key = key_of(i);
		assert_int_equal(xt_peer_marks_get(&marks, &key), XT_MARK_NONE);
		xt_peer_marks_set(&marks, &key, (enum xt_peer_mark)(i % 4));
	}
	for (unsigned i = 0; i < 20000; i++) {
		key = key_of(i);
		assert_int_equal(xt_peer_marks_get(&marks, &key), i % 4);
	}
	key = key_of(5);
	xt_peer_marks_set(&marks, &key, XT_MARK_GAVE_UP);
	assert_int_equal(xt_peer_marks_get(&marks, &key), XT_MARK_GAVE_UP);
	assert_int_equal(marks.n, 20000);
	xt_peer_marks_clear(&marks);
	assert_int_equal(xt_peer_marks_get(&marks, &key), XT_MARK_NONE);
}

static void marks_are_bounded(void **state)
{
	struct xt_peer_marks marks = {0};
	size_t most = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * XT_PEER_MARKS_MAX; i++) {
		struct xt_public key = key_of(i);

		xt_peer_marks_set(&marks, &key, XT_MARK_UP);
		most = marks.cap > most ? marks.cap : most;
	}
	assert_true(most <= 2 * XT_PEER_MARKS_MAX);
	xt_peer_marks_clear(&marks);
}

static void names_are_found_by_key(void **state)
{
	struct xt_conf conf = {.n_peers = 3000}, other = {.n_peers = 1};
	struct xt_peer_names names = {0};
	struct xt_public key = key_of(7);

	(void)state;
	conf.peers = calloc(conf.n_peers, sizeof(*conf.peers));
	other.peers = calloc(1, sizeof(*other.peers));
	assert_true(conf.peers && other.peers);
	for (unsigned i = 0; i < conf.n_peers; i++) {
		conf.peers[i].key = key_of(i);
		if (i % 3)
			snprintf(conf.peers[i].name, sizeof(conf.peers[i].name), "peer %u", i);
	}
	assert_string_equal(xt_peer_names_get(&names, &conf, &key), "peer 7");
	for (unsigned i = 0; i < conf.n_peers; i++) {
		const char *name;

		key = key_of(i);
		name = xt_peer_names_get(&names, &conf, &key);
		assert_ptr_equal(name, i % 3 ? conf.peers[i].name : NULL);
	}
	key = key_of(5000);
	assert_null(xt_peer_names_get(&names, &conf, &key));
	key = key_of(7);
	assert_null(xt_peer_names_get(&names, &other, &key));
	assert_string_equal(xt_peer_names_get(&names, &conf, &key), "peer 7");
	xt_peer_names_clear(&names);
	conf.n_peers = 0;
	assert_null(xt_peer_names_get(&names, &conf, &key));
	free(conf.peers);
	free(other.peers);
}

TEST_MAIN(cmocka_unit_test(names_are_found_by_key),
	  cmocka_unit_test(a_peer_gets_few_lines_of_a_code_and_then_a_count),
	  cmocka_unit_test(many_peers_get_few_lines_of_a_code_too),
	  cmocka_unit_test(lines_that_are_wanted_have_wider_bounds),
	  cmocka_unit_test(a_line_about_no_peer_is_another_one),
	  cmocka_unit_test(each_peer_has_its_mark), cmocka_unit_test(marks_are_bounded))
