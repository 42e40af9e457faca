/* SPDX-License-Identifier: MIT */
/* Session index -> handshake or keypair: an open-addressed table of the random 32-bit indices that
 * peers put on their messages to this device. */
#ifndef XT_CORE_INDEX_H
#define XT_CORE_INDEX_H

#include <stddef.h>
#include <stdint.h>

enum xt_index_kind {
	XT_INDEX_NONE, /* no such index */
	XT_INDEX_HANDSHAKE,
	XT_INDEX_KEYPAIR,
};

struct xt_index_slot {
	void *owner;
	uint32_t index; /* 0: free. Legal on the wire, but never drawn here */
	uint32_t kind;
};

struct xt_index {
	struct xt_index_slot *slots;
	size_t n, cap; /* cap is a power of two, or 0 */
};

/* Fills buf with n random bytes; ctx and random of struct xt_env fit. */
typedef void xt_index_random(void *ctx, void *buf, size_t n);

void xt_index_init(struct xt_index *table);
void xt_index_clear(struct xt_index *table); /* frees the table, not the owners */

/* Room for n more indices, so that as many inserts cannot fail. XT_E_NOMEM. */
int xt_index_reserve(struct xt_index *table, size_t n);

/* Draw a free random index, never 0, and give it to owner. *out: the index. XT_E_NOMEM (table as
 * it was), XT_E_FULL when the draws find no free one. */
int xt_index_insert(struct xt_index *table, enum xt_index_kind kind, void *owner,
		    xt_index_random *random, void *ctx, uint32_t *out);
/* Give owner an index that is known already. XT_E_NOMEM, XT_E_INVALID (0), XT_E_EXISTS. */
int xt_index_put(struct xt_index *table, enum xt_index_kind kind, void *owner, uint32_t index);
/* Hand an index that is in the table to another owner: a handshake becomes a keypair. */
void xt_index_set(struct xt_index *table, uint32_t index, enum xt_index_kind kind, void *owner);
/* An index that is not in the table, or 0, is ignored. */
void xt_index_remove(struct xt_index *table, uint32_t index);

/* The kind of index, and *owner; NULL when there is none. */
enum xt_index_kind xt_index_find(const struct xt_index *table, uint32_t index, void **owner);

#endif
