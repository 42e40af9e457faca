/* Turns inward: UDP -> plan -> open -> finish -> ping, echo(peer) -> merge -> TUN, a step at a time:
 * what is read at once is merged together.  After each step goes what there is outward and urgent, so
 * that an answer does not wait for the turn's end. */
#include "tunnel/pump_impl.h"

#include "base/bytes.h"
#include "packet/ping.h"

/* Bytes of a step. */
#define STEP_BYTES (128u << 10)

/* Replies to our own pings end here. */
static void take_pongs(struct xt_pump *pump)
{
	struct xt_batch *in = pump->in;

	if (!pump->parts.pong)
		return;
	for (uint32_t i = 0; i < in->n; i++) {
		struct xt_pkt *pkt = &in->pkts[i];
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
		if (pump->parts.pong(pump->parts.ctx, &pong)) {
			pkt->verdict = XT_TAKEN_PING;
			xt_device_count(pump->parts.dev, XT_TAKEN_PING, 1);
		}
	}
}

/* To the host, what belongs together as one. */
static void deliver(struct xt_pump *pump, int *gone)
{
	unsigned kinds = pump->parts.tun->tx_offloads;

	if (!kinds || pump->in->n < 2) {
		xt_pump_to_tun(pump, pump->in, gone);
		return;
	}
	xt_merge(pump->merge, kinds, pump->in, pump->merged);
	xt_pump_to_tun(pump, pump->merged, gone);
	xt_batch_reset(pump->merged);
}

/* Datagrams, up to their opening. What was read is added to bytes. */
static int read_in(struct xt_pump *pump, struct xt_time now, struct xt_batch *in, size_t *bytes)
{
	struct xt_udp *udp = pump->parts.udp;
	int n = udp->ops->recv(udp, in, STEP_BYTES);

	for (uint32_t i = 0; i < in->n; i++)
		*bytes += in->pkts[i].len;
	if (n > 0)
		xt_recv_plan(pump->parts.dev, now, in);
	return n;
}

/* What was opened goes to the host, and what it has us answer to the peers. */
static void land(struct xt_pump *pump, struct xt_time now, int *gone)
{
	xt_recv_finish(pump->parts.dev, now, pump->in);
	take_pongs(pump);
	xt_pump_echo(pump, XT_ECHO_SIDE_PEER, now, pump->in, pump->own, pump->released);
	deliver(pump, gone);
	if (pump->released->n) {
		xt_pump_to_tun(pump, pump->released, gone);
		xt_batch_reset(pump->released);
	}
	if (pump->blocked) { /* own and out hold sealed datagrams that wait: not to be touched */
		xt_batch_reset(pump->in);
		return;
	}
	if (pump->own->n) { /* echo replies, to whom they came from */
		xt_send_plan(pump->parts.dev, now, pump->own, pump->tx);
		xt_pump_say(pump, now, pump->own);
	}
	xt_pump_flush(pump);
	xt_pump_tick(pump, now);
}

int xt_pump_step_in(struct xt_pump *pump, struct xt_time now, size_t *bytes)
{
	int gone = 0, n = read_in(pump, now, pump->in, bytes);

	if (n < 0)
		return n;
	if (pump->parts.crew)
		xt_worker_pool_open(pump->parts.crew, pump->in->jobs, pump->in->n_jobs);
	else
		xt_aead_open(pump->parts.aead, pump->in->jobs, pump->in->n_jobs);
	land(pump, now, &gone);
	return gone ? gone : n;
}

static int turn_in(struct xt_pump *pump, struct xt_time now)
{
	size_t bytes = 0, before;
	int n, sum = 0;
	bool more;

	do {
		before = bytes;
		n = xt_pump_step_in(pump, now, &bytes);
		if (n < 0)
			return n;
		sum += n;
		more = (bytes - before >= STEP_BYTES && bytes < pump->turn_bytes) ||
		       pump->parts.udp->pending;
		n = more ? xt_pump_glance_out(pump, now) : 0;
	} while (more && n >= 0 && xt_pump_may_read(pump));
	return n < 0 ? n : sum;
}

static void open_ahead(struct xt_pump *pump)
{
	xt_worker_pool_begin(pump->parts.crew, pump->ahead->jobs, true);
	xt_worker_pool_more(pump->parts.crew, pump->opened ? 0 : pump->ahead->n_jobs);
	pump->opened = false;
	pump->opening = true;
}

static void open_end(struct xt_pump *pump)
{
	xt_worker_pool_end(pump->parts.crew);
	pump->opening = false;
}

/* The same with a crew: while it opens one step's packets the next step's are read, and the last
 * one's go to the host. What was read ahead when the socket has become full waits for it. */
static int turn_in_crew(struct xt_pump *pump, struct xt_time now)
{
	size_t bytes = 0, before;
	int n = 0, sum = 0, gone = 0;
	bool more = true;

	if (!pump->ahead->n) {
		n = read_in(pump, now, pump->ahead, &bytes);
		if (n <= 0)
			return n;
		sum = n;
	}
	open_ahead(pump);
	do {
		struct xt_batch *opening = pump->ahead;

		pump->ahead = pump->in;
		pump->in = opening;
		more = (more && bytes >= STEP_BYTES && bytes < pump->turn_bytes) ||
		       pump->parts.udp->pending;
		before = bytes;
		n = more ? read_in(pump, now, pump->ahead, &bytes) : 0;
		more = bytes - before >= STEP_BYTES;
		sum += XT_MAX(n, 0);
		open_end(pump);
		if (pump->ahead->n)
			open_ahead(pump);
		land(pump, now, &gone);
		if (pump->ahead->n && !gone)
			gone = XT_MIN(xt_pump_glance_out(pump, now), 0);
	} while (pump->ahead->n && xt_pump_may_read(pump));
	if (pump->ahead->n) {
		open_end(pump);
		pump->opened = true;
	}
	return gone ? gone : n < 0 ? n : sum;
}

/* What a coalesced read brought beyond the batch waits inside the socket, where no poll sees it. */
int xt_pump_in(struct xt_pump *pump, struct xt_time now)
{
	int n, gone = 0;

	if (!xt_pump_may_read(pump))
		return 0;
	n = pump->ahead ? turn_in_crew(pump, now) : turn_in(pump, now);
	if (pump->held) { /* with what has come since: one call, one wake-up */
		gone = XT_MIN(xt_pump_glance_out(pump, now), 0);
		if (pump->held)
			xt_pump_leave(pump, now, &gone);
	}
	return gone ? gone : n;
}
