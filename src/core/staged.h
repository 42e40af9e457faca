/* Staged packets: what waits for a session with its peer, copied, bounded, oldest out.
 * One pool of blocks for the whole device, allocated at start; each peer has a queue. */
#ifndef XT_CORE_STAGED_H
#define XT_CORE_STAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xt_staged_pool;
struct xt_staged_packet;

struct xt_staged {
	struct xt_staged_packet *head, *tail;
	uint32_t n;
};

/* bytes of memory in all; pages never used cost nothing. NULL without memory. */
struct xt_staged_pool *xt_staged_pool_new(size_t bytes);
void xt_staged_pool_free(struct xt_staged_pool *pool);

/* Copy a packet to the end; the queue's oldest are pushed out to make room (max: packets it may
 * hold) and counted. false: the pool has no room even so. */
bool xt_staged_push(struct xt_staged_pool *pool, struct xt_staged *q, const uint8_t *data,
		    uint32_t len, uint32_t max, uint32_t *pushed_out);
/* Length of the oldest, 0: queue empty. */
uint32_t xt_staged_len(const struct xt_staged *q);
/* Copy the oldest to data (xt_staged_len bytes) and take it off. data NULL: only take it off. */
void xt_staged_pop(struct xt_staged_pool *pool, struct xt_staged *q, uint8_t *data);
/* Empty the queue; returns how many there were. */
uint32_t xt_staged_clear(struct xt_staged_pool *pool, struct xt_staged *q);

#endif
