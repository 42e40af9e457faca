/* Turns outward: TUN -> split -> echo(host) -> plan -> seal, step by step; finish -> UDP at the end.
 *
 * A step is a super-packet, or some small ones: the next is read to where that lay, so what a turn
 * touches stays near.  What was sealed is held back to the end of the turn, since it wakes the other
 * side; what comes from there meanwhile does not wait so long.  A crew seals one step's packets
 * while the next are read and split.
 *
 * In the middle of a turn inward packets leave at once, unless all they do is to acknowledge: those
 * are many under a stream, and who waits for them is busy with what comes next. */
#include "tunnel/pump_impl.h"

#include "base/bytes.h"
#include "packet/ip.h"
#include "packet/transport.h"
#include "platform/link.h"

/* Outward, bytes of a step; it ends with the first super-packet: the next one is read to where that
 * lay. */
#define STEP_BYTES (32u << 10)

/* After so many it is looked what came in. */
#define TURNABOUT_BYTES (128u << 10)

/* The middle of the outgoing road for what was planned of out: done now, or begun by the crew while
 * the turn goes on. */
static void seal_more(struct xt_pump *pump)
{
	struct xt_batch *out = pump->out;

	if (!pump->parts.crew || pump->opening) {
		xt_aead_seal(pump->parts.aead, out->jobs + pump->sealed,
			     out->n_jobs - pump->sealed);
		pump->sealed = out->n_jobs;
		return;
	}
	if (!pump->sealing)
		xt_worker_pool_begin(pump->parts.crew, out->jobs + pump->sealed, false);
	pump->sealing = true;
	xt_worker_pool_more(pump->parts.crew, out->n_jobs - pump->sealed);
}

/* All of that is done. */
static void seal_end(struct xt_pump *pump)
{
	if (!pump->sealing)
		return;
	xt_worker_pool_end(pump->parts.crew);
	pump->sealing = false;
	pump->sealed = pump->out->n_jobs;
}

/* Tell the host's sender what it cannot reach, of the packets from that one on. */
static void answer_unreachable(struct xt_pump *pump, struct xt_time now, struct xt_batch *batch,
			       uint32_t from)
{
	for (uint32_t i = from; i < batch->n; i++) {
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
		own = pkt->data[0] >> 4 == 6 && pump->parts.local6.family ? &pump->parts.local6
									  : NULL;
		xt_icmp_answer(&pump->icmp, now.mono, pkt, kind, mtu, own, pump->released);
	}
}

/* What the kernel left to be done to the packets in raw is done. false: out is full before raw is
 * through. */
static bool split(struct xt_pump *pump)
{
	uint32_t from = pump->out->n, malformed = 0;
	bool whole = xt_split(&pump->cut, pump->raw, pump->out);

	for (uint32_t i = from; i < pump->out->n; i++)
		malformed += pump->out->pkts[i].verdict == XT_DROP_MALFORMED;
	xt_device_count(pump->parts.dev, XT_DROP_MALFORMED, malformed);
	return whole;
}

/* Super-packets that were cut are copied: where they lay the next ones may. */
static void raw_again(struct xt_pump *pump)
{
	for (uint32_t i = 0; i < pump->raw->n; i++)
		if (pump->raw->pkts[i].gso.kind == XT_GSO_NONE)
			return;
	xt_batch_reset(pump->raw);
	pump->cut = (struct xt_split){0};
}

/* Would somebody miss it before the turn's end? */
static bool urgent(const struct xt_pkt *pkt)
{
	struct xt_ip_view view;

	return !xt_ip_parse_packet(&view, pkt->data, pkt->len) || view.fragment ||
	       view.protocol != XT_PROTO_TCP ||
	       !xt_tcp_bare_ack(pkt->data + view.upper, view.len - view.upper);
}

/* What lies in raw, up to the datagrams' sealing. false: out is full before raw is through. */
static bool step_out(struct xt_pump *pump, struct xt_time now, int *gone)
{
	struct xt_batch *out = pump->out, fresh;
	uint32_t from = out->n;
	bool whole = split(pump);

	pump->held = true;
	fresh = *out;
	fresh.pkts += from;
	fresh.n -= from;
	for (uint32_t i = 0; i < fresh.n && !pump->urgent; i++)
		pump->urgent = urgent(&fresh.pkts[i]);
	xt_pump_echo(pump, XT_ECHO_SIDE_HOST, now, &fresh, pump->released, pump->own);
	if (pump->released->n) { /* answers to the host */
		xt_pump_to_tun(pump, pump->released, gone);
		xt_batch_reset(pump->released);
	}
	xt_send_plan(pump->parts.dev, now, out, pump->tx);
	seal_more(pump);
	answer_unreachable(pump, now, out, from);
	if (whole)
		raw_again(pump);
	return whole;
}

void xt_pump_leave(struct xt_pump *pump, struct xt_time now, int *gone)
{
	seal_end(pump);
	xt_send_finish(pump->parts.dev, now, pump->out, pump->tx);
	pump->sealed = 0;
	pump->held = pump->urgent = false;
	if (pump->own->n) { /* fragments that were no echo go on */
		xt_send_plan(pump->parts.dev, now, pump->own, pump->tx);
		xt_pump_say(pump, now, pump->own);
		answer_unreachable(pump, now, pump->own, 0);
	}
	if (pump->released->n) {
		xt_pump_to_tun(pump, pump->released, gone);
		xt_batch_reset(pump->released);
	}
	xt_pump_flush(pump);
}

void xt_pump_raw_out(struct xt_pump *pump, struct xt_time now, int *gone)
{
	while (!step_out(pump, now, gone)) {
		xt_pump_leave(pump, now, gone);
		if (pump->blocked)
			return;
	}
}

/* Packets of the host, TURNABOUT_BYTES of them or what there is, up to their sealing. What was read is
 * added to bytes; how many, 0: drained, -errno. */
static int some_out(struct xt_pump *pump, struct xt_time now, size_t *bytes)
{
	struct xt_tun *tun = pump->parts.tun;
	size_t until = *bytes + TURNABOUT_BYTES;
	int n = 0, sum = 0, gone = 0;

	while (*bytes < until && !pump->blocked && !pump->own->n && !gone) {
		uint32_t from = pump->raw->n;

		n = tun->ops->recv(tun, pump->raw, STEP_BYTES);
		if (n <= 0)
			break;
		sum += n;
		while (from < pump->raw->n)
			*bytes += pump->raw->pkts[from++].len;
		xt_pump_raw_out(pump, now, &gone);
	}
	return gone ? gone : sum ? sum : n;
}

int xt_pump_glance_out(struct xt_pump *pump, struct xt_time now)
{
	size_t bytes = 0;
	int gone = 0, n = some_out(pump, now, &bytes);

	/* or no more would be seen of what is behind them */
	if (pump->held && (pump->urgent || pump->raw->n == pump->raw->cap))
		xt_pump_leave(pump, now, &gone);
	return gone ? gone : n;
}

int xt_pump_out(struct xt_pump *pump, struct xt_time now)
{
	size_t bytes = 0, before, none = 0;
	int n, sum = 0, gone = 0;

	if (pump->blocked)
		return 0;
	do {
		before = bytes;
		n = some_out(pump, now, &bytes);
		sum += XT_MAX(n, 0);
		if (n <= 0 || bytes - before < TURNABOUT_BYTES || bytes >= pump->turn_bytes ||
		    pump->own->n)
			break;
		seal_end(pump);
		n = xt_pump_step_in(pump, now, &none);
	} while (n >= 0 && !pump->blocked);
	if (pump->held)
		xt_pump_leave(pump, now, &gone);
	xt_pump_tick(pump, now);
	if (pump->parts.udp->pending && xt_pump_may_read(pump))
		(void)xt_pump_in(pump, now);
	return gone ? gone : n < 0 ? n : sum;
}
