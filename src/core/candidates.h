/* SPDX-License-Identifier: MIT */
/* The addresses at which a peer may be reached: the configured ones, those of one entry with the
 * families alternating (RFC 8305), and after them the one that it has roamed to.
 *
 *   held      it did not answer: it is passed over until its hold time is over
 *   first     where the latest initiation went; second: where the same one went, or will go, too
 *   trying    where initiations go while a session lives elsewhere; data stays with the session
 *   contact   something answered since the latest failure: no second address is needed
 *
 * Pure: no clock, no device. Times are monotonic nanoseconds. Nothing is allocated after new. */
#ifndef XT_CORE_CANDIDATES_H
#define XT_CORE_CANDIDATES_H

#include <xtunnel/device.h>

#include "core/message.h"

#define XT_CANDIDATE_NONE UINT32_MAX

struct xt_candidate_slot {
	struct xt_endpoint endpoint; /* ip.family 0: none */
	uint64_t held_until;	     /* 0: not held */
	uint8_t entry;
};

/* initiation  the latest one sent to first, as long as a second address may need it; NULL: the list
 *	       has one address for ever
 * heard       the peer's rx_bytes when it was sent
 * n           configured slots; v[n] is the learned one */
struct xt_candidates {
	struct xt_msg_initiation *initiation;
	uint64_t heard, hold;
	uint32_t n;
	uint32_t first, second, trying;
	bool contact;
	struct xt_candidate_slot v[];
};

/* NULL without memory. list is copied; an address that comes twice is kept once. */
struct xt_candidates *xt_candidates_new(const struct xt_candidate_list *list);
/* One with n empty slots and the learned one; keeps: with room for an initiation. */
struct xt_candidates *xt_candidates_allocate(size_t n, bool keeps);
void xt_candidates_free(struct xt_candidates *c); /* NULL is fine */
/* Go on with what was known of the same addresses. The learned one is kept. */
void xt_candidates_adopt(struct xt_candidates *c, const struct xt_candidates *old);

/* XT_CANDIDATE_NONE: it is none of them. */
uint32_t xt_candidates_find(const struct xt_candidates *c, const struct xt_endpoint *endpoint);
/* The first one that is not held, else the one whose hold time ends first. NONE: there is none. */
uint32_t xt_candidates_best(const struct xt_candidates *c, uint64_t now);
/* The next configured one after i that is of the other family and not held. */
uint32_t xt_candidates_other(const struct xt_candidates *c, uint32_t i, uint64_t now);

/* i did not answer. */
void xt_candidates_fail(struct xt_candidates *c, uint32_t i, uint64_t now);
/* i answered the latest initiation: it is kept, and first, should that be another one, is held. */
void xt_candidates_answered(struct xt_candidates *c, uint32_t i, uint64_t now);
/* The peer was heard at endpoint in a session. true: that is a configured one; otherwise it is the
 * learned one now. */
bool xt_candidates_heard(struct xt_candidates *c, const struct xt_endpoint *endpoint);

#endif
