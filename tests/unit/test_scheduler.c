/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* The scheduler and the rx path: polls of the other path, quotas, ACKs that wait, timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scheduler_ends.h"

static void a_tx_pass_polls_rx(void **state)
{
	(void)state;
	tun_offer(&ends[1], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_int_equal(ends[0].got_len, 0);
	assert_true(xt_scheduler_on_tun_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 5000);
	assert_int_equal(ends[0].sent, 4 * 48);
}

static void an_rx_pass_polls_tx(void **state)
{
	uint32_t before;

	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 5000, 1250, 1);
	before = ends[0].sent;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 4 * 60000);
	assert_int_equal(ends[0].sent - before, 4);
	assert_in_range(ends[0].got_by_then, 1, 4 * 60000 - 1);
}

/* An rx pass of the first end whose sends are counted. */
static void rx_pass_counted(void)
{
	const struct xt_udp_ops *original = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	ends[0].udp->ops = &ops;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	ends[0].udp->ops = original;
}

/* But not pure ACKs, unless another packet is behind them. */
static void bare_acks_wait_for_the_end_of_an_rx_pass(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		bool ping = i == 1;
		uint32_t sent = ends[0].sent, sends = ends[0].sends;

		ends[0].got_len = 0;
		tun_offer(&ends[1], 60000, 1250, 4);
		assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
		tun_offer(&ends[0], 0, 0, 3);
		ends[0].gso = (struct xt_gso){0};
		ends[0].ping_next = ping;
		rx_pass_counted();
		assert_int_equal(ends[0].sent - sent, 3 + ping);
		assert_int_equal(ends[0].sends - sends, 1);
		assert_int_equal(ends[0].got_len, 4 * 60000);
		if (ping)
			assert_in_range(ends[0].got_by_then, 1, 4 * 60000 - 1);
		else
			assert_int_equal(ends[0].got_by_then, 4 * 60000);
	}
}

static void acks_of_the_last_step_leave_with_those_before(void **state)
{
	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 0, 0, 1);
	ends[0].gso = (struct xt_gso){0};
	ends[0].acks = true;
	rx_pass_counted();
	assert_true(ends[0].writes > 1);
	assert_int_equal(ends[0].sent, 1 + ends[0].writes);
	assert_int_equal(ends[0].sends, 1);
}

static void a_tick_sends_nothing_while_the_socket_is_full(void **state)
{
	const struct xt_udp_ops *original = ends[0].udp->ops;
	struct xt_udp_ops ops = count_sends();

	(void)state;
	ends[0].room = 0;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_true(xt_scheduler_blocked(ends[0].scheduler));
	ends[0].udp->ops = &ops;
	xt_scheduler_tick(ends[0].scheduler, now);
	ends[0].udp->ops = original;
	assert_int_equal(ends[0].sends, 0);
	assert_int_equal(xt_scheduler_deadline(ends[0].scheduler), XT_NEVER);
}

/* What the first end's device reports of its only peer. */
static struct xt_peer_report peer_report(void)
{
	struct xt_report *report = NULL;
	struct xt_peer_report peer;

	assert_int_equal(xt_device_report(ends[0].dev, now, &report), 0);
	assert_int_equal(report->n_peers, 1);
	peer = report->peers[0];
	xt_report_free(report);
	return peer;
}

static void notes_put(struct xt_udp *udp, const struct xt_endpoint *remote)
{
	udp->notes[0] = (struct xt_udp_note){.remote = *remote,
					     .icmp_kind = XT_UNREACHABLE_ADMIN,
					     .icmp_from = {4, {198, 18, 0, 9}}};
	udp->notes[1] = (struct xt_udp_note){.remote = *remote, .error = ENETUNREACH};
	udp->n_notes = 2;
}

static void what_the_sockets_note_reaches_the_report_and_changes_nothing(void **state)
{
	struct xt_peer_report before = peer_report(), after;
	struct xt_endpoint elsewhere = before.endpoint;

	(void)state;
	elsewhere.port++;
	for (uint32_t blocked = 0; blocked < 2; blocked++) {
		if (blocked) {
			ends[0].room = 0;
			offer(1000, 1368);
			xt_scheduler_on_tun_readable(ends[0].scheduler, now);
			assert_true(xt_scheduler_blocked(ends[0].scheduler));
		}
		notes_put(ends[0].udp, &before.endpoint);
		xt_scheduler_tick(ends[0].scheduler, now);
		assert_int_equal(ends[0].udp->n_notes, 0);
		notes_put(ends[0].udp, &elsewhere);
		xt_scheduler_tick(ends[0].scheduler, now);
		after = peer_report();
		assert_int_equal(after.facts.icmp_count, blocked + 1);
		assert_int_equal(after.facts.icmp_kind, XT_UNREACHABLE_ADMIN);
		assert_int_equal(after.facts.icmp_from.b[3], 9);
		assert_int_equal(after.facts.send_error, ENETUNREACH);
		assert_int_equal(after.facts.send_error_count, blocked + 1);
		assert_true(after.session);
		assert_memory_equal(&after.endpoint, &before.endpoint, sizeof(after.endpoint));
		assert_int_equal(after.handshake_attempts, before.handshake_attempts);
	}
}

static const struct xt_udp_ops *noting_original;
static struct xt_endpoint noting_remote;

static int send_noting(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	notes_put(udp, &noting_remote);
	return noting_original->send(udp, tx, next);
}

/* That of pure ACKs comes after the last tick. */
static void a_note_of_the_last_send_does_not_wait_for_the_next_pass(void **state)
{
	struct xt_udp_ops ops = *ends[0].udp->ops;

	(void)state;
	noting_original = ends[0].udp->ops;
	noting_remote = peer_report().endpoint;
	ops.send = send_noting;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 0, 0, 3);
	ends[0].gso = (struct xt_gso){0};
	ends[0].udp->ops = &ops;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	ends[0].udp->ops = noting_original;
	assert_int_equal(ends[0].udp->n_notes, 0);
	assert_int_equal(peer_report().facts.send_error, ENETUNREACH);
}

static void timers_that_are_due_run_with_every_pass(void **state)
{
	(void)state;
	for (int tun = 0; tun < 2; tun++) {
		struct xt_scheduler *scheduler = ends[0].scheduler;

		now.mono = xt_scheduler_deadline(scheduler);
		assert_int_not_equal(now.mono, XT_NEVER);
		assert_int_equal(tun ? xt_scheduler_on_tun_readable(scheduler, now)
				     : xt_scheduler_on_udp_readable(scheduler, now),
				 0);
		assert_true(xt_scheduler_deadline(scheduler) > now.mono);
	}
}

static int (*socket_recv)(struct xt_udp *udp, struct xt_batch *batch, size_t budget);

/* As after a coalesced read: the rest stays inside the socket. */
static int recv_little(struct xt_udp *udp, struct xt_batch *batch, size_t budget)
{
	int n = socket_recv(udp, batch, XT_MIN(budget, (size_t)10000));

	udp->pending = xt_udp_mem_waiting(udp) > 0;
	return n;
}

static void datagrams_inside_the_socket_are_read_without_being_asked_for(void **state)
{
	const struct xt_udp_ops *original = ends[0].udp->ops;
	struct xt_udp_ops ops = *original;

	(void)state;
	socket_recv = ops.recv;
	ops.recv = recv_little;
	ends[0].udp->ops = &ops;
	tun_offer(&ends[1], 60000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].got_len, 60000);
	ends[1].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[1], 60000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	ends[0].room = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_true(xt_scheduler_blocked(ends[0].scheduler));
	assert_true(ends[0].got_len < 2 * 60000);
	ends[0].room = UINT32_MAX;
	xt_scheduler_on_udp_writable(ends[0].scheduler, now);
	assert_int_equal(ends[0].got_len, 2 * 60000);
	ends[0].udp->ops = original;
}

/* More ACKs than one read brings must not hide what is behind them. */
static void a_read_full_of_acks_leaves_before_the_end_of_the_pass(void **state)
{
	(void)state;
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	tun_offer(&ends[0], 0, 0, 70);
	ends[0].gso = (struct xt_gso){0};
	ends[0].ping_next = true;
	ends[0].got_len = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[0].scheduler, now) > 0);
	assert_int_equal(ends[0].sent, 71);
	assert_int_equal(ends[0].got_len, 8 * 30000 * 2);
	assert_in_range(ends[0].got_by_then, 1, 8 * 30000 * 2 - 1);
}

/* The reply finds the socket full: what was read ahead waits, and needs no further datagram. */
static void a_batch_that_was_read_ahead_waits_for_the_socket(void **state)
{
	struct end *e = &ends[0];

	(void)state;
	ends[1].ping_next = true;
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[1], 60000, 1250, 4);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 4);
	e->room = 0;
	assert_true(xt_scheduler_on_udp_readable(e->scheduler, now) > 0);
	assert_true(xt_scheduler_blocked(e->scheduler));
	assert_int_equal(xt_udp_mem_waiting(e->udp), 0);
	assert_in_range(e->got_len, 1, 4 * 60000 - 1);
	assert_int_equal(xt_scheduler_on_udp_readable(e->scheduler, now), 0);
	assert_in_range(e->got_len, 1, 4 * 60000 - 1);
	e->room = UINT32_MAX;
	xt_scheduler_on_udp_writable(e->scheduler, now);
	assert_int_equal(e->got_len, 4 * 60000);
	passes();
	assert_int_equal(ends[1].pongs, 1);
}

/* What was read leaves, what was not stays where another process can read it. */
static void a_scheduler_that_parks_reads_nothing_more_and_keeps_nothing(void **state)
{
	struct end *e = &ends[0];
	uint32_t sent;

	(void)state;
	tun_offer(e, 60000, 1250, 8);
	e->room = 20;
	assert_true(xt_scheduler_on_tun_readable(e->scheduler, now) > 0);
	assert_true(xt_scheduler_blocked(e->scheduler));
	tun_offer(&ends[1], 5000, 1250, 1);
	assert_true(xt_scheduler_on_tun_readable(ends[1].scheduler, now) > 0);
	assert_false(xt_scheduler_park(e->scheduler, now));
	assert_true(xt_scheduler_blocked(e->scheduler));
	e->room = UINT32_MAX;
	assert_true(xt_scheduler_park(e->scheduler, now));
	assert_false(xt_scheduler_blocked(e->scheduler));
	sent = e->sent;
	assert_int_equal(sent, (8 - e->times) * 48); /* all that was read */
	e->times = 1;
	assert_int_equal(xt_scheduler_on_tun_readable(e->scheduler, now), 0);
	assert_int_equal(xt_scheduler_on_udp_readable(e->scheduler, now), 0);
	xt_scheduler_on_udp_writable(e->scheduler, now);
	xt_scheduler_tick(e->scheduler, (struct xt_time){now.mono + 200 * SECOND, now.wall});
	assert_int_equal(xt_scheduler_deadline(e->scheduler), XT_NEVER);
	assert_int_equal(e->sent, sent);
	assert_int_equal(e->times, 1);
	assert_int_equal(xt_udp_mem_waiting(e->udp), 4);
	xt_scheduler_resume(e->scheduler);
	passes();
	assert_int_equal(e->times, 0);
	assert_int_equal(xt_udp_mem_waiting(e->udp), 0);
	assert_int_equal(e->got_len, 5000);
}

static void a_pass_ends_at_its_quota(void **state)
{
	(void)state;
	tun_offer(&ends[0], 60000, 1250, 100);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	assert_int_equal(ends[0].times, 94);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 6);
	ends[0].times = 0;
	assert_true(xt_scheduler_on_udp_readable(ends[1].scheduler, now) > 0);
	assert_in_range(ends[1].got_len, 4 * 60000, 5 * 60000);
	assert_true(xt_udp_mem_waiting(ends[1].udp) > 0);
}

static void a_short_tx_pass_leaves_the_socket_to_the_rx_pass(void **state)
{
	(void)state;
	tun_offer(&ends[1], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), 1);
	tun_offer(&ends[0], 5000, 1250, 1);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	assert_int_equal(ends[0].got_len, 0);
	assert_int_equal(xt_udp_mem_waiting(ends[0].udp), 4);
}

static void a_tun_that_is_gone_ends_either_pass(void **state)
{
	(void)state;
	offer(1000, 1368);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[0].scheduler, now), 1);
	ends[1].gone = true;
	assert_int_equal(xt_scheduler_on_udp_readable(ends[1].scheduler, now), -ENODEV);
	assert_int_equal(xt_scheduler_on_tun_readable(ends[1].scheduler, now), -ENODEV);
}

/* Both ends send at once, packets of all sizes, and the sockets are full again and again. */
static void streams_both_ways_through_full_sockets_arrive_whole_and_in_order(void **state)
{
	uint32_t blocked = 0, pass = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ends[i].stream = 8u << 20;
		ends[i].room = 0;
	}
	while (ends[0].got_at < ends[1].stream || ends[1].got_at < ends[0].stream) {
		struct end *e = &ends[pass & 1];

		assert_true(++pass < 1000000);
		e->room = (uint32_t)xt_below(&seed, 4) ? (uint32_t)xt_below(&seed, 150) : 0;
		if (xt_scheduler_blocked(e->scheduler)) {
			blocked++;
			xt_scheduler_on_udp_writable(e->scheduler, now);
		}
		/* The other's socket drops what it cannot hold. */
		if (xt_udp_mem_waiting(e->other->udp) < 4096)
			assert_true(xt_scheduler_on_tun_readable(e->scheduler, now) >= 0);
		assert_true(xt_scheduler_on_udp_readable(e->scheduler, now) >= 0);
	}
	assert_true(blocked > 100);
	for (int i = 0; i < 2; i++) {
		ends[i].room = UINT32_MAX;
		if (xt_scheduler_blocked(ends[i].scheduler))
			xt_scheduler_on_udp_writable(ends[i].scheduler, now);
	}
	passes();
	for (int i = 0; i < 2; i++)
		assert_int_equal(ends[i].pongs, ends[i].pings);
	assert_true(!echo || ends[0].pings > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_tx_pass_polls_rx, begin, end),
	    cmocka_unit_test_setup_teardown(an_rx_pass_polls_tx, begin, end),
	    cmocka_unit_test_setup_teardown(bare_acks_wait_for_the_end_of_an_rx_pass, begin, end),
	    cmocka_unit_test_setup_teardown(
		streams_both_ways_through_full_sockets_arrive_whole_and_in_order, begin, end),
	    {"with_workers_streams_arrive_whole_and_in_order",
	     streams_both_ways_through_full_sockets_arrive_whole_and_in_order, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_a_tx_pass_polls_rx", a_tx_pass_polls_rx, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_an_rx_pass_polls_tx", an_rx_pass_polls_tx, begin_with_workers,
	     end_with_workers, NULL},
	    {"with_workers_bare_acks_wait", bare_acks_wait_for_the_end_of_an_rx_pass,
	     begin_with_workers, end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(acks_of_the_last_step_leave_with_those_before, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_tick_sends_nothing_while_the_socket_is_full, begin,
					    end),
	    cmocka_unit_test_setup_teardown(
		what_the_sockets_note_reaches_the_report_and_changes_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(a_note_of_the_last_send_does_not_wait_for_the_next_pass,
					    begin, end),
	    cmocka_unit_test_setup_teardown(timers_that_are_due_run_with_every_pass, begin, end),
	    cmocka_unit_test_setup_teardown(
		datagrams_inside_the_socket_are_read_without_being_asked_for, begin_with_echo, end),
	    cmocka_unit_test_setup_teardown(
		a_scheduler_that_parks_reads_nothing_more_and_keeps_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(a_pass_ends_at_its_quota, begin, end),
	    {"with_workers_a_pass_ends_at_its_quota", a_pass_ends_at_its_quota, begin_with_workers,
	     end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(a_short_tx_pass_leaves_the_socket_to_the_rx_pass, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_tun_that_is_gone_ends_either_pass, begin, end),
	    {"with_workers_a_tun_that_is_gone_ends_either_pass",
	     a_tun_that_is_gone_ends_either_pass, begin_with_workers, end_with_workers, NULL},
	    cmocka_unit_test_setup_teardown(a_read_full_of_acks_leaves_before_the_end_of_the_pass,
					    begin_with_long_passes, end),
	    cmocka_unit_test_setup_teardown(a_batch_that_was_read_ahead_waits_for_the_socket,
					    begin_with_workers, end_with_workers),
	};

	ends_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
