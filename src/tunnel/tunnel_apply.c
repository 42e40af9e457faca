/* SPDX-License-Identifier: MIT */
/* A change to a running tunnel: device, sockets, and the identity whose timestamps are kept. */
#include <string.h>

#include <sodium.h>

#include "crypto/dh.h"
#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

static void limits_update(struct xt_tunnel *tunnel)
{
	xt_device_timestamp_limits(tunnel->dev, xt_timestamp_floor(tunnel->timestamp),
				   xt_timestamp_bound(tunnel->timestamp));
}

void xt_tunnel_bound_read(struct xt_tunnel *tunnel, uint64_t floor, bool stored)
{
	if (!tunnel->timestamp)
		return;
	if (!tunnel->restored) /* else that was before the snapshot */
		xt_timestamp_read(tunnel->timestamp, floor, stored);
	limits_update(tunnel);
}

void xt_tunnel_bound_written(struct xt_tunnel *tunnel, bool success)
{
	if (!tunnel->timestamp)
		return;
	xt_timestamp_written(tunnel->timestamp, success);
	limits_update(tunnel);
}

void xt_tunnel_identity_release(struct xt_tunnel *tunnel)
{
	uint64_t next;

	if (!tunnel->timestamp)
		return;
	xt_tunnel_memory_release(tunnel);
	next = xt_device_timestamp(tunnel->dev);
	if (xt_timestamp_close(tunnel->timestamp, next))
		tunnel->callbacks.bound_write(tunnel->callbacks.ctx, next, false);
	tunnel->timestamp = NULL;
}

int xt_tunnel_identity_read(struct xt_tunnel *tunnel)
{
	char name[XT_TIMESTAMP_NAME];

	limits_update(tunnel);
	xt_timestamp_name(name, &tunnel->identity);
	tunnel->callbacks.bound_read(tunnel->callbacks.ctx, name);
	return 0;
}

int xt_tunnel_identity(struct xt_tunnel *tunnel, const struct xt_public *key)
{
	int rc = 0;

	xt_tunnel_identity_release(tunnel);
	memset(&tunnel->identity, 0, sizeof(tunnel->identity));
	tunnel->restored = false;
	if (key) {
		tunnel->identity = *key;
		rc = tunnel->callbacks.bound_read ? xt_timestamp_new(&tunnel->timestamp) : 0;
	}
	if (!tunnel->timestamp) {
		xt_device_timestamp_limits(tunnel->dev, 0, XT_NEVER);
		return rc;
	}
	return xt_tunnel_identity_read(tunnel);
}

static void identity_follow(struct xt_tunnel *tunnel, const struct xt_public *key)
{
	int rc;

	tunnel->memory_reading = true;
	rc = xt_tunnel_identity(tunnel, key);
	if (rc < 0 && tunnel->callbacks.note)
		tunnel->callbacks.note(tunnel->callbacks.ctx,
				       "the state file of the new key: out of memory");
	if (!tunnel->timestamp)
		tunnel->memory_reading = false;
}

void xt_tunnel_apply_begin(struct xt_tunnel *tunnel, struct xt_tunnel_apply *apply,
			   const struct xt_change *change, const struct xt_udp_sockets *sockets)
{
	*apply = (struct xt_tunnel_apply){.tunnel = tunnel, .change = *change};
	apply->has_sockets = sockets != NULL;
	if (sockets) {
		apply->sockets = *sockets;
		apply->change.set |= XT_SET_LISTEN_PORT;
	}
	apply->change.listen_port = sockets ? sockets->port : tunnel->udp->port;
	xt_apply_begin(&apply->apply, tunnel->dev, &apply->change);
	apply->phase = apply->apply.switches ? XT_TUNNEL_APPLY_RELEASE : XT_TUNNEL_APPLY_DEVICE;
}

static void device_step(struct xt_tunnel_apply *apply, size_t n)
{
	struct xt_apply *device = &apply->apply;
	bool switched = device->switched;

	if (!xt_apply_step(device, xt_clock_now(), n))
		apply->phase = device->error ? XT_TUNNEL_APPLY_OVER : XT_TUNNEL_APPLY_RESTORE;
	/* Before another packet: no initiation may go out with timestamps of the former one. */
	if (!switched && device->switched)
		identity_follow(apply->tunnel, device->has_local ? &device->local_key : NULL);
}

static void restore_step(struct xt_tunnel_apply *apply, size_t n)
{
	const struct xt_change *change = &apply->change;
	size_t all = apply->apply.switched ? apply->tunnel->n_memory : change->n_peers;
	size_t to = all - apply->at > n ? apply->at + n : all;

	for (; apply->at < to; apply->at++) {
		if (apply->apply.switched)
			xt_tunnel_memory_restore(apply->tunnel, xt_clock_now(), apply->at);
		else if (!(change->peers[apply->at].set & XT_PEER_REMOVE))
			xt_tunnel_memory_restore_peer(apply->tunnel, xt_clock_now(),
						      &change->peers[apply->at].key);
	}
	if (apply->at == all)
		apply->phase = XT_TUNNEL_APPLY_OVER;
}

enum xt_tunnel_progress xt_tunnel_apply_step(struct xt_tunnel_apply *apply, size_t n)
{
	struct xt_tunnel *tunnel = apply->tunnel;

	switch (apply->phase) {
	case XT_TUNNEL_APPLY_RELEASE:
		if (!xt_tunnel_memory_hand_over(tunnel))
			apply->phase = XT_TUNNEL_APPLY_DEVICE;
		break;
	case XT_TUNNEL_APPLY_DEVICE:
		device_step(apply, n);
		break;
	case XT_TUNNEL_APPLY_RESTORE:
		if (tunnel->memory_reading)
			return XT_TUNNEL_WAITS;
		restore_step(apply, n);
		break;
	case XT_TUNNEL_APPLY_OVER:
		break;
	}
	return apply->phase == XT_TUNNEL_APPLY_OVER ? XT_TUNNEL_OVER : XT_TUNNEL_MORE;
}

int xt_tunnel_apply_end(struct xt_tunnel_apply *apply)
{
	struct xt_tunnel *tunnel = apply->tunnel;
	int rc = apply->apply.error;

	if (rc == 0 && apply->has_sockets) {
		xt_udp_move(tunnel->udp, &apply->sockets);
		xt_port_move_begin(tunnel->dev);
	}
	if (rc == 0 && (apply->change.set & XT_SET_FWMARK)) /* it selects routes */
		xt_tunnel_network_changed(tunnel);
	sodium_memzero(&apply->change, sizeof(apply->change));
	return rc;
}

int xt_tunnel_report_begin(const struct xt_tunnel *tunnel, struct xt_report_walk *walk)
{
	return xt_report_begin(walk, tunnel->dev, xt_clock_now());
}

int xt_tunnel_report_step(struct xt_report_walk *walk, size_t n)
{
	return xt_report_step(walk, xt_clock_now(), n);
}
