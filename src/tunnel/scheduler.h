/* SPDX-License-Identifier: MIT */
/* The scheduler: runs the tx path and the rx path between a TUN, a device and a UDP socket, in
 * passes. The loop (or the simulator) says what is ready and what time it is; no libuv, no
 * descriptor and no clock are known here.
 *
 *   tx path   TUN -> fit -> split -> echo(host) -> plan -> seal -> finish -> UDP
 *   rx path   UDP -> plan -> open -> finish -> pong, echo(peer) -> merge -> TUN
 *   tick      timers, handshake messages, device traffic; after every pass as well */
#ifndef XT_TUNNEL_SCHEDULER_H
#define XT_TUNNEL_SCHEDULER_H

#include "tunnel/data_path.h"

struct xt_scheduler;

int xt_scheduler_new(struct xt_scheduler **out,
		     const struct xt_data_path_config *config); /* XT_E_NOMEM */
void xt_scheduler_free(struct xt_scheduler *scheduler);		/* NULL: no-op */

/* One pass, bounded by its quota. > 0: there may be more (level-triggered polls need not care);
 * 0: drained; -errno: the TUN is gone. The tx pass does nothing while blocked. */
int xt_scheduler_on_tun_readable(struct xt_scheduler *scheduler, struct xt_time now);
int xt_scheduler_on_udp_readable(struct xt_scheduler *scheduler, struct xt_time now);
void xt_scheduler_tick(struct xt_scheduler *scheduler, struct xt_time now);

/* Monotonic time of the next tick: the device's, the echo responder's; XT_NEVER. */
uint64_t xt_scheduler_deadline(const struct xt_scheduler *scheduler);

/* The UDP socket took not all: stop polling the TUN, poll UDP for writing, then call
 * on_udp_writable, which sends the rest. */
bool xt_scheduler_blocked(const struct xt_scheduler *scheduler);
/* Mono ns to call on_udp_writable also while no socket is writable; 0: never. */
uint64_t xt_scheduler_retry(const struct xt_scheduler *scheduler);
void xt_scheduler_on_udp_writable(struct xt_scheduler *scheduler, struct xt_time now);

/* Read nothing more, and let what was read go on: another process is to have the device's sessions.
 * true: nothing is in flight, and until resume no call here reads or sends. false: blocked; call it
 * again when the UDP socket is writable. */
bool xt_scheduler_park(struct xt_scheduler *scheduler, struct xt_time now);
bool xt_scheduler_parked(const struct xt_scheduler *scheduler);
void xt_scheduler_resume(struct xt_scheduler *scheduler);

/* Send one echo request of size payload bytes from src to dst through that peer's tunnel.
 * XT_E_NOPEER, XT_E_INVALID (families differ, size), XT_E_AGAIN (blocked). */
int xt_scheduler_ping(struct xt_scheduler *scheduler, struct xt_time now,
		      const struct xt_public *peer, const struct xt_ip *src,
		      const struct xt_ip *dst, uint16_t id, uint16_t seq, uint64_t cookie,
		      uint32_t size);

/* Between passes: other crypto, another echo responder (NULL: none) and local addresses. */
void xt_scheduler_set_crypto(struct xt_scheduler *scheduler, struct xt_aead *aead,
			     struct xt_worker_pool *workers);
void xt_scheduler_set_local(struct xt_scheduler *scheduler, struct xt_echo *echo,
			    const struct xt_ip *local4, const struct xt_ip *local6);

/* Between passes: record packets from now on; NULL: no longer. */
void xt_scheduler_set_capture(struct xt_scheduler *scheduler, struct xt_capture *capture);

/* peer is about to be freed: drop what is kept under its pointer. */
void xt_scheduler_forget(struct xt_scheduler *scheduler, const struct xt_peer *peer);

/* As xt_env.mtu_changed; may be called from within a pass. The next tick tells the host. */
void xt_scheduler_mtu_changed(struct xt_scheduler *scheduler, const struct xt_peer *peer,
			      uint16_t before, uint16_t after);

#endif
