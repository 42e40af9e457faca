/* SPDX-License-Identifier: MIT */
/* A batch of packets that a test takes from flows (flows.h), a batch for what becomes of them, and
 * the payload that they carry. Included after cmocka. */
#ifndef XT_TESTS_FLOW_BATCHES_H
#define XT_TESTS_FLOW_BATCHES_H

#include <xtunnel/batch.h>

#include "flows.h"

static uint8_t payload[65536];
static struct xt_batch *in, *out;

/* n_in: packets that in holds; both have bytes for that many of the largest packets. */
static inline void flow_batches_open(uint32_t n_in, size_t largest)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(xt_batch_new(&in, n_in, largest * XT_SLOT_MAX), 0);
	assert_int_equal(xt_batch_new(&out, 512, largest * XT_SLOT_MAX), 0);
}

static inline void flow_batches_close(void)
{
	xt_batch_free(in);
	xt_batch_free(out);
}

/* The set-up of tests of few packets, and the tear-down. */
static inline int flow_batches_setup(void **state)
{
	(void)state;
	flow_batches_open(16, 8);
	return 0;
}

static inline int flow_batches_teardown(void **state)
{
	(void)state;
	flow_batches_close();
	return 0;
}

static inline void flow_batches_reset(void)
{
	xt_batch_reset(in);
	xt_batch_reset(out);
}

#endif
