/* SPDX-License-Identifier: MIT */
/* The batches of an echo responder under test. Included after cmocka. */
#ifndef XT_TESTS_ECHO_BATCHES_H
#define XT_TESTS_ECHO_BATCHES_H

#include <string.h>

#include "packet/echo_responder.h"

static struct xt_batch *in, *replies, *released;
static struct xt_echo *echo;

static int batches_open(void **state)
{
	(void)state;
	assert_int_equal(xt_batch_new(&in, 256, 8u << 20), 0);
	assert_int_equal(xt_batch_new(&replies, 256, 8u << 20), 0);
	assert_int_equal(xt_batch_new(&released, 256, 8u << 20), 0);
	return 0;
}

static int batches_close(void **state)
{
	(void)state;
	xt_echo_free(echo);
	echo = NULL;
	xt_batch_free(in);
	xt_batch_free(replies);
	xt_batch_free(released);
	return 0;
}

static void batches_reset(void)
{
	xt_batch_reset(in);
	xt_batch_reset(replies);
	xt_batch_reset(released);
}

/* Add a copy of a packet of peer to in. */
static struct xt_pkt *packet_add(const uint8_t *p, size_t len, struct xt_peer *peer)
{
	struct xt_pkt *pkt = xt_batch_add(in, len);

	assert_non_null(pkt);
	memcpy(pkt->data, p, len);
	pkt->len = (uint32_t)len;
	pkt->peer = peer;
	return pkt;
}

#endif
