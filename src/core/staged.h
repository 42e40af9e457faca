/* SPDX-License-Identifier: MIT */
/* Staged packets: copies of packets that wait for a session with their peer. One pool of blocks for
 * the whole device, allocated at start; one queue per peer.
 *
 * The pool is shared fairly: when it is full, the queue that holds the most blocks loses its oldest
 * packet. So the first packet to a peer is always kept, whatever other peers hold, and of N peers
 * each keeps at least an Nth of the pool. Among queues that hold as much, the one that did not
 * change for the longest time loses. */
#ifndef XT_CORE_STAGED_H
#define XT_CORE_STAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xt_staged_pool;
struct xt_staged_packet;

/* All zero: empty. An address stays the same while it holds packets. */
struct xt_staged {
	struct xt_staged_packet *head, *tail;
	uint32_t n;
	uint32_t blocks;
	struct xt_staged *prev, *next; /* the pool's queues with as many blocks */
};

/* bytes of memory in all; unused pages cost nothing. NULL without memory. */
struct xt_staged_pool *xt_staged_pool_new(size_t bytes);
void xt_staged_pool_free(struct xt_staged_pool *pool);

/* Copy a packet to the end of q.
 * max         packets that q may hold
 * pushed_out  packets of any queue, each its oldest, dropped to make room
 * returns     false: it does not fit into the whole pool, or max is 0 */
bool xt_staged_push(struct xt_staged_pool *pool, struct xt_staged *q, const uint8_t *data,
		    uint32_t len, uint32_t max, uint32_t *pushed_out);
/* Length of the oldest, 0: queue empty. */
uint32_t xt_staged_len(const struct xt_staged *q);
/* Remove the oldest and copy it to data (xt_staged_len bytes), unless data is NULL. */
void xt_staged_pop(struct xt_staged_pool *pool, struct xt_staged *q, uint8_t *data);
/* Walk the queue, oldest first, without a change: packet NULL: begin. NULL: that was the last. */
const struct xt_staged_packet *xt_staged_next(const struct xt_staged *q,
					      const struct xt_staged_packet *packet);
uint32_t xt_staged_packet_len(const struct xt_staged_packet *packet);
/* Its bytes from at on that lie in one place: how many, *bytes: where. 0: it ends there. */
size_t xt_staged_piece(const struct xt_staged_packet *packet, size_t at, const uint8_t **bytes);
/* Empty the queue; returns how many there were. */
uint32_t xt_staged_clear(struct xt_staged_pool *pool, struct xt_staged *q);

#endif
