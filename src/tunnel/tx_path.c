/* SPDX-License-Identifier: MIT */
/* The tx path, in steps:
 *
 *   read    TUN recv: one super-packet, or some small packets
 *   fit     what is larger than its peer's path is cut, or its sender is asked for less
 *   split   super-packets become segments, partial checksums whole
 *   echo    requests of the host are answered (Echo = host)
 *   plan    peer, keypair, counter, header: jobs
 *   seal    by the workers, while the next read and split go on, or here
 *   flush   at the end of the pass: finish, then one UDP send
 *
 * A read is small and its memory is reused at once, so that what a pass touches stays in the L2
 * cache. Datagrams wait for the end of the pass because each send wakes the receiver. During an rx
 * pass a batch of pure TCP ACKs waits as well; any other packet makes it leave at once
 * (docs/decisions/0008). */
#include "tunnel/tx_path.h"

#include "base/bytes.h"
#include "packet/ip.h"
#include "packet/transport.h"
#include "platform/link.h"
#include "tunnel/tx_fit.h"

/* Bytes of a read. It ends with the first super-packet: the next one is read to the same place. */
#define STEP_BYTES (32u << 10)

/* Errors about packets that were cut, a second: they only save work. */
#define CUT_RATE  10
#define CUT_BURST 10

void xt_tx_path_init(struct xt_tx_path *tx, struct xt_data_path *data)
{
	*tx = (struct xt_tx_path){.data = data, .state = XT_PATH_IDLE};
	xt_icmp_init(&tx->icmp, 0, XT_ICMP_RATE, XT_ICMP_BURST);
	xt_icmp_init(&tx->icmp_cut, 0, CUT_RATE, CUT_BURST);
}

/* Tell the sending host what cannot be reached, of the packets from that one on. */
static void tx_answer_unreachable(struct xt_tx_path *tx, struct xt_time now,
				  const struct xt_batch *batch, uint32_t from)
{
	const struct xt_ip *local6 = &tx->data->config.local6, *source;

	for (uint32_t i = from; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		enum xt_icmp_kind kind;
		uint32_t mtu = 0;

		switch (pkt->verdict) {
		case XT_DROP_NO_ROUTE:
			kind = XT_ICMP_NO_ROUTE;
			break;
		case XT_DROP_NO_ENDPOINT:
			kind = XT_ICMP_UNREACHABLE;
			break;
		case XT_DROP_TOO_BIG:
			kind = XT_ICMP_TOO_BIG;
			mtu = XT_LINK_MTU_MAX;
			break;
		default:
			continue;
		}
		/* Linux drops an IPv4 packet from outside whose source is a local address: there
		 * the unreachable destination is the source. */
		source = pkt->data[0] >> 4 == 6 && local6->family ? local6 : NULL;
		if (!tx->answers)
			tx->answers = xt_batch_pool_get(tx->data->pool, XT_BATCH_HOST);
		xt_icmp_answer(&tx->icmp, now.mono, pkt, kind, mtu, source, tx->answers);
	}
}

static void tx_write_answers(struct xt_tx_path *tx)
{
	if (!tx->answers)
		return;
	if (tx->answers->n)
		xt_data_path_write(tx->data, tx->answers);
	xt_batch_pool_put(tx->data->pool, tx->answers);
	tx->answers = NULL;
}

static void tx_split(struct xt_tx_path *tx)
{
	uint32_t from = tx->out->n, malformed = 0;

	if (tx->data->capture)
		xt_capture_split(tx->data->capture, &tx->split, tx->raw, tx->out);
	else
		(void)xt_split(&tx->split, tx->raw, tx->out);
	for (uint32_t i = from; i < tx->out->n; i++)
		malformed += tx->out->pkts[i].verdict == XT_DROP_MALFORMED;
	xt_device_count(tx->data->config.dev, XT_DROP_MALFORMED, malformed);
}

/* Segmentation has copied all of raw: empty it, so that the next read reuses memory that is in the
 * cache. Plain packets are views of raw, which must stay until they have left. */
static void tx_reuse_raw(struct xt_tx_path *tx)
{
	for (uint32_t i = 0; i < tx->raw->n; i++)
		if (tx->raw->pkts[i].gso.kind == XT_GSO_NONE)
			return;
	xt_batch_reset(tx->raw);
	tx->split = (struct xt_split){0};
}

/* False for a pure TCP ACK, which may wait for the end of the pass. */
static bool tx_is_urgent(const struct xt_pkt *pkt)
{
	struct xt_ip_view view;

	return !xt_ip_parse_packet(&view, pkt->data, pkt->len) || view.fragment ||
	       view.protocol != XT_PROTO_TCP ||
	       !xt_tcp_bare_ack(pkt->data + view.upper, view.len - view.upper);
}

static void tx_echo(struct xt_tx_path *tx, struct xt_time now, struct xt_batch *fresh)
{
	struct xt_data_path *data = tx->data;

	if (!data->config.echo)
		return;
	if (!tx->answers)
		tx->answers = xt_batch_pool_get(data->pool, XT_BATCH_HOST);
	if (!tx->onward)
		tx->onward = xt_batch_pool_get(data->pool, XT_BATCH_REPLY);
	xt_data_path_echo(data, XT_ECHO_SIDE_HOST, now, fresh, tx->answers, tx->onward);
}

/* Seal the jobs that were planned last: submit them behind those that the workers have, or do them
 * here when there are no workers or the rx path has them. */
static void tx_seal(struct xt_tx_path *tx)
{
	struct xt_worker_pool *workers = tx->data->config.workers;
	struct xt_job *jobs = tx->out->jobs + tx->submitted;
	uint32_t n = tx->out->n_jobs - tx->submitted;

	if (!workers || !xt_worker_pool_submit(workers, XT_WORKER_SEAL, jobs, n)) {
		xt_aead_seal(tx->data->config.aead, jobs, n);
		xt_path_enter(&tx->state, XT_PATH_READY);
	} else if (tx->state != XT_PATH_CRYPTING) {
		xt_path_enter(&tx->state, XT_PATH_CRYPTING);
	}
	tx->submitted = tx->out->n_jobs;
}

/* What lies in raw, up to its sealing and as far as the batch goes. */
static void tx_process(struct xt_tx_path *tx, struct xt_time now)
{
	struct xt_batch fresh;
	uint32_t from;

	if (!tx->out)
		tx->out = xt_batch_pool_get(tx->data->pool, XT_BATCH_OUT);
	from = tx->out->n;
	tx_split(tx);
	fresh = *tx->out;
	fresh.pkts += from;
	fresh.n -= from;
	for (uint32_t i = 0; i < fresh.n && !tx->urgent; i++)
		tx->urgent = tx_is_urgent(&fresh.pkts[i]);
	tx_echo(tx, now, &fresh);
	if (tx->answers && tx->answers->n)
		tx_write_answers(tx);
	xt_send_plan(tx->data->config.dev, now, tx->out, tx->data->queue.tx);
	if (tx->state != XT_PATH_CRYPTING)
		xt_path_enter(&tx->state, XT_PATH_PLANNED);
	if (tx->data->capture)
		xt_capture_host_sent(tx->data->capture, tx->out, from);
	tx_seal(tx);
	tx_answer_unreachable(tx, now, tx->out, from);
	if (!xt_tx_path_has_rest(tx))
		tx_reuse_raw(tx);
}

int xt_tx_path_read(struct xt_tx_path *tx, struct xt_time now, size_t *bytes)
{
	struct xt_tun *tun = tx->data->config.tun;
	uint32_t from;
	int n;

	if (tx->state == XT_PATH_IDLE) {
		tx->raw = xt_batch_pool_get(tx->data->pool, XT_BATCH_RAW);
		xt_path_enter(&tx->state, XT_PATH_READING);
	}
	from = tx->raw->n;
	n = tun->ops->recv(tun, tx->raw, STEP_BYTES);
	if (n > 0) {
		while (from < tx->raw->n)
			*bytes += tx->raw->pkts[from++].len;
		if (tx->data->capture)
			xt_capture_host_read(tx->data->capture, tx->raw, from - (uint32_t)n);
		xt_tx_fit(tx, now, from - (uint32_t)n);
		tx_process(tx, now);
	} else if (tx->state == XT_PATH_READING) {
		xt_batch_pool_put(tx->data->pool, tx->raw);
		tx->raw = NULL;
		xt_path_enter(&tx->state, XT_PATH_IDLE);
	}
	return n;
}

bool xt_tx_path_has_rest(const struct xt_tx_path *tx)
{
	return tx->raw && tx->split.next < tx->raw->n;
}

void xt_tx_path_resume(struct xt_tx_path *tx, struct xt_time now)
{
	xt_path_enter(&tx->state, XT_PATH_READING);
	tx_process(tx, now);
}

void xt_tx_path_complete(struct xt_tx_path *tx)
{
	if (tx->state != XT_PATH_CRYPTING)
		return;
	xt_worker_pool_complete(tx->data->config.workers);
	xt_path_enter(&tx->state, XT_PATH_READY);
}

bool xt_tx_path_pending(const struct xt_tx_path *tx)
{
	return tx->state == XT_PATH_CRYPTING || tx->state == XT_PATH_READY;
}

bool xt_tx_path_closed(const struct xt_tx_path *tx)
{
	return tx->onward && tx->onward->n;
}

bool xt_tx_path_urgent(const struct xt_tx_path *tx)
{
	return tx->urgent || (xt_tx_path_pending(tx) && tx->raw->n == tx->raw->cap);
}

/* The batch and what its datagrams lie in go to the send queue. Packets that were not split yet
 * keep raw. */
static void tx_queue(struct xt_tx_path *tx, struct xt_time now)
{
	struct xt_send_queue *queue = &tx->data->queue;

	xt_tx_path_complete(tx);
	xt_send_queue_finish(queue, now, tx->out);
	tx->out = NULL;
	tx->submitted = 0;
	tx->urgent = false;
	if (xt_tx_path_has_rest(tx)) {
		xt_path_enter(&tx->state, XT_PATH_BLOCKED);
		return;
	}
	xt_send_queue_hold(queue, tx->raw);
	tx->raw = NULL;
	tx->split = (struct xt_split){0};
	xt_path_enter(&tx->state, XT_PATH_IDLE);
}

/* Fragments go on after the packets before them. */
static void tx_queue_onward(struct xt_tx_path *tx, struct xt_time now)
{
	if (!tx->onward)
		return;
	if (tx->onward->n) {
		xt_send_plan(tx->data->config.dev, now, tx->onward, tx->data->queue.tx);
		if (tx->data->capture)
			xt_capture_planned(tx->data->capture, tx->onward, XT_CAPTURE_SEGMENT);
		tx_answer_unreachable(tx, now, tx->onward, 0);
		xt_send_queue_seal(&tx->data->queue, now, tx->onward);
	} else {
		xt_batch_pool_put(tx->data->pool, tx->onward);
	}
	tx->onward = NULL;
}

void xt_tx_path_flush(struct xt_tx_path *tx, struct xt_time now)
{
	if (!xt_tx_path_pending(tx))
		return;
	tx_queue(tx, now);
	tx_queue_onward(tx, now);
	tx_write_answers(tx);
	xt_send_queue_flush(&tx->data->queue);
}
