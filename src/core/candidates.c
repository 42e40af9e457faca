/* SPDX-License-Identifier: MIT */
/* The list of a peer's addresses; candidates.h says what its states mean. */
#include "core/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

/* 292 years, of a hold time that may be XT_NEVER: no sum with the time wraps, and the sums differ.
 */
#define HOLD_MAX (XT_NEVER / 2)

/* Take the addresses of one entry out of list: the first as it stands, then the families in
 * alternation as long as both are left (RFC 8305, section 4). */
static void entry_append(struct xt_candidates *c, const struct xt_candidate_list *list,
			 uint8_t entry, bool *used)
{
	uint8_t family = 0; /* of the one before; 0: none */

	for (;;) {
		size_t next = list->n;

		for (size_t i = 0; i < list->n; i++) {
			if (used[i] || list->v[i].entry != entry)
				continue;
			if (next == list->n)
				next = i;
			if (list->v[i].endpoint.ip.family != family) {
				next = i;
				break;
			}
		}
		if (next == list->n)
			return;
		used[next] = true;
		if (xt_candidates_find(c, &list->v[next].endpoint) != XT_CANDIDATE_NONE)
			continue;
		family = list->v[next].endpoint.ip.family;
		c->v[c->n].endpoint = list->v[next].endpoint;
		c->v[c->n++].entry = entry;
	}
}

struct xt_candidates *xt_candidates_allocate(size_t n, bool keeps)
{
	struct xt_candidates *c = calloc(1, sizeof(*c) + (n + 1) * sizeof(c->v[0]));

	if (!c)
		return NULL;
	if (keeps) {
		c->initiation = calloc(1, sizeof(*c->initiation));
		if (!c->initiation) {
			free(c);
			return NULL;
		}
	}
	c->first = c->second = c->trying = XT_CANDIDATE_NONE;
	return c;
}

struct xt_candidates *xt_candidates_new(const struct xt_candidate_list *list)
{
	struct xt_candidates *c = xt_candidates_allocate(list->n, list->n > 1 || list->changes);
	bool used[XT_CANDIDATES_MAX] = {false};
	unsigned last = 0;

	if (!c)
		return NULL;
	c->hold = list->hold_ns;
	for (size_t i = 0; i < list->n; i++)
		last = XT_MAX(last, list->v[i].entry);
	for (unsigned entry = 0; entry <= last; entry++)
		entry_append(c, list, (uint8_t)entry, used);
	return c;
}

void xt_candidates_free(struct xt_candidates *c)
{
	if (!c)
		return;
	free(c->initiation);
	free(c);
}

/* The slot of c that has the endpoint of slot i of old. */
static uint32_t slot_moved(const struct xt_candidates *c, const struct xt_candidates *old,
			   uint32_t i)
{
	return i == XT_CANDIDATE_NONE ? i : xt_candidates_find(c, &old->v[i].endpoint);
}

void xt_candidates_adopt(struct xt_candidates *c, const struct xt_candidates *old)
{
	if (!old)
		return;
	if (xt_candidates_find(c, &old->v[old->n].endpoint) == XT_CANDIDATE_NONE)
		c->v[c->n] = old->v[old->n];
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t same = xt_candidates_find(old, &c->v[i].endpoint);

		if (same != XT_CANDIDATE_NONE)
			c->v[i].held_until = old->v[same].held_until;
	}
	c->first = slot_moved(c, old, old->first);
	c->second = slot_moved(c, old, old->second);
	c->trying = slot_moved(c, old, old->trying);
	c->contact = old->contact;
	c->heard = old->heard;
	if (c->initiation && old->initiation)
		*c->initiation = *old->initiation;
}

uint32_t xt_candidates_find(const struct xt_candidates *c, const struct xt_endpoint *endpoint)
{
	for (uint32_t i = 0; endpoint->ip.family && i <= c->n; i++)
		if (xt_endpoint_equal(&c->v[i].endpoint, endpoint))
			return i;
	return XT_CANDIDATE_NONE;
}

uint32_t xt_candidates_best(const struct xt_candidates *c, uint64_t now)
{
	uint32_t best = XT_CANDIDATE_NONE;

	for (uint32_t i = 0; i <= c->n; i++) {
		if (!c->v[i].endpoint.ip.family)
			continue;
		if (c->v[i].held_until <= now)
			return i;
		if (best == XT_CANDIDATE_NONE || c->v[i].held_until < c->v[best].held_until)
			best = i;
	}
	return best;
}

uint32_t xt_candidates_other(const struct xt_candidates *c, uint32_t i, uint64_t now)
{
	uint8_t family = c->v[i].endpoint.ip.family;

	for (uint32_t k = 1; k <= c->n; k++) {
		const struct xt_candidate_slot *slot = &c->v[(i + k) % (c->n + 1)];

		if (slot != &c->v[c->n] && slot->endpoint.ip.family != family &&
		    slot->held_until <= now)
			return (uint32_t)(slot - c->v);
	}
	return XT_CANDIDATE_NONE;
}

void xt_candidates_fail(struct xt_candidates *c, uint32_t i, uint64_t now)
{
	if (i != XT_CANDIDATE_NONE)
		c->v[i].held_until = now + XT_MIN(c->hold, HOLD_MAX);
}

void xt_candidates_answered(struct xt_candidates *c, uint32_t i, uint64_t now)
{
	if (i != XT_CANDIDATE_NONE)
		c->v[i].held_until = 0;
	if (c->first != i)
		xt_candidates_fail(c, c->first, now);
	c->contact = true;
	c->first = c->second = c->trying = XT_CANDIDATE_NONE;
}

bool xt_candidates_heard(struct xt_candidates *c, const struct xt_endpoint *endpoint)
{
	uint32_t i = xt_candidates_find(c, endpoint);

	c->contact = true;
	c->trying = XT_CANDIDATE_NONE;
	if (i == XT_CANDIDATE_NONE) {
		i = c->n;
		c->v[i].endpoint = *endpoint;
	}
	c->v[i].held_until = 0;
	return i != c->n;
}
