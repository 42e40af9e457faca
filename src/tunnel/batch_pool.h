/* SPDX-License-Identifier: MIT */
/* The batches of one data path. A batch has one owner at a time: a path, the send queue, or the
 * worker pool through the path that submitted its jobs; it comes from here and returns when its
 * last datagram has left. Their number bounds the packets in flight; nothing is allocated after
 * new. */
#ifndef XT_TUNNEL_BATCH_POOL_H
#define XT_TUNNEL_BATCH_POOL_H

#include <xtunnel/batch.h>

struct xt_batch_pool;

/* RAW     packets as read from the TUN
 * OUT     plain packets on their way to the UDP socket
 * IN      datagrams on their way to the TUN: two, since workers may have one while another is read
 * MERGED  super-packets for the TUN
 * REPLY   datagrams beside the stream: echo replies, fragments, pings, device traffic
 * HOST    packets for the TUN beside the stream: ICMP errors, echo replies, released fragments */
enum xt_batch_kind {
	XT_BATCH_RAW,
	XT_BATCH_OUT,
	XT_BATCH_IN,
	XT_BATCH_MERGED,
	XT_BATCH_REPLY,
	XT_BATCH_HOST,
	XT_BATCH_KINDS
};
#define XT_BATCH_IN_FLIGHT 9   /* all of them */
#define XT_BATCH_SEGMENTS  512 /* packets of an OUT batch */

int xt_batch_pool_new(struct xt_batch_pool **out); /* XT_E_NOMEM */
void xt_batch_pool_free(
    struct xt_batch_pool *pool); /* every batch that was ever taken; NULL: no-op */

/* An empty batch, the one returned last first: its memory is in the cache. Never NULL as long as
 * the owners keep to the counts above. */
struct xt_batch *xt_batch_pool_get(struct xt_batch_pool *pool, enum xt_batch_kind kind);
/* Empties the batch. NULL: no-op. */
void xt_batch_pool_put(struct xt_batch_pool *pool, struct xt_batch *batch);

#endif
