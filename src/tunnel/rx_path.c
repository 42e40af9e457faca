/* SPDX-License-Identifier: MIT */
/* The rx path, in steps:
 *
 *   read     UDP recv: up to 128 KiB at once, since only what is read together is merged together
 *   plan     session index, keypair: jobs
 *   open     by the workers, while the next batch is read and the one before is delivered, or here
 *   finish   tag, replay window, source address
 *   pong     replies to this instance's own pings end here
 *   echo     requests of peers are answered (Echo = peer)
 *   merge    segments of one flow become super-packets
 *   write    TUN send
 *   flush    echo replies: plan, seal, finish, UDP send */
#include "tunnel/rx_path.h"

#include <assert.h>

#include "base/bytes.h"
#include "packet/ping.h"

/* Bytes of a read. */
#define STEP_BYTES (128u << 10)

int xt_rx_path_init(struct xt_rx_path *rx, struct xt_data_path *data)
{
	*rx = (struct xt_rx_path){.data = data, .state = XT_PATH_IDLE};
	return xt_merge_new(&rx->merge, XT_UDP_BATCH);
}

void xt_rx_path_clear(struct xt_rx_path *rx)
{
	xt_merge_free(rx->merge);
	rx->merge = NULL;
}

static bool pass_goes_on(const struct xt_rx_path *rx, const struct xt_rx_pass *pass)
{
	/* The rest of a coalesced read is kept inside the socket, where no poll sees it. */
	return (pass->last >= STEP_BYTES && pass->bytes < pass->quota) ||
	       rx->data->config.udp->pending;
}

/* A batch of datagrams, up to its plan. *out: NULL when there are none. */
static int rx_read(struct xt_rx_path *rx, struct xt_time now, struct xt_rx_pass *pass,
		   struct xt_batch **out)
{
	struct xt_udp *udp = rx->data->config.udp;
	struct xt_batch *batch = xt_batch_pool_get(rx->data->pool, XT_BATCH_IN);
	size_t bytes = 0;
	int n = udp->ops->recv(udp, batch, pass && pass->held ? 0 : STEP_BYTES);

	for (uint32_t i = 0; i < batch->n; i++)
		bytes += batch->pkts[i].len;
	if (pass) {
		pass->last = bytes;
		pass->bytes += bytes;
	}
	if (n > 0) {
		if (rx->data->capture)
			xt_capture_udp_read(rx->data->capture, batch);
		xt_recv_plan(rx->data->config.dev, now, batch);
	} else {
		xt_batch_pool_put(rx->data->pool, batch);
		batch = NULL;
	}
	*out = batch;
	return n;
}

/* Open a planned batch: by the workers if they are free, else here. */
static void rx_open(struct xt_rx_path *rx)
{
	struct xt_worker_pool *workers = rx->data->config.workers;
	struct xt_batch *batch = rx->batch;

	if (rx->state != XT_PATH_PLANNED)
		return;
	if (workers && xt_worker_pool_submit(workers, XT_WORKER_OPEN, batch->jobs, batch->n_jobs)) {
		xt_path_enter(&rx->state, XT_PATH_CRYPTING);
		return;
	}
	xt_aead_open(rx->data->config.aead, batch->jobs, batch->n_jobs);
	xt_path_enter(&rx->state, XT_PATH_READY);
}

static void rx_complete(struct xt_rx_path *rx)
{
	if (rx->state == XT_PATH_READY)
		return;
	if (rx->state == XT_PATH_CRYPTING)
		xt_worker_pool_complete(rx->data->config.workers);
	assert(rx->state != XT_PATH_PLANNED);
	xt_path_enter(&rx->state, XT_PATH_READY);
}

static void rx_take_pongs(struct xt_rx_path *rx, struct xt_batch *batch)
{
	const struct xt_data_path_config *config = &rx->data->config;

	if (!config->pong)
		return;
	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];
		struct xt_ping_reply reply;

		if (pkt->verdict != XT_PASS || !xt_ping_read(&reply, pkt->data, pkt->len))
			continue;
		struct xt_public key = xt_peer_key(pkt->peer);
		struct xt_pong pong = {.peer = &key,
				       .from = reply.from,
				       .id = reply.id,
				       .seq = reply.seq,
				       .cookie = reply.cookie,
				       .size = reply.size};
		if (config->pong(config->ctx, &pong)) {
			pkt->verdict = XT_TAKEN_PING;
			xt_device_count(config->dev, XT_TAKEN_PING, 1);
		}
	}
}

/* Merge what the TUN takes as super-packets, and write. */
static void rx_write(struct xt_rx_path *rx, struct xt_batch *batch)
{
	unsigned kinds = rx->data->config.tun->tx_offloads;
	struct xt_batch *merged;

	if (!kinds || batch->n < 2) {
		xt_data_path_write(rx->data, batch);
		return;
	}
	merged = xt_batch_pool_get(rx->data->pool, XT_BATCH_MERGED);
	xt_merge(rx->merge, kinds, batch, merged);
	xt_data_path_write_merged(rx->data, merged, batch);
	xt_batch_pool_put(rx->data->pool, merged);
}

static void rx_deliver_with_echo(struct xt_rx_path *rx, struct xt_time now, struct xt_batch *batch)
{
	struct xt_batch_pool *pool = rx->data->pool;
	struct xt_batch *replies = xt_batch_pool_get(pool, XT_BATCH_REPLY);
	struct xt_batch *released = xt_batch_pool_get(pool, XT_BATCH_HOST);
	struct xt_capture *capture = rx->data->capture;

	if (capture)
		xt_capture_echo_copy(capture, batch);
	xt_data_path_echo(rx->data, XT_ECHO_SIDE_PEER, now, batch, replies, released);
	if (capture)
		xt_capture_echo_end(capture, batch);
	rx_write(rx, batch);
	if (released->n)
		xt_data_path_write(rx->data, released);
	xt_batch_pool_put(pool, released);
	if (replies->n) {
		rx->replies = replies;
		rx->delivered = batch;
		return;
	}
	xt_batch_pool_put(pool, replies);
	xt_batch_pool_put(pool, batch);
}

/* An opened batch goes to the host. It returns to the pool, unless replies lie in it. */
static void rx_deliver(struct xt_rx_path *rx, struct xt_time now, struct xt_batch *batch)
{
	struct xt_capture *capture = rx->data->capture;

	if (capture)
		xt_capture_opened(capture, batch);
	xt_recv_finish(rx->data->config.dev, now, batch);
	rx_take_pongs(rx, batch);
	if (capture)
		xt_capture_finished(capture, batch);
	if (rx->data->config.echo) {
		rx_deliver_with_echo(rx, now, batch);
		return;
	}
	rx_write(rx, batch);
	xt_batch_pool_put(rx->data->pool, batch);
}

int xt_rx_path_step(struct xt_rx_path *rx, struct xt_time now, struct xt_rx_pass *pass)
{
	struct xt_batch *opened, *next = NULL;
	int n = 0, ahead = 0;

	if (rx->state == XT_PATH_IDLE) {
		xt_path_enter(&rx->state, XT_PATH_READING);
		n = rx_read(rx, now, pass, &rx->batch);
		xt_path_enter(&rx->state, rx->batch ? XT_PATH_PLANNED : XT_PATH_IDLE);
		if (!rx->batch)
			return n;
	}
	rx_open(rx);
	if (rx->state == XT_PATH_CRYPTING && pass && pass_goes_on(rx, pass))
		ahead = rx_read(rx, now, pass, &next);
	rx_complete(rx);
	opened = rx->batch;
	rx->batch = next;
	xt_path_enter(&rx->state, next ? XT_PATH_PLANNED : XT_PATH_IDLE);
	rx_open(rx);
	rx_deliver(rx, now, opened);
	if (rx->data->error)
		return rx->data->error;
	return ahead < 0 ? ahead : n + ahead;
}

bool xt_rx_path_more(const struct xt_rx_path *rx, const struct xt_rx_pass *pass)
{
	return rx->state != XT_PATH_IDLE || pass_goes_on(rx, pass);
}

void xt_rx_path_flush(struct xt_rx_path *rx, struct xt_time now)
{
	struct xt_data_path *data = rx->data;

	if (!rx->replies)
		return;
	xt_send_plan(data->config.dev, now, rx->replies, data->queue.tx);
	if (data->capture)
		xt_capture_planned(data->capture, rx->replies,
				   XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT);
	xt_send_queue_seal(&data->queue, now, rx->replies);
	xt_send_queue_hold(&data->queue, rx->delivered);
	rx->replies = rx->delivered = NULL;
	xt_send_queue_flush(&data->queue);
}

void xt_rx_path_suspend(struct xt_rx_path *rx)
{
	if (rx->state == XT_PATH_IDLE)
		return;
	rx_complete(rx);
	xt_path_enter(&rx->state, XT_PATH_BLOCKED);
}

bool xt_rx_path_suspended(const struct xt_rx_path *rx)
{
	return rx->state == XT_PATH_BLOCKED;
}
