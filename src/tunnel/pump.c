/* The pump: what its turns share, and the tick that follows each. */
#include "tunnel/pump_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ping.h"
#include "platform/link.h"

/* Packets that lie where they were read, in a turn: so many small ones, or SUPERS of 64 KiB; and
 * datagrams, SEGMENTS at most before the socket has its turn. Slabs cost what is touched. */
#define BATCH	    64
#define SUPERS	    4
#define SEGMENTS    512
#define RAW_SLAB    (BATCH * 2048 + SUPERS * XT_SLOT_MAX)
#define OUT_SLAB    (SEGMENTS * 1536 + XT_SLOT_MAX)
#define MERGED_SLAB ((SUPERS + 1) * XT_SLOT_MAX)
#define REPLY_SLAB  (BATCH * 2048 + XT_SLOT_MAX)
#define TX_CAP	    (SEGMENTS + 2 * XT_UDP_BATCH)
#define TX_ARENA    (256 * 160)
int xt_pump_new(struct xt_pump **out, const struct xt_pump_parts *parts)
{
	struct xt_pump *pump = calloc(1, sizeof(*pump));

	if (!pump)
		return XT_E_NOMEM;
	pump->parts = *parts;
	if (parts->crew && xt_worker_pool_threads(parts->crew) < 2)
		pump->parts.crew = NULL; /* nobody to go on with meanwhile */
	pump->turn_bytes = parts->turn_bytes ? parts->turn_bytes : XT_PUMP_TURN_BYTES;
	xt_icmp_init(&pump->icmp, 0, XT_ICMP_RATE, XT_ICMP_BURST);
	if (xt_batch_new(&pump->raw, BATCH, RAW_SLAB) ||
	    xt_batch_new(&pump->out, SEGMENTS, OUT_SLAB) ||
	    xt_batch_new(&pump->in, XT_UDP_BATCH, XT_UDP_SLAB) ||
	    (pump->parts.crew && xt_batch_new(&pump->ahead, XT_UDP_BATCH, XT_UDP_SLAB)) ||
	    xt_batch_new(&pump->merged, XT_UDP_BATCH, MERGED_SLAB) ||
	    xt_merge_new(&pump->merge, XT_UDP_BATCH) ||
	    xt_batch_new(&pump->own, XT_UDP_BATCH, REPLY_SLAB) ||
	    xt_batch_new(&pump->released, BATCH, REPLY_SLAB) ||
	    xt_tx_new(&pump->tx, TX_CAP, TX_ARENA)) {
		xt_pump_free(pump);
		return XT_E_NOMEM;
	}
	*out = pump;
	return 0;
}

void xt_pump_free(struct xt_pump *pump)
{
	if (!pump)
		return;
	xt_batch_free(pump->raw);
	xt_batch_free(pump->out);
	xt_batch_free(pump->in);
	xt_batch_free(pump->ahead);
	xt_batch_free(pump->merged);
	xt_merge_free(pump->merge);
	xt_batch_free(pump->own);
	xt_batch_free(pump->released);
	xt_tx_free(pump->tx);
	free(pump);
}

void xt_pump_flush(struct xt_pump *pump)
{
	struct xt_udp *udp = pump->parts.udp;
	uint64_t refused = udp->refused;
	int err = udp->ops->send(udp, pump->tx, &pump->tx_next);

	xt_device_count(pump->parts.dev, XT_DROP_UDP, udp->refused - refused);
	pump->blocked = err == -EAGAIN;
	if (pump->blocked)
		return;
	for (uint32_t i = 0; i < pump->tx->n_runs; i++)
		if (pump->tx->runs[i].unstuck)
			xt_device_unstick(pump->parts.dev, &pump->tx->runs[i].path);
	xt_tx_reset(pump->tx);
	pump->tx_next = 0;
	xt_batch_reset(pump->own);
	xt_batch_reset(pump->in); /* echo replies of peers lie there */
	if (pump->held)
		return;
	xt_batch_reset(pump->out);
	if (pump->cut.next == pump->raw->n) {
		xt_batch_reset(pump->raw);
		pump->cut = (struct xt_split){0};
	}
}

void xt_pump_to_tun(struct xt_pump *pump, struct xt_batch *batch, int *gone)
{
	uint32_t dropped = 0;
	int n = pump->parts.tun->ops->send(pump->parts.tun, batch);

	if (n < 0)
		*gone = n;
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->pkts[i].verdict == XT_DROP_TUN)
			dropped += xt_split_count(&batch->pkts[i]);
	xt_device_count(pump->parts.dev, XT_DROP_TUN, dropped);
}

void xt_pump_say(struct xt_pump *pump, struct xt_time now, struct xt_batch *batch)
{
	xt_aead_seal(pump->parts.aead, batch->jobs, batch->n_jobs);
	xt_send_finish(pump->parts.dev, now, batch, pump->tx);
}

/* What the device itself has to say, until it has said all or the socket is full. */
static void say_own(struct xt_pump *pump, struct xt_time now)
{
	while (!pump->blocked && xt_send_device_traffic(pump->parts.dev, now, pump->own)) {
		xt_pump_say(pump, now, pump->own);
		xt_pump_flush(pump);
	}
}

void xt_pump_tick(struct xt_pump *pump, struct xt_time now)
{
	if (pump->parts.echo)
		xt_echo_tick(pump->parts.echo, now.mono);
	if (pump->blocked)
		return;
	xt_device_tick(pump->parts.dev, now, pump->tx);
	xt_pump_flush(pump);
	say_own(pump, now);
}

uint64_t xt_pump_deadline(const struct xt_pump *pump)
{
	uint64_t at = pump->parts.echo ? xt_echo_deadline(pump->parts.echo) : XT_NEVER;

	if (pump->blocked) /* whatever is due waits for the socket */
		return at;
	return XT_MIN(at, xt_device_deadline(pump->parts.dev));
}

bool xt_pump_blocked(const struct xt_pump *pump)
{
	return pump->blocked;
}

void xt_pump_echo(struct xt_pump *pump, enum xt_echo_side side, struct xt_time now,
		  struct xt_batch *batch, struct xt_batch *replies, struct xt_batch *released)
{
	if (!pump->parts.echo)
		return;
	xt_echo_process(pump->parts.echo, side, now.mono, batch, replies, released);
	for (uint32_t i = 0; i < batch->n; i++) {
		switch (batch->pkts[i].verdict) {
		case XT_TAKEN_ECHO:
		case XT_TAKEN_FRAGMENT:
		case XT_DROP_FRAGMENT:
		case XT_DROP_ECHO_RATE:
		case XT_DROP_ECHO_FULL:
		case XT_DROP_ECHO_OTHER:
			xt_device_count(pump->parts.dev, batch->pkts[i].verdict, 1);
			break;
		default:
			break;
		}
	}
}

void xt_pump_writable(struct xt_pump *pump, struct xt_time now)
{
	int gone = 0; /* is seen by the next turn */

	xt_pump_flush(pump);
	if (!pump->blocked && pump->raw->n)
		xt_pump_raw_out(pump, now, &gone);
	if (pump->held && !pump->blocked)
		xt_pump_leave(pump, now, &gone);
	if (pump->blocked)
		return;
	xt_pump_tick(pump, now);
	if ((pump->parts.udp->pending || (pump->ahead && pump->ahead->n)) && xt_pump_may_read(pump))
		(void)xt_pump_in(pump, now);
}

int xt_pump_ping(struct xt_pump *pump, struct xt_time now, const struct xt_public *peer,
		 const struct xt_ip *src, const struct xt_ip *dst, uint16_t id, uint16_t seq,
		 uint64_t cookie, uint32_t size)
{
	struct xt_peer *to = xt_device_peer(pump->parts.dev, peer);
	struct xt_pkt *pkt;
	size_t len = xt_ping_len(dst->family, size);

	if (!to)
		return XT_E_NOPEER;
	if (!len || src->family != dst->family)
		return XT_E_INVALID;
	if (pump->blocked || !(pkt = xt_batch_add(pump->own, len)))
		return XT_E_AGAIN;
	xt_ping_build(pkt->data, src, dst, id, seq, cookie, size);
	pkt->len = (uint32_t)len;
	pkt->peer = to;
	xt_send_plan(pump->parts.dev, now, pump->own, pump->tx);
	xt_pump_say(pump, now, pump->own);
	xt_pump_flush(pump);
	xt_pump_tick(pump, now);
	return 0;
}
