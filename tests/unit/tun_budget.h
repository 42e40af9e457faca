/* SPDX-License-Identifier: MIT */
/* What every TUN does with a budget. Included after cmocka. */
#ifndef XT_TESTS_TUN_BUDGET_H
#define XT_TESTS_TUN_BUDGET_H

#include "platform/tun.h"

/* 8 packets wait in tun. budget: bytes that two of them reach; cap: packets that batch holds. */
static inline void tun_budget_check(struct xt_tun *tun, struct xt_batch *batch, size_t budget,
				    int cap)
{
	assert_int_equal(tun->ops->recv(tun, batch, budget), 2);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), cap - 2);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), 0);
	xt_batch_reset(batch);
	assert_int_equal(tun->ops->recv(tun, batch, SIZE_MAX), cap);
}

#endif
