/* SPDX-License-Identifier: MIT */
/* The scheduler.
 *
 *   TUN readable   read tx, every RX_POLL_BYTES poll rx, until drained or at the quota;
 *                  flush tx; tick
 *   UDP readable   step rx, flush rx, tick, poll tx, until drained or at the quota; flush tx
 *   UDP writable   send what is queued; resume tx; tick; resume rx
 *
 * Neither path calls the other or the scheduler, so each pass can be read here from top to bottom.
 * Quotas and what may wait for the end of a pass: docs/decisions/0008. */
#include "tunnel/scheduler.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "core/peer.h"
#include "packet/ping.h"
#include "tunnel/rx_path.h"
#include "tunnel/tx_fit.h"
#include "tunnel/tx_path.h"

/* Poll the other direction after this many outbound bytes. */
#define RX_POLL_BYTES (128u << 10)

/* PARKING  only what was read goes on
 * PARKED   nothing does */
enum scheduler_state { SCHEDULER_RUNNING, SCHEDULER_PARKING, SCHEDULER_PARKED };

struct xt_scheduler {
	enum scheduler_state state;
	struct xt_data_path data;
	struct xt_tx_path tx;
	struct xt_rx_path rx;
	size_t pass_bytes;
};

void xt_scheduler_set_crypto(struct xt_scheduler *s, struct xt_aead *aead,
			     struct xt_worker_pool *workers)
{
	bool alone = workers && xt_worker_pool_threads(workers) < 2;

	s->data.config.aead = s->data.queue.aead = aead;
	s->data.config.workers = alone ? NULL : workers; /* no thread to work meanwhile */
}

void xt_scheduler_set_local(struct xt_scheduler *s, struct xt_echo *echo,
			    const struct xt_ip *local4, const struct xt_ip *local6)
{
	s->data.config.echo = echo;
	s->data.config.local4 = *local4;
	s->data.config.local6 = *local6;
}

void xt_scheduler_set_capture(struct xt_scheduler *s, struct xt_capture *capture)
{
	s->data.capture = s->data.queue.capture = capture;
}

int xt_scheduler_new(struct xt_scheduler **out, const struct xt_data_path_config *config)
{
	struct xt_scheduler *s = calloc(1, sizeof(*s));
	struct xt_data_path *data;

	if (!s)
		return XT_E_NOMEM;
	data = &s->data;
	data->config = *config;
	data->queue = (struct xt_send_queue){.dev = config->dev, .udp = config->udp};
	xt_scheduler_set_crypto(s, config->aead, config->workers);
	s->pass_bytes = config->pass_bytes ? config->pass_bytes : XT_PASS_BYTES_DEFAULT;
	xt_tx_path_init(&s->tx, data);
	if (xt_batch_pool_new(&data->pool) || xt_send_queue_init(&data->queue) ||
	    xt_path_limits_init(&data->limits) || xt_rx_path_init(&s->rx, data)) {
		xt_scheduler_free(s);
		return XT_E_NOMEM;
	}
	data->queue.pool = data->pool;
	*out = s;
	return 0;
}

void xt_scheduler_free(struct xt_scheduler *s)
{
	if (!s)
		return;
	xt_rx_path_clear(&s->rx);
	xt_path_limits_clear(&s->data.limits);
	xt_send_queue_clear(&s->data.queue);
	xt_batch_pool_free(s->data.pool);
	free(s);
}

uint64_t xt_scheduler_retry(const struct xt_scheduler *s)
{
	return s->data.queue.blocked ? s->data.config.udp->retry : 0;
}

bool xt_scheduler_blocked(const struct xt_scheduler *s)
{
	return s->data.queue.blocked;
}

/* While blocked, nothing that would have to be answered is read: an echo reply leaves from where
 * its request lies. */
static bool udp_may_be_read(const struct xt_scheduler *s)
{
	return !s->data.queue.blocked || !s->data.config.echo;
}

/* Device traffic, until there is none or the socket is full. */
static void device_traffic_send(struct xt_scheduler *s, struct xt_time now)
{
	struct xt_send_queue *queue = &s->data.queue;

	while (!queue->blocked) {
		struct xt_batch *batch = xt_batch_pool_get(s->data.pool, XT_BATCH_REPLY);

		if (!xt_send_device_traffic(s->data.config.dev, now, batch)) {
			xt_batch_pool_put(s->data.pool, batch);
			return;
		}
		if (s->data.capture)
			xt_capture_probes(s->data.capture, batch);
		xt_send_queue_seal(queue, now, batch);
		xt_send_queue_flush(queue);
	}
}

/* What the sockets heard of datagrams that are too large makes the device ask, and nothing else. */
static void take_too_big(struct xt_scheduler *s, struct xt_time now)
{
	struct xt_udp *udp = s->data.config.udp;

	for (uint32_t i = 0; i < udp->n_too_big; i++)
		xt_device_suspect_mtu(s->data.config.dev, now, &udp->too_big[i]);
	udp->n_too_big = 0;
}

/* What host and network said of datagrams, for reports and nothing else. */
static void take_notes(struct xt_scheduler *s, struct xt_time now)
{
	struct xt_device *dev = s->data.config.dev;
	struct xt_udp *udp = s->data.config.udp;

	for (uint32_t i = 0; i < udp->n_notes; i++) {
		const struct xt_udp_note *note = &udp->notes[i];

		if (note->error)
			xt_device_note_send_error(dev, now, &note->remote, note->error);
		else
			xt_device_note_icmp(dev, now, &note->remote,
					    (enum xt_unreachable)note->icmp_kind, &note->icmp_from);
	}
	udp->n_notes = 0;
}

void xt_scheduler_tick(struct xt_scheduler *s, struct xt_time now)
{
	if (s->state == SCHEDULER_PARKED)
		return;
	if (s->data.config.echo)
		xt_echo_tick(s->data.config.echo, now.mono);
	xt_tx_fit_report(&s->data);
	if (s->data.config.udp->n_too_big)
		take_too_big(s, now);
	if (!s->data.queue.blocked) {
		xt_device_tick(s->data.config.dev, now, s->data.queue.tx);
		xt_send_queue_flush(&s->data.queue);
		device_traffic_send(s, now);
	}
	if (s->data.config.udp->n_notes)
		take_notes(s, now);
}

uint64_t xt_scheduler_deadline(const struct xt_scheduler *s)
{
	uint64_t at = s->data.config.echo ? xt_echo_deadline(s->data.config.echo) : XT_NEVER;

	if (s->state == SCHEDULER_PARKED)
		return XT_NEVER;
	if (s->data.queue.blocked) /* the device's traffic waits for the socket */
		return xt_scheduler_retry(s) ? XT_MIN(at, xt_scheduler_retry(s)) : at;
	return XT_MIN(at, xt_device_deadline(s->data.config.dev));
}

/* Packets that were read and did not fit into the batch leave in further ones, until the socket is
 * full. */
static void tx_send_rest(struct xt_scheduler *s, struct xt_time now)
{
	while (xt_tx_path_has_rest(&s->tx)) {
		xt_tx_path_flush(&s->tx, now);
		if (s->data.queue.blocked)
			return;
		xt_tx_path_resume(&s->tx, now);
	}
}

/* Read the TUN, RX_POLL_BYTES or what there is, up to the sealing. What was read is added to bytes.
 * Packets; 0: drained, -errno. */
static int tx_read(struct xt_scheduler *s, struct xt_time now, size_t *bytes)
{
	const size_t until = *bytes + RX_POLL_BYTES;
	int n = 0, sum = 0;

	while (*bytes < until && !s->data.queue.blocked && !xt_tx_path_closed(&s->tx) &&
	       !s->data.error) {
		n = xt_tx_path_read(&s->tx, now, bytes);
		if (n <= 0)
			break;
		sum += n;
		tx_send_rest(s, now);
	}
	if (s->data.error)
		return s->data.error;
	return sum ? sum : n;
}

/* In the middle of an rx pass: read the TUN; a batch with an urgent packet leaves at once, one of
 * pure TCP ACKs waits. Packets; -errno. */
static int tx_poll(struct xt_scheduler *s, struct xt_time now)
{
	size_t bytes = 0;
	int n = tx_read(s, now, &bytes);

	if (xt_tx_path_urgent(&s->tx))
		xt_tx_path_flush(&s->tx, now);
	return s->data.error ? s->data.error : n;
}

static int rx_step(struct xt_scheduler *s, struct xt_time now, struct xt_rx_pass *pass)
{
	int n = xt_rx_path_step(&s->rx, now, pass);

	xt_rx_path_flush(&s->rx, now);
	xt_scheduler_tick(s, now);
	return n;
}

/* In the middle of a tx pass: one read of the socket, all the way, with the workers' help. */
static int rx_poll(struct xt_scheduler *s, struct xt_time now)
{
	if (!udp_may_be_read(s))
		return 0;
	xt_tx_path_complete(&s->tx);
	return rx_step(s, now, NULL);
}

static int rx_pass(struct xt_scheduler *s, struct xt_time now)
{
	struct xt_rx_pass pass = {.quota = s->pass_bytes};
	int n, polled = 0, sum = 0;
	bool more;

	do {
		n = rx_step(s, now, &pass);
		if (n < 0)
			break;
		sum += n;
		more = xt_rx_path_more(&s->rx, &pass);
		if (more)
			polled = tx_poll(s, now);
	} while (more && polled >= 0 && udp_may_be_read(s));
	xt_rx_path_suspend(&s->rx);
	if (xt_tx_path_pending(&s->tx)) { /* with what has come since: one send, one wake-up */
		size_t bytes = 0;

		polled = tx_read(s, now, &bytes);
		xt_tx_path_flush(&s->tx, now);
		if (s->data.config.udp->n_notes)
			take_notes(s, now);
	}
	return s->data.error ? s->data.error : n < 0 ? n : polled < 0 ? polled : sum;
}

int xt_scheduler_on_udp_readable(struct xt_scheduler *s, struct xt_time now)
{
	return s->state == SCHEDULER_RUNNING && udp_may_be_read(s) ? rx_pass(s, now) : 0;
}

int xt_scheduler_on_tun_readable(struct xt_scheduler *s, struct xt_time now)
{
	size_t bytes = 0, before;
	int n, sum = 0;

	if (s->data.queue.blocked || s->state != SCHEDULER_RUNNING)
		return 0;
	do {
		before = bytes;
		n = tx_read(s, now, &bytes);
		sum += XT_MAX(n, 0);
		if (n <= 0 || bytes - before < RX_POLL_BYTES || bytes >= s->pass_bytes ||
		    xt_tx_path_closed(&s->tx))
			break;
		n = rx_poll(s, now);
	} while (n >= 0 && !s->data.queue.blocked);
	xt_tx_path_flush(&s->tx, now);
	xt_scheduler_tick(s, now);
	if (s->data.config.udp->pending && udp_may_be_read(s))
		(void)rx_pass(s, now);
	return s->data.error ? s->data.error : n < 0 ? n : sum;
}

void xt_scheduler_on_udp_writable(struct xt_scheduler *s, struct xt_time now)
{
	if (s->state == SCHEDULER_PARKED)
		return;
	xt_send_queue_flush(&s->data.queue);
	if (!s->data.queue.blocked && xt_tx_path_has_rest(&s->tx)) {
		xt_tx_path_resume(&s->tx, now);
		tx_send_rest(s, now);
	}
	if (!s->data.queue.blocked)
		xt_tx_path_flush(&s->tx, now);
	if (s->data.queue.blocked)
		return;
	xt_scheduler_tick(s, now);
	if ((s->data.config.udp->pending || xt_rx_path_suspended(&s->rx)) && udp_may_be_read(s))
		(void)rx_pass(s, now);
}

/* What was read and did not fit, of either direction. */
static void rest_process(struct xt_scheduler *s, struct xt_time now)
{
	while (udp_may_be_read(s) &&
	       (s->data.config.udp->pending || xt_rx_path_suspended(&s->rx))) {
		struct xt_rx_pass held = {.held = true};

		(void)rx_step(s, now, &held);
		xt_rx_path_suspend(&s->rx);
	}
	if (!s->data.queue.blocked && xt_tx_path_has_rest(&s->tx)) {
		xt_tx_path_resume(&s->tx, now);
		tx_send_rest(s, now);
	}
	xt_tx_path_flush(&s->tx, now);
}

bool xt_scheduler_park(struct xt_scheduler *s, struct xt_time now)
{
	if (s->state == SCHEDULER_PARKED)
		return true;
	s->state = SCHEDULER_PARKING;
	if (s->data.queue.blocked)
		xt_send_queue_flush(&s->data.queue);
	if (s->data.queue.blocked)
		return false;
	rest_process(s, now);
	if (s->data.queue.blocked || s->data.config.udp->pending || xt_rx_path_suspended(&s->rx) ||
	    xt_tx_path_has_rest(&s->tx))
		return false;
	s->state = SCHEDULER_PARKED;
	return true;
}

bool xt_scheduler_parked(const struct xt_scheduler *s)
{
	return s->state == SCHEDULER_PARKED;
}

void xt_scheduler_resume(struct xt_scheduler *s)
{
	s->state = SCHEDULER_RUNNING;
}

int xt_scheduler_ping(struct xt_scheduler *s, struct xt_time now, const struct xt_public *peer,
		      const struct xt_ip *src, const struct xt_ip *dst, uint16_t id, uint16_t seq,
		      uint64_t cookie, uint32_t size)
{
	struct xt_peer *to = xt_device_peer(s->data.config.dev, peer);
	size_t len = xt_ping_len(dst->family, size);
	struct xt_batch *batch;
	struct xt_pkt *pkt;

	if (!to)
		return XT_E_NOPEER;
	if (!len || src->family != dst->family)
		return XT_E_INVALID;
	if (s->data.queue.blocked || s->state != SCHEDULER_RUNNING)
		return XT_E_AGAIN;
	batch = xt_batch_pool_get(s->data.pool, XT_BATCH_REPLY);
	pkt = xt_batch_add(batch, len); /* fits: the batch is empty */
	xt_ping_build(pkt->data, src, dst, id, seq, cookie, size);
	pkt->len = (uint32_t)len;
	pkt->peer = to;
	xt_send_plan(s->data.config.dev, now, batch, s->data.queue.tx);
	if (s->data.capture)
		xt_capture_planned(s->data.capture, batch, XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT);
	xt_send_queue_seal(&s->data.queue, now, batch);
	xt_send_queue_flush(&s->data.queue);
	xt_scheduler_tick(s, now);
	return 0;
}

void xt_scheduler_forget(struct xt_scheduler *s, const struct xt_peer *peer)
{
	if (s->data.config.echo)
		xt_echo_forget(s->data.config.echo, peer);
	xt_path_limits_change(&s->data.limits, peer, xt_peer_mtu(peer), 0);
}

void xt_scheduler_mtu_changed(struct xt_scheduler *s, const struct xt_peer *peer, uint16_t before,
			      uint16_t after)
{
	xt_path_limits_change(&s->data.limits, peer, before, after);
}
