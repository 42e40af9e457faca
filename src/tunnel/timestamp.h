/* The greatest TAI64N stamp that an identity may have used, kept in a file: so that no initiation
 * repeats or precedes an earlier one, though the clock went back between two runs. Not once a
 * handshake: a bound is written ahead, and stamps stay below it. */
#ifndef XT_TUNNEL_TIMESTAMP_H
#define XT_TUNNEL_TIMESTAMP_H

#include <xtunnel/types.h>

/* How far ahead a bound is written, and how near the stamps may come before it is moved on. */
#define XT_TIMESTAMP_MARGIN_NS (60 * UINT64_C(1000000000))
#define XT_TIMESTAMP_AHEAD_NS  (300 * UINT64_C(1000000000))
/* While stamps run ahead of the clock it is less: each crash adds it to their lead. */
#define XT_TIMESTAMP_LEAD_MARGIN_NS (30 * UINT64_C(1000000000))
#define XT_TIMESTAMP_LEAD_AHEAD_NS  (60 * UINT64_C(1000000000))

struct xt_timestamp;

/* The directory for this process: $XT_STATE_DIR, else /var/lib/xtunnel for root, else
 * $XDG_STATE_HOME/xtunnel, else ~/.local/state/xtunnel. 0, or -ENOENT when there is none. */
int xt_timestamp_dir(char *buf, size_t len);

/* Read the bound of the identity key in dir (made when it is not there; NULL: no directory). Reads
 * only: nothing is written before xt_timestamp_advance. Never fails but for memory (XT_E_NOMEM): what
 * cannot be read or written is a warning, and there is no bound then. */
int xt_timestamp_open(struct xt_timestamp **out, const char *dir, const struct xt_public *key);

/* No stamp below this was left free by earlier runs. Wall nanoseconds, 0 when nothing is known. */
uint64_t xt_timestamp_floor(const struct xt_timestamp *stamp);
/* All stamps of this run stay below this; XT_NEVER: no bound (nothing can be written). */
uint64_t xt_timestamp_bound(const struct xt_timestamp *stamp);

/* Call before a turn that may send an initiation; next: xt_device_timestamp. Writes only when what the
 * next initiation could carry (the later of wall and next) comes near the bound. true: the bound
 * has changed, tell the device. */
bool xt_timestamp_advance(struct xt_timestamp *stamp, uint64_t wall, uint64_t next);

/* A sentence, once for all that went wrong; NULL: nothing new. Static storage of stamp. */
const char *xt_timestamp_warning(struct xt_timestamp *stamp);

/* A clean end: next (xt_device_timestamp) becomes the exact bound. XT_NEVER: not known, the file stays
 * as it is. Frees; NULL is fine. */
void xt_timestamp_close(struct xt_timestamp *stamp, uint64_t next);

#endif
