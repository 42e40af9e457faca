/* SPDX-License-Identifier: MIT */
/* What is remembered of peers across restarts, between the device and the caller that stores it. */
#include <stdlib.h>
#include <string.h>

#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

/* Changes are handed over so long after the first one, in batches with a gap between them. */
#define MEMORY_DELAY UINT64_C(1000000000)
#define MEMORY_GAP   UINT64_C(10000000)
#define MEMORY_BATCH 128

static int key_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xt_public)); /* the key is the first member */
}

void xt_tunnel_memory_clear(struct xt_tunnel *tunnel)
{
	free(tunnel->memory);
	tunnel->memory = NULL;
	tunnel->n_memory = 0;
	tunnel->memory_due = XT_NEVER;
}

/* An endpoint is given back once: the administrator who removes a peer removes it too. */
static void record_restore(struct xt_tunnel *tunnel, struct xt_time now,
			   struct xt_peer_memory *record)
{
	if (xt_device_memory_restore(tunnel->dev, now, record))
		memset(&record->endpoint, 0, sizeof(record->endpoint));
}

void xt_tunnel_memory_read(struct xt_tunnel *tunnel, struct xt_peer_memory *v, size_t n)
{
	struct xt_time now = xt_clock_now();
	bool applying = tunnel->memory_reading;

	xt_tunnel_memory_clear(tunnel);
	tunnel->memory_reading = false;
	tunnel->memory = v;
	tunnel->n_memory = n;
	for (size_t i = 0; i < n && !applying; i++)
		record_restore(tunnel, now, &tunnel->memory[i]);
}

void xt_tunnel_memory_restore(struct xt_tunnel *tunnel, struct xt_time now, size_t i)
{
	record_restore(tunnel, now, &tunnel->memory[i]);
}

void xt_tunnel_memory_restore_peer(struct xt_tunnel *tunnel, struct xt_time now,
				   const struct xt_public *key)
{
	struct xt_peer_memory *record;

	if (!tunnel->n_memory)
		return;
	record = bsearch(key, tunnel->memory, tunnel->n_memory, sizeof(*record), key_compare);
	if (record)
		record_restore(tunnel, now, record);
}

void xt_tunnel_memory_schedule(struct xt_tunnel *tunnel, struct xt_time now)
{
	if (tunnel->memory_due == XT_NEVER && !tunnel->memory_reading &&
	    tunnel->callbacks.memory_write && xt_device_memory_changed(tunnel->dev))
		tunnel->memory_due = now.mono + MEMORY_DELAY;
}

void xt_tunnel_memory_again(struct xt_tunnel *tunnel)
{
	bool more = xt_device_memory_changed(tunnel->dev);

	tunnel->memory_due = xt_clock_now().mono + (more ? MEMORY_GAP : MEMORY_DELAY);
}

/* One batch: many peers must not hold packets back. */
void xt_tunnel_memory_flush(struct xt_tunnel *tunnel, struct xt_time now)
{
	struct xt_peer_memory records[MEMORY_BATCH];
	size_t n;

	if (now.mono < tunnel->memory_due)
		return;
	n = xt_device_memory_take(tunnel->dev, records, MEMORY_BATCH);
	tunnel->memory_due = n == MEMORY_BATCH ? now.mono + MEMORY_GAP : XT_NEVER;
	tunnel->callbacks.memory_write(tunnel->callbacks.ctx, records, n);
}

bool xt_tunnel_memory_hand_over(struct xt_tunnel *tunnel)
{
	struct xt_peer_memory records[MEMORY_BATCH];
	size_t n;

	if (!tunnel->timestamp || !tunnel->callbacks.memory_write)
		return false;
	n = xt_device_memory_take(tunnel->dev, records, MEMORY_BATCH);
	if (n)
		tunnel->callbacks.memory_write(tunnel->callbacks.ctx, records, n);
	return n == MEMORY_BATCH;
}

void xt_tunnel_memory_release(struct xt_tunnel *tunnel)
{
	while (xt_tunnel_memory_hand_over(tunnel))
		;
	xt_tunnel_memory_clear(tunnel);
}
