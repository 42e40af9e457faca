/* SPDX-License-Identifier: MIT */
/* The upper bound of the TAI64N timestamps that an identity has used, kept on file, so that no
 * initiation repeats or precedes an earlier one even when the clock went back between two runs. The
 * file is not written for each handshake: a bound is written ahead, and timestamps stay below it.
 * This is the arithmetic; reading and writing are the caller's (host/bound_file.h). */
#ifndef XT_TUNNEL_TIMESTAMP_H
#define XT_TUNNEL_TIMESTAMP_H

#include <xtunnel/types.h>

/* How far ahead a bound is written, and how near timestamps may come before it is moved on. */
#define XT_TIMESTAMP_MARGIN_NS (60 * UINT64_C(1000000000))
#define XT_TIMESTAMP_AHEAD_NS  (300 * UINT64_C(1000000000))
/* While timestamps run ahead of the clock it is less: each crash adds it to their lead. */
#define XT_TIMESTAMP_LEAD_MARGIN_NS (30 * UINT64_C(1000000000))
#define XT_TIMESTAMP_LEAD_AHEAD_NS  (60 * UINT64_C(1000000000))

struct xt_timestamp;

/* The file's name: half of a hash of the identity, so that a listing of the directory names no
 * peer. */
#define XT_TIMESTAMP_NAME 33
void xt_timestamp_name(char name[XT_TIMESTAMP_NAME], const struct xt_public *key);

/* Allows no timestamp at all until xt_timestamp_read. XT_E_NOMEM. */
int xt_timestamp_new(struct xt_timestamp **out);
/* What was on file: floor as below; stored: bounds can be written. */
void xt_timestamp_read(struct xt_timestamp *timestamp, uint64_t floor, bool stored);

/* Of a tunnel in another process, which goes on here: what it had read and written. */
void xt_timestamp_restore(struct xt_timestamp *timestamp, uint64_t floor, uint64_t bound,
			  bool stored);
bool xt_timestamp_stored(const struct xt_timestamp *timestamp); /* bounds can be written */

/* No timestamp below this was left free by earlier runs. Wall nanoseconds; 0: nothing is known. */
uint64_t xt_timestamp_floor(const struct xt_timestamp *timestamp);
/* All timestamps of this run stay below this; XT_NEVER: no bound (nothing can be written). */
uint64_t xt_timestamp_bound(const struct xt_timestamp *timestamp);

/* Call before a pass that may send an initiation.
 * next     xt_device_timestamp
 * returns  0, or the bound to be written now, because what the next initiation could carry (the
 *          later of wall and next) comes near the present one. xt_timestamp_written then moves the
 *          bound, or gives it up. */
uint64_t xt_timestamp_advance(struct xt_timestamp *timestamp, uint64_t wall, uint64_t next);
void xt_timestamp_written(struct xt_timestamp *timestamp, bool success);

/* A clean end. next: xt_device_timestamp, or XT_NEVER: not known. Frees; NULL is fine. true: next
 * is the exact bound, to be written last. */
bool xt_timestamp_close(struct xt_timestamp *timestamp, uint64_t next);

#endif
