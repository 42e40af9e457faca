/* The pump: joins a device to a TUN and a UDP socket, in turns. Knows operation tables, not libuv, no
 * descriptor and no clock: the loop (or the simulator) says when something is ready and what time it is.
 *
 *   out   TUN -> split -> echo(host) -> plan -> seal -> finish -> UDP
 *   in    UDP -> plan -> open -> finish -> ping, echo(peer) -> merge -> TUN
 *   tick  timers, handshake messages, what the device itself sends; after every out and in as well */
#ifndef XT_TUNNEL_PUMP_H
#define XT_TUNNEL_PUMP_H

#include <xtunnel/device.h>

#include "packet/echo_responder.h"
#include "platform/tun.h"
#include "platform/udp.h"
#include "tunnel/worker_pool.h"

struct xt_pump;

struct xt_pong {
	const struct xt_public *peer;
	struct xt_ip from;
	uint16_t id, seq;
	uint64_t cookie; /* as given to xt_pump_ping */
	uint32_t size;	 /* of the payload */
};

/* Everything is borrowed; the owner keeps it alive and frees it after the pump.
 * echo  NULL: no echo endpoint.   local4, local6: source of ICMP errors toward the TUN (family 0: none)
 * crew  NULL: aead alone does the jobs
 * turn_bytes  what a turn carries before the other direction has its own; 0: XT_PUMP_TURN_BYTES
 * pong  NULL, or called for each echo reply that could answer an xt_pump_ping; true: it did, the
 *       packet ends here. Must not call the pump */
struct xt_pump_parts {
	struct xt_device *dev;
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_aead *aead;
	struct xt_worker_pool *crew;
	struct xt_echo *echo;
	struct xt_ip local4, local6;
	bool (*pong)(void *ctx, const struct xt_pong *pong);
	void *ctx;
	size_t turn_bytes;
};
#define XT_PUMP_TURN_BYTES ((size_t)256 << 10)

int xt_pump_new(struct xt_pump **out, const struct xt_pump_parts *parts); /* XT_E_NOMEM */
void xt_pump_free(struct xt_pump *pump);

/* One turn, bounded by a budget. > 0: there may be more (level-triggered polls need not care);
 * 0: drained; -errno: the TUN is gone. Outward does nothing while blocked. */
int xt_pump_out(struct xt_pump *pump, struct xt_time now);
int xt_pump_in(struct xt_pump *pump, struct xt_time now);
void xt_pump_tick(struct xt_pump *pump, struct xt_time now);

/* Monotonic time of the next tick: the device's, the echo endpoint's; XT_NEVER. */
uint64_t xt_pump_deadline(const struct xt_pump *pump);

/* The UDP socket took not all: stop polling the TUN, poll UDP for writing, then call writable, which
 * sends the rest. */
bool xt_pump_blocked(const struct xt_pump *pump);
void xt_pump_writable(struct xt_pump *pump, struct xt_time now);

/* Send one echo request of size payload bytes from src to dst through that peer's tunnel.
 * XT_E_NOPEER, XT_E_INVALID (families differ, size), XT_E_AGAIN (blocked). */
int xt_pump_ping(struct xt_pump *pump, struct xt_time now, const struct xt_public *peer,
		 const struct xt_ip *src, const struct xt_ip *dst, uint16_t id, uint16_t seq,
		 uint64_t cookie, uint32_t size);

#endif
