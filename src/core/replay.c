/* SPDX-License-Identifier: MIT */
/* The sliding window over a session's counters.
 *
 * Bit c of the ring stands for counter c modulo its size. Advancing clears whole words, so the
 * window is never shifted: a step costs one write per word entered, at most the whole ring. */
#include "core/replay.h"

#include <string.h>

#include "base/bytes.h"
#include "core/limits.h"

void xt_replay_init(struct xt_replay *w)
{
	memset(w, 0, sizeof(*w));
}

/* The window advances to word from the word last, at or before it. */
XT_COLD static void replay_advance(struct xt_replay *w, uint64_t word, uint64_t last)
{
	uint64_t entered = XT_MIN(word - last, (uint64_t)XT_REPLAY_WORDS);

	for (uint64_t i = 0; i < entered; i++)
		w->ring[(word - i) % XT_REPLAY_WORDS] = 0;
}

bool xt_replay_accept(struct xt_replay *w, uint64_t counter)
{
	uint64_t word = counter / 64, bit = UINT64_C(1) << counter % 64;
	uint64_t *at = &w->ring[word % XT_REPLAY_WORDS];

	if (counter >= XT_REJECT_AFTER_MESSAGES)
		return false;
	if (counter >= w->next) {
		uint64_t last = w->next ? (w->next - 1) / 64 : 0;

		if (word != last)
			replay_advance(w, word, last);
		w->next = counter + 1;
		*at |= bit;
		return true;
	}
	if (w->next - 1 - counter > XT_REPLAY_WINDOW || (*at & bit))
		return false;
	*at |= bit;
	return true;
}
