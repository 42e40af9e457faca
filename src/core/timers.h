/* SPDX-License-Identifier: MIT */
/* A peer's timers: deadlines, and the events that move them (paper section 6):
 *
 *   data sent          if nothing authenticated comes back within KEEPALIVE_TIMEOUT +
 *                      REKEY_TIMEOUT, start a new handshake
 *   data received      if nothing is sent within KEEPALIVE_TIMEOUT, send an empty message
 *   anything sent      the passive keepalive is cancelled
 *   anything received  the new handshake is cancelled
 *   either way         the persistent keepalive restarts
 *   initiation sent    repeat after REKEY_TIMEOUT + jitter, for REKEY_ATTEMPT_TIME in all
 *   probe sent         an initiation that is not repeated, for restart detection
 *   network changed    an initiation that does not wait for REKEY_TIMEOUT
 *   no answer at once  the same initiation to a second address of the peer
 *   session complete   no more retries
 *   session derived    erase all keys 3 x REJECT_AFTER_TIME later
 *
 * path_mtu is set by core/mtu_probe.c: no event moves it, and it moves no other timer.
 *
 * Pure: no clock, no device. Times are monotonic nanoseconds; XT_NEVER: not armed. */
#ifndef XT_CORE_TIMERS_H
#define XT_CORE_TIMERS_H

#include <xtunnel/types.h>

struct xt_timers {
	uint64_t retransmit;
	uint64_t keepalive;	/* passive */
	uint64_t new_handshake; /* data was sent, nothing received since */
	uint64_t erase;
	uint64_t persistent;
	uint64_t start;		  /* when to begin a handshake that was asked for */
	uint64_t probe;		  /* when to send an initiation that is not repeated */
	uint64_t second;	  /* when to send the latest initiation to a second address */
	uint64_t path_mtu;	  /* next step of the search for the path's MTU */
	uint64_t urgent;	  /* when to initiate regardless of REKEY_TIMEOUT */
	uint64_t last_initiation; /* when the device last sent one; XT_NEVER: not yet */
	uint32_t attempts;
	uint16_t persistent_s;
	bool last_minute; /* the receiver's early rekey was requested in this session */
};

enum xt_due { /* bits: the timers that xt_timers_due found expired, and disarmed */
	      XT_DUE_RETRANSMIT = 1 << 0,
	      XT_DUE_GIVE_UP = 1 << 1, /* instead of RETRANSMIT, when REKEY_ATTEMPT_TIME is over */
	      XT_DUE_KEEPALIVE = 1 << 2,
	      XT_DUE_NEW_HANDSHAKE = 1 << 3,
	      XT_DUE_ERASE = 1 << 4,
	      XT_DUE_PERSISTENT = 1 << 5,
	      XT_DUE_START = 1 << 6,
	      XT_DUE_PROBE = 1 << 7,
	      XT_DUE_URGENT = 1 << 8,
	      XT_DUE_SECOND = 1 << 9,
	      XT_DUE_PATH_MTU = 1 << 10,
};

void xt_timers_init(struct xt_timers *t);
uint64_t xt_timers_next(const struct xt_timers *t);
unsigned xt_timers_due(struct xt_timers *t, uint64_t now);

void xt_timers_data_sent(struct xt_timers *t, uint64_t now, uint64_t jitter);
void xt_timers_data_received(struct xt_timers *t, uint64_t now);
void xt_timers_any_sent(struct xt_timers *t, uint64_t now);
void xt_timers_any_received(struct xt_timers *t, uint64_t now);
void xt_timers_initiated(struct xt_timers *t, uint64_t now, uint64_t jitter);
void xt_timers_probed(struct xt_timers *t, uint64_t now);
/* What the last initiation met no longer holds: initiate at that time, but not before
 * XT_REROUTE_GAP after it. */
void xt_timers_urgent(struct xt_timers *t, uint64_t at);
/* The program requests a handshake. An initiation that is in flight is waited for, as the protocol
 * does; otherwise one goes out, but not before XT_REQUEST_GAP after the last. */
void xt_timers_requested(struct xt_timers *t, uint64_t now);
void xt_timers_complete(struct xt_timers *t);
void xt_timers_derived(struct xt_timers *t, uint64_t now);
void xt_timers_gave_up(struct xt_timers *t, uint64_t now);
void xt_timers_erased(struct xt_timers *t);
/* The persistent keepalive came due, whether or not anything could be sent. */
void xt_timers_persistent_done(struct xt_timers *t, uint64_t now);
/* The device's identity is another one: its limits on initiations and retries begin again. Sessions
 * and the persistent keepalive are the caller's. */
void xt_timers_identity_changed(struct xt_timers *t);
/* A change from 0 sends a keepalive at once. */
void xt_timers_set_persistent(struct xt_timers *t, uint64_t now, uint16_t seconds);

/* May an initiation be sent now (one per REKEY_TIMEOUT)? */
bool xt_timers_may_initiate(const struct xt_timers *t, uint64_t now);

#endif
