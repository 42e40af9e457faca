/* SPDX-License-Identifier: MIT */
/* Marks of peers: open addressing by a keyed hash of the public key. */
#include "daemon/peer_marks.h"

#include <stdlib.h>

#include "base/hash.h"

#define MARK_BITS UINT64_C(3)
#define CAP_FIRST 64u

/* Not 0, which is an empty slot. */
static uint64_t key_hash(const struct xt_public *key)
{
	return xt_hash(key, sizeof(*key)) << 2 | (MARK_BITS + 1);
}

static size_t slot_find(const struct xt_peer_marks *marks, uint64_t hash)
{
	size_t i = (size_t)(hash >> 3) & (marks->cap - 1);

	while (marks->v[i] && (marks->v[i] & ~MARK_BITS) != (hash & ~MARK_BITS))
		i = (i + 1) & (marks->cap - 1);
	return i;
}

enum xt_peer_mark xt_peer_marks_get(const struct xt_peer_marks *marks, const struct xt_public *key)
{
	if (!marks->cap)
		return XT_MARK_NONE;
	return (enum xt_peer_mark)(marks->v[slot_find(marks, key_hash(key))] & MARK_BITS);
}

static bool marks_grow(struct xt_peer_marks *marks)
{
	struct xt_peer_marks more = {.n = marks->n, .cap = marks->cap ? 2 * marks->cap : CAP_FIRST};

	more.v = more.cap <= 2 * XT_PEER_MARKS_MAX ? calloc(more.cap, sizeof(*more.v)) : NULL;
	if (!more.v)
		return false;
	for (size_t i = 0; i < marks->cap; i++)
		if (marks->v[i])
			more.v[slot_find(&more, marks->v[i])] = marks->v[i];
	free(marks->v);
	*marks = more;
	return true;
}

void xt_peer_marks_set(struct xt_peer_marks *marks, const struct xt_public *key,
		       enum xt_peer_mark mark)
{
	uint64_t hash = key_hash(key);
	size_t at;

	if (marks->n >= marks->cap / 2 && !marks_grow(marks)) {
		xt_peer_marks_clear(marks);
		return;
	}
	at = slot_find(marks, hash);
	marks->n += !marks->v[at];
	marks->v[at] = (hash & ~MARK_BITS) | (uint64_t)mark;
}

void xt_peer_marks_clear(struct xt_peer_marks *marks)
{
	free(marks->v);
	*marks = (struct xt_peer_marks){0};
}
