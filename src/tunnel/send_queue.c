/* SPDX-License-Identifier: MIT */
/* The queue of datagrams before the UDP socket. */
#include "tunnel/send_queue.h"

#include <assert.h>
#include <errno.h>

/* A full OUT batch, two of replies behind it, and handshake messages. */
#define TX_CAP	 (XT_BATCH_SEGMENTS + 2 * XT_UDP_BATCH)
#define TX_ARENA (256 * 160)

int xt_send_queue_init(struct xt_send_queue *queue)
{
	return xt_tx_new(&queue->tx, TX_CAP, TX_ARENA);
}

void xt_send_queue_clear(struct xt_send_queue *queue)
{
	xt_tx_free(queue->tx);
	queue->tx = NULL;
}

void xt_send_queue_hold(struct xt_send_queue *queue, struct xt_batch *batch)
{
	assert(queue->n_batches < XT_BATCH_IN_FLIGHT);
	queue->batches[queue->n_batches++] = batch;
}

void xt_send_queue_finish(struct xt_send_queue *queue, struct xt_time now, struct xt_batch *batch)
{
	xt_send_finish(queue->dev, now, batch, queue->tx);
	xt_send_queue_hold(queue, batch);
}

void xt_send_queue_seal(struct xt_send_queue *queue, struct xt_time now, struct xt_batch *batch)
{
	xt_aead_seal(queue->aead, batch->jobs, batch->n_jobs);
	xt_send_queue_finish(queue, now, batch);
}

/* All datagrams have left: batches return to the pool. */
static void queue_drained(struct xt_send_queue *queue)
{
	struct xt_tx *tx = queue->tx;

	for (uint32_t i = 0; i < tx->n_runs; i++)
		if (tx->runs[i].unstuck)
			xt_device_unstick(queue->dev, &tx->runs[i].path);
	xt_tx_reset(tx);
	queue->next = 0;
	while (queue->n_batches)
		xt_batch_pool_put(queue->pool, queue->batches[--queue->n_batches]);
}

static int queue_send(struct xt_send_queue *queue)
{
	if (queue->capture)
		return xt_capture_send(queue->capture, queue->tx, &queue->next);
	return queue->udp->ops->send(queue->udp, queue->tx, &queue->next);
}

void xt_send_queue_flush(struct xt_send_queue *queue)
{
	uint64_t refused = queue->udp->refused;

	if (queue->tx->n_runs) {
		queue->blocked = queue_send(queue) == -EAGAIN;
		xt_device_count(queue->dev, XT_DROP_UDP, queue->udp->refused - refused);
	}
	if (!queue->blocked)
		queue_drained(queue);
}
