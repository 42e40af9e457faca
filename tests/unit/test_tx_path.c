/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* The tx path: split, segments, echo(host), one send for a pass, a full socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scheduler_ends.h"

static void a_super_packet_crosses_as_datagrams_and_comes_out_as_one(void **state)
{
	(void)state;
	offer(60000, 1368);
	passes();
	assert_int_equal(ends[0].sent, 44);
	assert_int_equal(ends[1].got_len, 60000);
	assert_memory_equal(ends[1].got, payload, 60000);
	assert_int_equal(ends[1].got_packets, 44);
	assert_int_equal(ends[1].writes, 1);
}

static void more_segments_than_a_batch_holds_leave_in_order(void **state)
{
	(void)state;
	offer(50000, 11);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].sent, 4546);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_int_equal(ends[1].got_len, 50000);
	assert_memory_equal(ends[1].got, payload, 50000);
}

static void a_full_socket_stops_the_split_and_writable_resumes_it(void **state)
{
	uint32_t stops = 0;

	(void)state;
	offer(50000, 11);
	ends[0].room = 100;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	while (xt_scheduler_blocked(ends[0].scheduler)) {
		assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now),
				 0); /* reads nothing meanwhile */
		assert_int_equal(ends[0].sent, ++stops * 100);
		ends[0].room = 100;
		xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	}
	assert_int_equal(stops, 45);
	ends[0].room = UINT32_MAX;
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_packets, 4546);
	assert_memory_equal(ends[1].got, payload, 50000);
	offer(1000, 1368); /* and the next one starts from its own beginning */
	passes();
	assert_int_equal(ends[1].got_len, 51000);
}

static void a_writable_socket_takes_all_that_was_read(void **state)
{
	(void)state;
	offer(50000, 11);
	ends[0].room = 100;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	ends[0].room = UINT32_MAX;
	xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	assert_int_equal(ends[0].sent, 4546);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_memory_equal(ends[1].got, payload, 50000);
}

static void a_contradiction_is_counted_once_and_goes_nowhere(void **state)
{
	uint64_t before = verdict_count(&ends[0], XT_DROP_MALFORMED);

	(void)state;
	offer(5000, 1368);
	ends[0].gso.kind = XT_GSO_UDP;
	passes();
	assert_int_equal(ends[0].sent, 0);
	assert_int_equal(verdict_count(&ends[0], XT_DROP_MALFORMED), before + 1);
}

static void what_a_pass_has_sealed_leaves_in_one_send(void **state)
{
	const struct xt_udp_ops *original = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	ends[0].udp->ops = &ops;
	tun_offer(&ends[0], 30000, 1250, 6);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	ends[0].udp->ops = original;
	assert_int_equal(ends[0].sent, 6 * 24);
	assert_int_equal(ends[0].sends, 1);
	while (xt_udp_mem_waiting(ends[1].udp))
		assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_int_equal(ends[1].got_len, 6 * 30000);
	for (size_t i = 0; i < 6; i++)
		assert_memory_equal(ends[1].got + i * 30000, payload, 30000);
}

static void super_packets_are_read_to_the_same_place(void **state)
{
	(void)state;
	ends[0].read_at = NULL;
	ends[0].moves = 0;
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 4);
	assert_int_equal(ends[0].moves, 0);
}

static void a_host_that_pings_is_answered_by_the_responder(void **state)
{
	(void)state;
	ends[0].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].sent, 0);
	assert_int_equal(ends[0].pongs, 1);
	assert_int_equal(verdict_count(&ends[0], XT_TAKEN_ECHO), 1);
}

/* Two fragments of a datagram that is no echo request, between two packets. */
static void fragments_that_are_no_echo_go_on_to_the_peer(void **state)
{
	static uint8_t data[2000], whole[2100];
	struct flow f = flow_of(4, 6);
	size_t len;

	(void)state;
	f.from = 1;
	f.to = 2;
	len = request4(whole, 1, 2, sizeof(data));
	whole[20] = 13; /* ICMP timestamp request */
	ends[0].extra_len[2] = (uint32_t)cut_fragment(ends[0].extra[2], whole, len, 0, 1200, 0);
	ends[0].extra_len[1] =
	    (uint32_t)cut_fragment(ends[0].extra[1], whole, len, 1200, len - 20 - 1200, 0);
	ends[0].extra_len[0] = (uint32_t)flow_packet(ends[0].extra[0], &f, data, 100);
	ends[0].n_extra = 3;
	ends[0].one_by_one = true;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 3);
	assert_int_equal(ends[0].sent, 3); /* nothing overtakes them */
	passes();
	assert_int_equal(ends[0].sent, 4);
	assert_int_equal(ends[1].fragments, 2);
	assert_int_equal(ends[1].got_packets, 2);
}

static void a_source_address_that_is_gone_is_tried_once(void **state)
{
	(void)state;
	ends[1].path.local = ends[0].path.remote.ip; /* where ends[0] receives, and so sends from */
	tun_offer(&ends[1], 100, 1250, 1);
	passes();
	ends[0].local_gone = true;
	for (int i = 0; i < 2; i++) {
		offer(1000, 1368);
		assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
		assert_int_equal(ends[0].pinned, 1);
		assert_int_equal(ends[0].sent, i + 1);
	}
}

static void datagrams_that_the_socket_refuses_are_counted(void **state)
{
	(void)state;
	ends[0].refusing = true;
	offer(5000, 1250);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(verdict_count(&ends[0], XT_DROP_UDP), 4);
	assert_false(xt_scheduler_blocked(ends[0].scheduler));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_super_packet_crosses_as_datagrams_and_comes_out_as_one, begin, end),
	    cmocka_unit_test_setup_teardown(more_segments_than_a_batch_holds_leave_in_order, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_full_socket_stops_the_split_and_writable_resumes_it,
					    begin, end),
	    cmocka_unit_test_setup_teardown(what_a_pass_has_sealed_leaves_in_one_send, begin, end),
	    cmocka_unit_test_setup_teardown(a_writable_socket_takes_all_that_was_read, begin, end),
	    cmocka_unit_test_setup_teardown(super_packets_are_read_to_the_same_place, begin, end),
	    cmocka_unit_test_setup_teardown(a_host_that_pings_is_answered_by_the_responder,
					    begin_with_host_echo, end),
	    cmocka_unit_test_setup_teardown(fragments_that_are_no_echo_go_on_to_the_peer,
					    begin_with_host_echo, end),
	    cmocka_unit_test_setup_teardown(a_source_address_that_is_gone_is_tried_once, begin,
					    end),
	    cmocka_unit_test_setup_teardown(datagrams_that_the_socket_refuses_are_counted, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_contradiction_is_counted_once_and_goes_nowhere, begin,
					    end),
	};

	ends_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
