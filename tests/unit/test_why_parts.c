/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The answer of `why` for many peers, which is made in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ipc/chunks.h"
#include "test_main.h"
#include "why_peers.h"

#define PEERS 9

static void parts_add_up_to_the_whole(void **state)
{
	struct xt_peer_report peers[PEERS];

	(void)state;
	(void)peer_calling(4);
	for (uint8_t i = 0; i < PEERS; i++) {
		peers[i] = peer;
		peers[i].key.b[0] = i;
	}
	report.peers = peers;
	report.facts.n_strangers = 1;
	report.facts.strangers[0] = (struct xt_stranger){.unknown_key = true, .messages = 3};
	for (report.n_peers = 0; report.n_peers <= PEERS; report.n_peers++) {
		for (size_t n = 1; n <= PEERS + 1; n++) {
			json_t *whole = xt_why_json(&status, &report, NULL),
			       *joined = json_object();
			bool more;

			for (size_t from = 0; from == 0 || from < report.n_peers; from += n)
				assert_true(xt_chunks_join(
				    joined, xt_why_json_part(&status, &report, from, n), &more));
			assert_int_equal(json_array_size(json_object_get(joined, "peers")),
					 report.n_peers);
			assert_true(json_equal(whole, joined));
			json_decref(whole);
			json_decref(joined);
		}
	}
}

TEST_MAIN(cmocka_unit_test(parts_add_up_to_the_whole))
