/* SPDX-License-Identifier: MIT */
/* Invariants on the wire; see watch.h. Keys are not visible there: one direction of a session is
 * identified by its sender and the index of the receiver. */
#include "sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "sim/node.h"

#define SLACK (200 * SIM_US) /* the longest time from a delivery to the pass */

struct direction { /* one direction of one session */
	struct sim_node *sender;
	uint32_t index, back; /* index: of the receiver; back: of the sender */
	uint64_t born, next;  /* next: the least counter that is still allowed */
	bool used, data, responder, confirmed;
};

struct sim_watch {
	struct sim *sim;
	struct direction *directions;
	size_t n, cap; /* cap: a power of two */
};

struct sim_watch *sim_watch_new(struct sim *sim)
{
	struct sim_watch *watch = calloc(1, sizeof(*watch));

	watch->sim = sim;
	watch->cap = 1 << 12;
	watch->directions = calloc(watch->cap, sizeof(*watch->directions));
	return watch;
}

void sim_watch_free(struct sim_watch *watch)
{
	free(watch->directions);
	free(watch);
}

static struct direction *direction_slot(struct sim_watch *watch, const struct sim_node *sender,
					uint32_t index)
{
	size_t i = (index * 2654435761u + sender->id * 40503u) & (watch->cap - 1);

	while (watch->directions[i].used &&
	       (watch->directions[i].sender != sender || watch->directions[i].index != index))
		i = (i + 1) & (watch->cap - 1);
	return &watch->directions[i];
}

static struct direction *direction_find(struct sim_watch *watch, const struct sim_node *sender,
					uint32_t index)
{
	struct direction *direction = direction_slot(watch, sender, index);

	return direction->used ? direction : NULL;
}

static void table_grow(struct sim_watch *watch)
{
	struct direction *old = watch->directions;
	size_t cap = watch->cap;

	watch->cap *= 2;
	watch->directions = calloc(watch->cap, sizeof(*watch->directions));
	for (size_t i = 0; i < cap; i++)
		if (old[i].used)
			*direction_slot(watch, old[i].sender, old[i].index) = old[i];
	free(old);
}

static void direction_add(struct sim_watch *watch, struct sim_node *sender, uint32_t index,
			  uint32_t back, bool responder)
{
	struct direction *direction;

	if (2 * ++watch->n > watch->cap)
		table_grow(watch);
	direction = direction_slot(watch, sender, index);
	if (direction->used && direction->data)
		SIM_FAIL(watch->sim, "%s answers index %08x again, which carried data",
			 sender->name, index);
	*direction = (struct direction){.sender = sender,
					.index = index,
					.back = back,
					.born = watch->sim->now,
					.used = true,
					.responder = responder,
					.confirmed = !responder};
}

static uint32_t dgram_index(const struct sim_dgram *d, size_t at)
{
	xt_le32 w;

	memcpy(w.b, d->data + at, 4);
	return xt_le32_load(w);
}

static uint64_t dgram_counter(const struct sim_dgram *d)
{
	xt_le64 w;

	memcpy(w.b, d->data + 8, 8);
	return xt_le64_load(w);
}

static void data_check(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d)
{
	struct sim *sim = watch->sim;
	struct direction *direction = direction_find(watch, node, dgram_index(d, 4));
	uint64_t counter = dgram_counter(d);

	if (!direction)
		SIM_FAIL(sim, "%s sends data to index %08x, which no handshake of its own has",
			 node->name, dgram_index(d, 4));
	if (direction->data && counter < direction->next)
		SIM_FAIL(sim, "%s uses counter %llu of index %08x again or late", node->name,
			 (unsigned long long)counter, direction->index);
	if (!direction->confirmed)
		SIM_FAIL(sim, "%s sends data on a session that is not confirmed", node->name);
	if (sim->now - direction->born >= XT_REJECT_AFTER_TIME + SLACK)
		SIM_FAIL(sim, "%s sends data on a key %llu ms old", node->name,
			 (unsigned long long)((sim->now - direction->born) / SIM_MS));
	if (d->len % 16 && d->len < 1420 + 32) /* padding ends at the MTU */
		SIM_FAIL(sim, "%s sends data without padding: %u bytes", node->name, d->len);
	direction->data = true;
	direction->next = counter + 1;
	if (d->len == 32) {
		node->keepalives++;
		node->last_keepalive = sim->now;
	}
}

void sim_watch_sent(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d)
{
	static const uint32_t least[5] = {0, 148, 92, 64, 32};
	uint8_t type = d->data[0];

	if (d->len < 4 || type < 1 || type > 4 || d->data[1] || d->data[2] || d->data[3] ||
	    d->len < least[type] || (type != 4 && d->len != least[type]))
		SIM_FAIL(watch->sim, "%s sends something that is not a message", node->name);
	node->sent[type]++;
	node->last_sent[type] = watch->sim->now;
	if (type == 2)
		direction_add(watch, node, dgram_index(d, 8), dgram_index(d, 4), true);
	else if (type == 4)
		data_check(watch, node, d);
}

void sim_watch_delivered(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d)
{
	struct direction *direction;

	if (d->len < 32 || d->altered || d->data[0] < 1 || d->data[0] > 4)
		return;
	node->received[d->data[0]]++;
	if (d->data[0] == 2) {
		/* The direction of the initiator begins when the response arrives. */
		direction = direction_find(watch, node, dgram_index(d, 4));
		if (!direction || !direction->data)
			direction_add(watch, node, dgram_index(d, 4), dgram_index(d, 8), false);
	} else if (d->data[0] == 4 && d->from) {
		/* Data for an index of node confirms the session that it answered with
		 * that index. */
		direction = direction_find(watch, d->from, dgram_index(d, 4));
		if (direction && (direction = direction_find(watch, node, direction->back)) &&
		    direction->responder)
			direction->confirmed = true;
	}
}

void sim_watch_restart(struct sim_watch *watch, const struct sim_node *node)
{
	for (size_t i = 0; i < watch->cap; i++)
		if (watch->directions[i].used && watch->directions[i].sender == node)
			watch->directions[i].data = false;
}
