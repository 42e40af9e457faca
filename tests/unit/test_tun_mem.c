/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The TUN in memory, which simulations use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <xtunnel/error.h>

#include "platform/mem/mem.h"
#include "test_main.h"
#include "unit/tun_budget.h"

static struct xt_tun *tun_new(uint32_t cap)
{
	struct xt_tun *tun = NULL;

	assert_int_equal(xt_tun_mem_new(&tun, cap, 1420), 0);
	assert_null(tun->ops->watch);
	assert_int_equal(tun->mtu, 1420);
	return tun;
}

static struct xt_batch *batch_new(uint32_t cap)
{
	struct xt_batch *batch = NULL;

	assert_int_equal(xt_batch_new(&batch, cap, 2 * XT_SLOT_MAX), 0);
	return batch;
}

static void packets_are_received_in_the_order_they_were_injected(void **state)
{
	struct xt_tun *tun = tun_new(8);
	struct xt_batch *batch = batch_new(8);

	(void)state;
	for (uint8_t i = 1; i <= 5; i++) {
		uint8_t packet[64];

		memset(packet, i, sizeof(packet));
		assert_int_equal(xt_tun_mem_inject(tun, packet, i * 10u), 0);
	}
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 5);
	assert_int_equal(batch->n, 5);
	for (uint8_t i = 1; i <= 5; i++) {
		assert_int_equal(batch->pkts[i - 1].len, i * 10u);
		assert_int_equal(batch->pkts[i - 1].data[0], i);
		assert_int_equal(batch->pkts[i - 1].data[i * 10 - 1], i);
		assert_int_equal(batch->pkts[i - 1].verdict, XT_PASS);
	}
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void recv_stops_at_the_budget_and_at_a_full_batch(void **state)
{
	struct xt_tun *tun = tun_new(8);
	struct xt_batch *batch = batch_new(3);
	uint8_t packet[100] = {0x45};

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(xt_tun_mem_inject(tun, packet, sizeof(packet)), 0);
	tun_budget_check(tun, batch, 150, 3);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void the_largest_packet_passes_and_a_larger_one_is_refused(void **state)
{
	static uint8_t packet[XT_PACKET_MAX + 1], back[XT_PACKET_MAX + 1];
	struct xt_tun *tun = tun_new(2);
	struct xt_batch *batch = batch_new(2);

	(void)state;
	packet[XT_PACKET_MAX - 1] = 0x77;
	assert_int_equal(xt_tun_mem_inject(tun, packet, sizeof(packet)), XT_E_INVALID);
	assert_int_equal(xt_tun_mem_inject(tun, packet, 0), XT_E_INVALID);
	assert_int_equal(xt_tun_mem_inject(tun, packet, XT_PACKET_MAX), 0);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 1);
	assert_int_equal(tun->ops->send(tun, batch), 1);
	assert_int_equal(xt_tun_mem_take(tun, back, sizeof(back)), XT_PACKET_MAX);
	assert_memory_equal(packet, back, XT_PACKET_MAX);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void only_packets_that_pass_are_written(void **state)
{
	struct xt_tun *tun = tun_new(4);
	struct xt_batch *batch = batch_new(4);
	uint8_t packet[20], back[20];

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		memset(packet, i, sizeof(packet));
		xt_tun_mem_inject(tun, packet, sizeof(packet));
	}
	tun->ops->recv(tun, batch, SIZE_MAX);
	batch->pkts[1].verdict = XT_DROP_REPLAY;
	assert_int_equal(tun->ops->send(tun, batch), 2);
	assert_int_equal(xt_tun_mem_waiting(tun), 2);
	assert_int_equal(xt_tun_mem_take(tun, back, sizeof(back)), 20);
	assert_int_equal(back[0], 0);
	assert_int_equal(xt_tun_mem_take(tun, back, 5), 20);
	assert_int_equal(back[0], 2);
	assert_int_equal(xt_tun_mem_take(tun, back, sizeof(back)), 0);
	assert_int_equal(batch->pkts[1].verdict, XT_DROP_REPLAY);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void a_full_queue_refuses_packets(void **state)
{
	struct xt_tun *tun = tun_new(2);
	struct xt_batch *batch = batch_new(4);
	uint8_t packet[20] = {0x45};

	(void)state;
	assert_int_equal(xt_tun_mem_inject(tun, packet, 20), 0);
	assert_int_equal(xt_tun_mem_inject(tun, packet, 20), 0);
	assert_int_equal(xt_tun_mem_inject(tun, packet, 20), XT_E_FULL);
	for (int i = 0; i < 3; i++)
		assert_non_null(xt_batch_view(batch, packet, 20));
	assert_int_equal(tun->ops->send(tun, batch), 2);
	assert_int_equal(batch->pkts[1].verdict, XT_PASS);
	assert_int_equal(batch->pkts[2].verdict, XT_DROP_TUN);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

static void an_unplugged_device_is_gone(void **state)
{
	struct xt_tun *tun = tun_new(2);
	struct xt_batch *batch = batch_new(2);
	uint8_t packet[20] = {0x45};

	(void)state;
	xt_tun_mem_inject(tun, packet, 20);
	xt_tun_mem_unplug(tun);
	assert_int_equal(xt_tun_mem_inject(tun, packet, 20), -ENODEV);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), -ENODEV);
	assert_int_equal(tun->ops->send(tun, batch), -ENODEV);
	xt_batch_free(batch);
	tun->ops->close(tun);
}

TEST_MAIN(cmocka_unit_test(packets_are_received_in_the_order_they_were_injected),
	  cmocka_unit_test(recv_stops_at_the_budget_and_at_a_full_batch),
	  cmocka_unit_test(the_largest_packet_passes_and_a_larger_one_is_refused),
	  cmocka_unit_test(only_packets_that_pass_are_written),
	  cmocka_unit_test(a_full_queue_refuses_packets),
	  cmocka_unit_test(an_unplugged_device_is_gone))
