/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A change under construction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <xtunnel/change.h>

#include "test_main.h"

static void a_change_grows_and_keeps_its_items(void **state)
{
	struct xt_change change;

	(void)state;
	xt_change_init(&change);
	for (unsigned i = 0; i < 300; i++) {
		struct xt_public key = {{(uint8_t)i, (uint8_t)(i >> 8)}};
		struct xt_peer_change *peer = xt_change_peer(&change, &key);

		assert_non_null(peer);
		assert_int_equal(peer->set, 0);
		assert_int_equal(peer->n_allowed, 0);
		peer->keepalive_s = (uint16_t)i;
		for (unsigned k = 0; k < i % 40; k++) {
			struct xt_cidr cidr = {{4, {10, (uint8_t)i, (uint8_t)k}}, 24};

			assert_int_equal(xt_change_allowed(peer, &cidr, k % 2), 0);
		}
	}
	assert_int_equal(change.n_peers, 300);
	for (unsigned i = 0; i < 300; i++) {
		const struct xt_peer_change *peer = &change.peers[i];

		assert_int_equal(peer->key.b[0] | peer->key.b[1] << 8, i);
		assert_int_equal(peer->keepalive_s, i);
		assert_int_equal(peer->n_allowed, i % 40);
		for (unsigned k = 0; k < i % 40; k++) {
			assert_int_equal(peer->allowed[k].cidr.ip.b[2], k);
			assert_int_equal(peer->allowed[k].remove, k % 2);
		}
	}
	xt_change_clear(&change);
}

static void a_cleared_change_is_empty_and_can_be_used_again(void **state)
{
	static const struct xt_change empty;
	struct xt_public key = {{1}};
	struct xt_change change;

	(void)state;
	xt_change_init(&change);
	assert_memory_equal(&change, &empty, sizeof(change));
	change.set = XT_SET_PRIVATE_KEY;
	memset(&change.private_key, 0x77, sizeof(change.private_key));
	assert_non_null(xt_change_peer(&change, &key));
	xt_change_clear(&change);
	assert_memory_equal(&change, &empty, sizeof(change));
	assert_non_null(xt_change_peer(&change, &key));
	xt_change_clear(&change);
	xt_change_clear(&change);
}

TEST_MAIN(cmocka_unit_test(a_change_grows_and_keeps_its_items),
	  cmocka_unit_test(a_cleared_change_is_empty_and_can_be_used_again))
