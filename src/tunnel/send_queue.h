/* SPDX-License-Identifier: MIT */
/* The datagrams that wait for the UDP socket, in the order in which they leave: those of both
 * paths, device traffic and handshake messages. Owns the batches that its datagrams lie in and
 * returns them to the pool when all datagrams have left. */
#ifndef XT_TUNNEL_SEND_QUEUE_H
#define XT_TUNNEL_SEND_QUEUE_H

#include <xtunnel/device.h>

#include "platform/udp.h"
#include "tunnel/batch_pool.h"
#include "tunnel/capture.h"

/* tx       handshake messages are put there directly (xt_send_plan, xt_device_tick)
 * next     the first run that has not left
 * capture  NULL while none runs
 * blocked  the socket took not all; whatever is added waits behind that */
struct xt_send_queue {
	struct xt_device *dev;
	struct xt_udp *udp;
	struct xt_aead *aead;
	struct xt_batch_pool *pool;
	struct xt_tx *tx;
	struct xt_capture *capture;
	uint32_t next;
	bool blocked;
	uint32_t n_batches;
	struct xt_batch *batches[XT_BATCH_IN_FLIGHT];
};

/* All else is borrowed and set by the owner. XT_E_NOMEM. */
int xt_send_queue_init(struct xt_send_queue *queue);
void xt_send_queue_clear(struct xt_send_queue *queue);

/* The queue owns batch until its datagrams have left.
 * hold    queued datagrams lie in batch
 * finish  batch is sealed: finish it and queue its datagrams
 * seal    batch is planned: seal it on this thread first. For the few datagrams beside the stream:
 *         the workers may be busy with a path's batch */
void xt_send_queue_hold(struct xt_send_queue *queue, struct xt_batch *batch);
void xt_send_queue_finish(struct xt_send_queue *queue, struct xt_time now, struct xt_batch *batch);
void xt_send_queue_seal(struct xt_send_queue *queue, struct xt_time now, struct xt_batch *batch);

/* Send what is queued, as far as the socket takes it. */
void xt_send_queue_flush(struct xt_send_queue *queue);

#endif
