/* Invariants on the wire; see watch.h. The keys themselves are not seen, but a session's direction
 * is named by its sender and the receiver's index. */
#include "sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "sim/node.h"

#define SLACK (200 * SIM_US) /* a turn may come so much after a delivery */

struct way { /* one direction of one session */
	struct sim_node *sender;
	uint32_t index, back; /* of the receiver; the sender's own */
	uint64_t born, next;  /* next: no counter below it may come */
	bool used, data, responder, confirmed;
};

struct sim_watch {
	struct sim *sim;
	struct way *ways;
	size_t n, cap; /* cap: a power of two */
};

struct sim_watch *sim_watch_new(struct sim *sim)
{
	struct sim_watch *watch = calloc(1, sizeof(*watch));

	watch->sim = sim;
	watch->cap = 1 << 12;
	watch->ways = calloc(watch->cap, sizeof(*watch->ways));
	return watch;
}

void sim_watch_free(struct sim_watch *watch)
{
	free(watch->ways);
	free(watch);
}

static struct way *slot(struct sim_watch *watch, const struct sim_node *sender, uint32_t index)
{
	size_t i = (index * 2654435761u + sender->id * 40503u) & (watch->cap - 1);

	while (watch->ways[i].used &&
	       (watch->ways[i].sender != sender || watch->ways[i].index != index))
		i = (i + 1) & (watch->cap - 1);
	return &watch->ways[i];
}

static struct way *find(struct sim_watch *watch, const struct sim_node *sender, uint32_t index)
{
	struct way *way = slot(watch, sender, index);

	return way->used ? way : NULL;
}

static void grow(struct sim_watch *watch)
{
	struct way *old = watch->ways;
	size_t cap = watch->cap;

	watch->cap *= 2;
	watch->ways = calloc(watch->cap, sizeof(*watch->ways));
	for (size_t i = 0; i < cap; i++)
		if (old[i].used)
			*slot(watch, old[i].sender, old[i].index) = old[i];
	free(old);
}

static void add(struct sim_watch *watch, struct sim_node *sender, uint32_t index, uint32_t back,
		bool responder)
{
	struct way *way;

	if (2 * ++watch->n > watch->cap)
		grow(watch);
	way = slot(watch, sender, index);
	if (way->used && way->data)
		SIM_FAIL(watch->sim, "%s answers index %08x again, which carried data",
			 sender->name, index);
	*way = (struct way){.sender = sender,
			    .index = index,
			    .back = back,
			    .born = watch->sim->now,
			    .used = true,
			    .responder = responder,
			    .confirmed = !responder};
}

static uint32_t index_at(const struct sim_dgram *d, size_t at)
{
	xt_le32 w;

	memcpy(w.b, d->data + at, 4);
	return xt_le32_load(w);
}

static uint64_t counter_of(const struct sim_dgram *d)
{
	xt_le64 w;

	memcpy(w.b, d->data + 8, 8);
	return xt_le64_load(w);
}

static void data_sent(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d)
{
	struct sim *sim = watch->sim;
	struct way *way = find(watch, node, index_at(d, 4));
	uint64_t counter = counter_of(d);

	if (!way)
		SIM_FAIL(sim, "%s sends data to index %08x, of no handshake of its", node->name,
			 index_at(d, 4));
	if (way->data && counter < way->next)
		SIM_FAIL(sim, "%s uses counter %llu of index %08x again or late", node->name,
			 (unsigned long long)counter, way->index);
	if (!way->confirmed)
		SIM_FAIL(sim, "%s sends data on a session that is not confirmed", node->name);
	if (sim->now - way->born >= XT_REJECT_AFTER_TIME + SLACK)
		SIM_FAIL(sim, "%s sends data on a key %llu ms old", node->name,
			 (unsigned long long)((sim->now - way->born) / SIM_MS));
	if (d->len % 16 && d->len < 1420 + 32) /* padding stops at the MTU */
		SIM_FAIL(sim, "%s sends data without padding: %u bytes", node->name, d->len);
	way->data = true;
	way->next = counter + 1;
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
		SIM_FAIL(watch->sim, "%s sends something that is no message", node->name);
	node->sent[type]++;
	node->last_sent[type] = watch->sim->now;
	if (type == 2)
		add(watch, node, index_at(d, 8), index_at(d, 4), true);
	else if (type == 4)
		data_sent(watch, node, d);
}

void sim_watch_delivered(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d)
{
	struct way *way;

	if (d->len < 32 || d->altered || d->data[0] < 1 || d->data[0] > 4)
		return;
	node->received[d->data[0]]++;
	if (d->data[0] == 2) {
		/* the initiator's direction is born when the response comes */
		way = find(watch, node, index_at(d, 4));
		if (!way || !way->data)
			add(watch, node, index_at(d, 4), index_at(d, 8), false);
	} else if (d->data[0] == 4 && d->from) {
		/* data for node's index confirms what node answered with that index */
		way = find(watch, d->from, index_at(d, 4));
		if (way && (way = find(watch, node, way->back)) && way->responder)
			way->confirmed = true;
	}
}

void sim_watch_restart(struct sim_watch *watch, const struct sim_node *node)
{
	for (size_t i = 0; i < watch->cap; i++)
		if (watch->ways[i].used && watch->ways[i].sender == node)
			watch->ways[i].data = false;
}
