/* SPDX-License-Identifier: MIT */
/* What a device remembers of its peers across restarts: the greatest timestamp, by which a replayed
 * initiation is refused, and a learned endpoint, by which restart detection finds the peer.
 * Changed peers are on a list until the caller takes their records. */
#include <string.h>

#include "base/bytes.h"
#include "core/device_impl.h"

bool xt_device_memory_changed(const struct xt_device *dev)
{
	return dev->unsaved != NULL;
}

size_t xt_device_memory_take(struct xt_device *dev, struct xt_peer_memory *out, size_t max)
{
	size_t n = 0;

	for (; n < max && dev->unsaved; n++) {
		struct xt_peer *peer = dev->unsaved;
		struct xt_peer_memory *record = &out[n];

		memset(record, 0, sizeof(*record));
		record->key = peer->key;
		memcpy(record->timestamp, peer->last_timestamp, sizeof(record->timestamp));
		record->heard_wall_ns = peer->heard_wall;
		/* The number of an interface may be another one after a restart of the host. */
		if (peer->endpoint_learned && !peer->path.remote.scope)
			record->endpoint = peer->path.remote;
		xt_peer_forget_unsaved(dev, peer);
	}
	return n;
}

/* Neither too old nor, should the clock have gone back, too far ahead. */
static bool endpoint_is_recent(const struct xt_peer_memory *record, struct xt_time now)
{
	uint64_t heard = record->heard_wall_ns;
	uint64_t age = heard > now.wall ? heard - now.wall : now.wall - heard;

	return record->endpoint.ip.family && age < XT_REMEMBER_ENDPOINT && record->endpoint.port &&
	       !record->endpoint.scope;
}

bool xt_device_memory_restore(struct xt_device *dev, struct xt_time now,
			      const struct xt_peer_memory *record)
{
	struct xt_peer *peer = xt_peer_find(dev, &record->key);
	struct xt_path path;

	if (!peer)
		return false;
	if (xt_tai64n_compare(record->timestamp, peer->last_timestamp) > 0)
		memcpy(peer->last_timestamp, record->timestamp, sizeof(peer->last_timestamp));
	peer->heard_wall = XT_MAX(peer->heard_wall, record->heard_wall_ns);
	if (peer->path.remote.ip.family || now.mono >= dev->restart_until ||
	    !endpoint_is_recent(record, now))
		return true;
	memset(&path, 0, sizeof(path));
	path.remote = record->endpoint;
	xt_peer_set_path(dev, peer, &path);
	peer->endpoint_learned = true;
	if (peer->staged.n || peer->timers.persistent_s)
		peer->timers.start = XT_MIN(peer->timers.start, now.mono);
	xt_peer_mark_dirty(dev, peer);
	xt_peers_update_deadlines(dev);
	return true;
}
