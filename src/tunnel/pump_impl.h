/* The inside of the pump, shared by its turns: pump_out.c and pump_in.c. */
#ifndef XT_TUNNEL_PUMP_IMPL_H
#define XT_TUNNEL_PUMP_IMPL_H

#include "tunnel/pump.h"

#include "packet/icmp.h"
#include "packet/merge.h"
#include "packet/split.h"

struct xt_pump {
	struct xt_pump_parts parts;
	struct xt_batch *raw;	 /* from the TUN, as the kernel left it */
	struct xt_split cut;	 /* how much of raw is, or was, in out */
	struct xt_batch *out;	 /* plain packets, on their way to UDP */
	uint32_t sealed;	 /* of its jobs are done */
	bool sealing;		 /* the crew is at those behind them */
	bool held;		 /* it is on the road yet, and leaves at the end of the turn */
	bool urgent;		 /* some of it should not wait for that of a turn inward */
	struct xt_batch *in;	 /* from UDP, on its way to the TUN */
	struct xt_batch *ahead;	 /* read and planned while the crew is at in; only with a crew */
	bool opening;		 /* the crew is at it */
	bool opened;		 /* ahead is, and waits for the socket */
	struct xt_batch *merged; /* the same as super-packets */
	struct xt_merge *merge;
	struct xt_batch *own;	   /* echo replies, pings, staged packets, keepalives; to UDP */
	struct xt_batch *released; /* fragments that were kept, and ICMP errors; to the TUN */
	struct xt_tx *tx;
	uint32_t tx_next; /* the first run that has not left */
	size_t turn_bytes;
	bool blocked;
	struct xt_icmp icmp;
};

/* While blocked, nothing that would have to be answered is read: an echo reply leaves from where
 * its request lies. */
static inline bool xt_pump_may_read(const struct xt_pump *pump)
{
	return !pump->blocked || !pump->parts.echo;
}

/* All datagrams that are ready; what they lie in is free again once all have left. */
void xt_pump_flush(struct xt_pump *pump);
/* *gone: -errno when the TUN is */
void xt_pump_to_tun(struct xt_pump *pump, struct xt_batch *batch, int *gone);
/* Take what the echo endpoint answers out of batch; others of its verdicts are counted here. */
void xt_pump_echo(struct xt_pump *pump, enum xt_echo_side side, struct xt_time now,
		  struct xt_batch *batch, struct xt_batch *replies, struct xt_batch *released);
/* Seal and finish a planned batch that is no turn's: that is little, and the crew may be at
 * something. */
void xt_pump_say(struct xt_pump *pump, struct xt_time now, struct xt_batch *batch);

/* Outward (pump_out.c).
 * raw    what was read and is not through, up to its sealing, until all is or the socket is full
 * leave  what was sealed is sent
 * glance some packets of the host in the middle of a turn inward: sent when one of them is urgent,
 *        else held */
void xt_pump_raw_out(struct xt_pump *pump, struct xt_time now, int *gone);
void xt_pump_leave(struct xt_pump *pump, struct xt_time now, int *gone);
int xt_pump_glance_out(struct xt_pump *pump, struct xt_time now); /* how many; -errno */

/* Inward (pump_in.c): one read of the socket, all the way.  No call of the crew is under way. */
int xt_pump_step_in(struct xt_pump *pump, struct xt_time now, size_t *bytes);

#endif
