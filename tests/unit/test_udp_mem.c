/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The UDP sockets in memory, which simulations use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/mem/mem.h"
#include "test_main.h"

/* A host that records what is sent, and whose answers the test sets. */
struct host {
	struct xt_path path[32];
	uint8_t ecn[32], first[32];
	size_t len[32];
	int n, calls;
	int full_after; /* datagrams that still fit; -1: any number */
	bool refuse_local;
	int refuse; /* -errno for the first byte 0xee */
};

static int host_send(void *ctx, const struct xt_path *path, uint8_t ecn, const uint8_t *bytes,
		     size_t len)
{
	struct host *host = ctx;

	host->calls++;
	if (host->full_after == 0)
		return -EAGAIN;
	if (host->refuse_local && path->local.family != 0)
		return -EADDRNOTAVAIL;
	if (bytes[0] == 0xee)
		return host->refuse;
	if (host->full_after > 0)
		host->full_after--;
	host->path[host->n] = *path;
	host->ecn[host->n] = ecn;
	host->first[host->n] = bytes[0];
	host->len[host->n++] = len;
	return 0;
}

static struct xt_udp *udp_new(struct host *host)
{
	const struct xt_udp_mem_host table = {host, host_send};
	struct xt_udp *udp = NULL;

	memset(host, 0, sizeof(*host));
	host->full_after = -1;
	assert_int_equal(xt_udp_mem_new(&udp, 51820, 4, &table), 0);
	assert_int_equal(udp->port, 51820);
	assert_int_equal(udp->fd[0], -1);
	assert_int_equal(udp->fd[1], -1);
	assert_null(udp->ops->watch);
	return udp;
}

static const struct xt_path way = {
    .remote = {.ip = {.family = 4, .b = {198, 18, 0, 2}}, .port = 1000},
    .local = {.family = 4, .b = {198, 18, 0, 1}},
    .ifindex = 3,
};

static struct xt_tx *tx_of(const uint8_t *bytes, size_t n, size_t len)
{
	struct xt_tx *tx = NULL;

	assert_int_equal(xt_tx_new(&tx, 32, 4096), 0);
	for (size_t i = 0; i < n; i++) {
		uint8_t message[64] = {bytes[i]};

		assert_int_equal(xt_tx_copy(tx, &way, 1, message, len), 0);
	}
	return tx;
}

static void each_datagram_of_a_run_reaches_the_host_in_order(void **state)
{
	struct host host;
	struct xt_udp *udp = udp_new(&host);
	struct xt_tx *tx = tx_of((const uint8_t[]){1, 2, 3}, 3, 48);
	uint32_t next = 0;

	(void)state;
	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(next, tx->n_runs);
	assert_int_equal(host.n, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(host.first[i], i + 1);
		assert_int_equal(host.len[i], 48);
		assert_int_equal(host.ecn[i], 1);
		assert_memory_equal(&host.path[i], &way, sizeof(way));
	}
	xt_tx_free(tx);
	udp->ops->close(udp);
}

static void a_full_socket_goes_on_where_it_stopped(void **state)
{
	struct host host;
	struct xt_udp *udp = udp_new(&host);
	struct xt_tx *tx = tx_of((const uint8_t[]){1, 2, 3, 4}, 4, 32);
	uint32_t next = 0;

	(void)state;
	host.full_after = 2;
	assert_int_equal(udp->ops->send(udp, tx, &next), -EAGAIN);
	assert_int_equal(host.n, 2);
	host.full_after = -1;
	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(host.n, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(host.first[i], i + 1);
	assert_int_equal(udp->refused, 0);
	xt_tx_free(tx);
	udp->ops->close(udp);
}

static void a_refused_datagram_is_counted_and_the_rest_leaves(void **state)
{
	struct host host;
	struct xt_udp *udp = udp_new(&host);
	struct xt_tx *tx = tx_of((const uint8_t[]){1, 0xee, 3}, 3, 32);
	uint32_t next = 0;

	(void)state;
	host.refuse = -EHOSTUNREACH;
	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_int_equal(udp->refused, 1);
	assert_int_equal(host.n, 2);
	assert_int_equal(host.first[1], 3);
	xt_tx_free(tx);
	udp->ops->close(udp);
}

static void a_source_that_is_gone_is_left_out_and_the_run_marked(void **state)
{
	struct host host;
	struct xt_udp *udp = udp_new(&host);
	struct xt_tx *tx = tx_of((const uint8_t[]){1, 2}, 2, 32);
	uint32_t next = 0;

	(void)state;
	host.refuse_local = true;
	assert_int_equal(udp->ops->send(udp, tx, &next), 0);
	assert_true(tx->runs[0].unstuck);
	assert_int_equal(host.n, 2);
	assert_int_equal(host.calls, 3); /* offered once with the source, then without */
	assert_int_equal(host.path[0].local.family, 0);
	assert_memory_equal(&host.path[0].remote, &way.remote, sizeof(way.remote));
	assert_int_equal(udp->refused, 0);
	xt_tx_free(tx);
	udp->ops->close(udp);
}

static void what_is_delivered_is_received_with_its_path_and_mark(void **state)
{
	struct host host;
	struct xt_udp *udp = udp_new(&host);
	struct xt_batch *batch = NULL;
	uint8_t message[148] = {4};

	(void)state;
	assert_int_equal(xt_batch_new(&batch, 8, 2 * XT_SLOT_MAX), 0);
	assert_int_equal(xt_udp_mem_deliver(udp, &way, 3, message, sizeof(message)), 0);
	assert_int_equal(xt_udp_mem_deliver(udp, &way, 0, message, 0), 0);
	assert_int_equal(xt_udp_mem_waiting(udp), 2);
	assert_int_equal(udp->ops->recv(udp, batch, SIZE_MAX), 2);
	assert_int_equal(batch->pkts[0].len, 148);
	assert_int_equal(batch->pkts[0].ecn, 3);
	assert_int_equal(batch->pkts[0].data[0], 4);
	assert_memory_equal(batch->pkts[0].from, &way, sizeof(way));
	assert_int_equal(batch->pkts[1].len, 0);
	assert_int_equal(udp->ops->recv(udp, batch, SIZE_MAX), 0);
	xt_batch_free(batch);
	udp->ops->close(udp);
}

static void a_full_queue_refuses_delivery(void **state)
{
	static uint8_t message[XT_PACKET_MAX + 1];
	struct host host;
	struct xt_udp *udp = udp_new(&host);

	(void)state;
	assert_int_equal(xt_udp_mem_deliver(udp, &way, 0, message, sizeof(message)), XT_E_INVALID);
	for (int i = 0; i < 4; i++)
		assert_int_equal(xt_udp_mem_deliver(udp, &way, 0, message, XT_PACKET_MAX), 0);
	assert_int_equal(xt_udp_mem_deliver(udp, &way, 0, message, 1), XT_E_FULL);
	udp->ops->close(udp);
}

TEST_MAIN(cmocka_unit_test(each_datagram_of_a_run_reaches_the_host_in_order),
	  cmocka_unit_test(a_full_socket_goes_on_where_it_stopped),
	  cmocka_unit_test(a_refused_datagram_is_counted_and_the_rest_leaves),
	  cmocka_unit_test(a_source_that_is_gone_is_left_out_and_the_run_marked),
	  cmocka_unit_test(what_is_delivered_is_received_with_its_path_and_mark),
	  cmocka_unit_test(a_full_queue_refuses_delivery))
