/* SPDX-License-Identifier: MIT */
/* The sliding window over a session's counters (paper 5.4.6), as a ring of words (RFC 6479). */
#ifndef XT_CORE_REPLAY_H
#define XT_CORE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define XT_REPLAY_PACKETS 8192 /* covered: the greatest counter and those before it */
/* How far behind the greatest a counter may be. */
#define XT_REPLAY_WINDOW (XT_REPLAY_PACKETS - 1)
/* One word more than the window: the one being filled. */
#define XT_REPLAY_WORDS (XT_REPLAY_PACKETS / 64 + 1)

struct xt_replay {
	uint64_t next; /* one more than the greatest counter accepted; 0: none yet */
	uint64_t ring[XT_REPLAY_WORDS];
};

void xt_replay_init(struct xt_replay *w);

/* Judge the counter of a message whose tag was just verified.
 * counter  host order, as received
 * returns  true once for each counter inside the window; false for a repeat, for one more than
 *          XT_REPLAY_WINDOW behind the greatest, and from REJECT_AFTER_MESSAGES on
 * before   authenticate first: a true answer moves the window */
bool xt_replay_accept(struct xt_replay *w, uint64_t counter);

#endif
