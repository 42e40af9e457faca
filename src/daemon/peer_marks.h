/* SPDX-License-Identifier: MIT */
/* What the log said last of each peer, so that it does not say it again. A few bytes a peer; peers
 * that have gone are not forgotten until the table is full. Pure. */
#ifndef XT_DAEMON_PEER_MARKS_H
#define XT_DAEMON_PEER_MARKS_H

#include <stdbool.h>

#include <xtunnel/types.h>

enum xt_peer_mark {
	XT_MARK_NONE,
	XT_MARK_UP,
	XT_MARK_UNANSWERED,
	XT_MARK_GAVE_UP,
};

struct xt_peer_marks {
	uint64_t *v; /* hashes of keys, with the mark in the lowest bits */
	size_t n, cap;
};

#define XT_PEER_MARKS_MAX (1u << 18)

enum xt_peer_mark xt_peer_marks_get(const struct xt_peer_marks *marks, const struct xt_public *key);
/* Without memory, or with too many peers, all marks are forgotten. */
void xt_peer_marks_set(struct xt_peer_marks *marks, const struct xt_public *key,
		       enum xt_peer_mark mark);
void xt_peer_marks_clear(struct xt_peer_marks *marks);

#endif
