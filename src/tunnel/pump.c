/* The pump: turns outward, inward, and the tick that follows each. */
#include "tunnel/pump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/icmp.h"
#include "packet/ip.h"
#include "packet/merge.h"
#include "packet/ping.h"
#include "packet/split.h"
#include "platform/link.h"

/* Packets read from the TUN in a turn: so many small ones, or SUPERS of 64 KiB, which leave as
 * SEGMENTS at most before the socket has its turn. Slabs cost what is touched. */
#define BATCH	    64
#define SUPERS	    4
#define SEGMENTS    512
#define RAW_SLAB    (BATCH * 2048 + SUPERS * XT_SLOT_MAX)
#define OUT_SLAB    (SEGMENTS * 1536 + XT_SLOT_MAX)
#define MERGED_SLAB ((SUPERS + 1) * XT_SLOT_MAX)
#define REPLY_SLAB  (BATCH * 2048 + XT_SLOT_MAX)
#define TX_CAP	    (SEGMENTS + 2 * XT_UDP_BATCH)
#define TX_ARENA    (256 * 160)
/* Bytes read in one turn before the other direction is looked at: small enough that a ping under
 * bulk waits little and that what a turn touches stays in a core's second cache, large enough to
 * amortise the turn. */
#define TURN_BYTES (128u << 10)

struct xt_pump {
	struct xt_pump_parts parts;
	struct xt_batch *raw;	 /* from the TUN, as the kernel left it */
	struct xt_split cut;	 /* how much of raw is, or was, in out */
	struct xt_batch *out;	 /* plain packets, on their way to UDP */
	struct xt_batch *in;	 /* from UDP, on its way to the TUN */
	struct xt_batch *merged; /* the same as super-packets */
	struct xt_merge *merge;
	struct xt_batch *own;	   /* echo replies, pings, staged packets, keepalives; to UDP */
	struct xt_batch *released; /* fragments that were kept, and ICMP errors; to the TUN */
	struct xt_tx *tx;
	uint32_t tx_next; /* the first run that has not left */
	bool blocked;
	struct xt_icmp icmp;
};

int xt_pump_new(struct xt_pump **out, const struct xt_pump_parts *parts)
{
	struct xt_pump *pump = calloc(1, sizeof(*pump));

	if (!pump)
		return XT_E_NOMEM;
	pump->parts = *parts;
	xt_icmp_init(&pump->icmp, 0, XT_ICMP_RATE, XT_ICMP_BURST);
	if (xt_batch_new(&pump->raw, BATCH, RAW_SLAB) ||
	    xt_batch_new(&pump->out, SEGMENTS, OUT_SLAB) ||
	    xt_batch_new(&pump->in, XT_UDP_BATCH, XT_UDP_SLAB) ||
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
	xt_batch_free(pump->merged);
	xt_merge_free(pump->merge);
	xt_batch_free(pump->own);
	xt_batch_free(pump->released);
	xt_tx_free(pump->tx);
	free(pump);
}

/* All datagrams that are ready; what they lie in is free again once all have left. */
static void flush(struct xt_pump *pump)
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
	xt_batch_reset(pump->out);
	xt_batch_reset(pump->own);
	xt_batch_reset(pump->in); /* echo replies of peers lie there */
	if (pump->cut.next == pump->raw->n) {
		xt_batch_reset(pump->raw);
		pump->cut = (struct xt_split){0};
	}
}

static void to_tun(struct xt_pump *pump, struct xt_batch *batch, int *gone)
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

/* The middle and the end of the outgoing road for a batch that was planned. */
static void seal_and_finish(struct xt_pump *pump, struct xt_time now, struct xt_batch *batch)
{
	if (pump->parts.crew)
		xt_crew_seal(pump->parts.crew, batch->jobs, batch->n_jobs);
	else
		xt_aead_seal(pump->parts.aead, batch->jobs, batch->n_jobs);
	xt_send_finish(pump->parts.dev, now, batch, pump->tx);
}

/* What the device itself has to say, until it has said all or the socket is full. */
static void say_own(struct xt_pump *pump, struct xt_time now)
{
	while (!pump->blocked && xt_send_own(pump->parts.dev, now, pump->own)) {
		seal_and_finish(pump, now, pump->own);
		flush(pump);
	}
}

void xt_pump_tick(struct xt_pump *pump, struct xt_time now)
{
	if (pump->parts.echo)
		xt_echo_tick(pump->parts.echo, now.mono);
	if (pump->blocked)
		return;
	xt_device_tick(pump->parts.dev, now, pump->tx);
	flush(pump);
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

/* Tell the host's sender what it cannot reach. */
static void answer_unreachable(struct xt_pump *pump, struct xt_time now, struct xt_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		enum xt_icmp_kind kind;
		const struct xt_ip *own;
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
		/* Linux takes no IPv4 packet from outside that has an own address as its source:
		 * there the unreachable destination itself answers. */
		own = pkt->data[0] >> 4 == 6 && pump->parts.own6.family ? &pump->parts.own6 : NULL;
		xt_icmp_answer(&pump->icmp, now.mono, pkt, kind, mtu, own, pump->released);
	}
}

/* Take what the echo endpoint answers out of batch; others of its verdicts are counted here. */
static void echo_turn(struct xt_pump *pump, enum xt_echo_side side, struct xt_time now,
		      struct xt_batch *batch, struct xt_batch *replies, struct xt_batch *released)
{
	if (!pump->parts.echo)
		return;
	xt_echo_turn(pump->parts.echo, side, now.mono, batch, replies, released);
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

/* What the kernel left to be done to the packets in raw is done. false: out is full before raw is
 * through. */
static bool split(struct xt_pump *pump)
{
	bool whole = xt_split(&pump->cut, pump->raw, pump->out);
	uint32_t malformed = 0;

	for (uint32_t i = 0; i < pump->out->n; i++)
		malformed += pump->out->pkts[i].verdict == XT_DROP_MALFORMED;
	xt_device_count(pump->parts.dev, XT_DROP_MALFORMED, malformed);
	return whole;
}

/* The outgoing road of what lies in raw, until all of it has left or the socket is full. */
static int turn_out(struct xt_pump *pump, struct xt_time now)
{
	bool whole;
	int gone = 0;

	do {
		whole = split(pump);
		echo_turn(pump, XT_ECHO_SIDE_HOST, now, pump->out, pump->released, pump->own);
		if (pump->released->n) { /* answers to the host */
			to_tun(pump, pump->released, &gone);
			xt_batch_reset(pump->released);
		}
		xt_send_plan(pump->parts.dev, now, pump->out, pump->tx);
		seal_and_finish(pump, now, pump->out);
		if (pump->own->n) { /* fragments that were no echo go on */
			xt_send_plan(pump->parts.dev, now, pump->own, pump->tx);
			seal_and_finish(pump, now, pump->own);
		}
		answer_unreachable(pump, now, pump->out);
		answer_unreachable(pump, now, pump->own);
		if (pump->released->n) {
			to_tun(pump, pump->released, &gone);
			xt_batch_reset(pump->released);
		}
		flush(pump);
	} while (!whole && !pump->blocked);
	return gone;
}

int xt_pump_out(struct xt_pump *pump, struct xt_time now)
{
	struct xt_tun *tun = pump->parts.tun;
	int n, gone;

	if (pump->blocked)
		return 0;
	n = tun->ops->recv(tun, pump->raw, TURN_BYTES);
	if (n < 0)
		return n;
	gone = turn_out(pump, now);
	xt_pump_tick(pump, now);
	return gone ? gone : n;
}

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

/* While blocked, nothing that would have to be answered is read: an echo reply leaves from where
 * its request lies. */
static bool may_read(const struct xt_pump *pump)
{
	return !pump->blocked || !pump->parts.echo;
}

/* To the host, what belongs together as one. */
static void deliver(struct xt_pump *pump, int *gone)
{
	unsigned kinds = pump->parts.tun->takes;

	if (!kinds || pump->in->n < 2) {
		to_tun(pump, pump->in, gone);
		return;
	}
	xt_merge(pump->merge, kinds, pump->in, pump->merged);
	to_tun(pump, pump->merged, gone);
	xt_batch_reset(pump->merged);
}

static int turn_in(struct xt_pump *pump, struct xt_time now)
{
	struct xt_udp *udp = pump->parts.udp;
	int n, gone = 0;

	n = udp->ops->recv(udp, pump->in, TURN_BYTES);
	if (n < 0)
		return n;
	xt_recv_plan(pump->parts.dev, now, pump->in);
	if (pump->parts.crew)
		xt_crew_open(pump->parts.crew, pump->in->jobs, pump->in->n_jobs);
	else
		xt_aead_open(pump->parts.aead, pump->in->jobs, pump->in->n_jobs);
	xt_recv_finish(pump->parts.dev, now, pump->in);
	take_pongs(pump);
	echo_turn(pump, XT_ECHO_SIDE_PEER, now, pump->in, pump->own, pump->released);
	deliver(pump, &gone);
	if (pump->released->n) {
		to_tun(pump, pump->released, &gone);
		xt_batch_reset(pump->released);
	}
	if (pump->blocked) { /* own and out hold sealed datagrams that wait: not to be touched */
		xt_batch_reset(pump->in);
		return gone ? gone : n;
	}
	if (pump->own->n) { /* echo replies, to whom they came from */
		xt_send_plan(pump->parts.dev, now, pump->own, pump->tx);
		seal_and_finish(pump, now, pump->own);
	}
	flush(pump);
	xt_pump_tick(pump, now);
	return gone ? gone : n;
}

/* What a coalesced read brought beyond the batch waits inside the socket, where no poll sees it. */
int xt_pump_in(struct xt_pump *pump, struct xt_time now)
{
	int n = 0, sum = 0;

	if (!may_read(pump))
		return 0;
	do {
		n = turn_in(pump, now);
		if (n < 0)
			return n;
		sum += n;
	} while (pump->parts.udp->pending && may_read(pump));
	return sum;
}

void xt_pump_writable(struct xt_pump *pump, struct xt_time now)
{
	flush(pump);
	if (!pump->blocked && pump->raw->n)
		(void)turn_out(pump, now); /* a TUN that is gone is seen by the next turn */
	if (pump->blocked)
		return;
	xt_pump_tick(pump, now);
	if (pump->parts.udp->pending && may_read(pump))
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
	seal_and_finish(pump, now, pump->own);
	flush(pump);
	xt_pump_tick(pump, now);
	return 0;
}
