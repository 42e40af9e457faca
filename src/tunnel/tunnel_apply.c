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

int xt_tunnel_identity(struct xt_tunnel *tunnel, const struct xt_public *key)
{
	char name[XT_TIMESTAMP_NAME];
	int rc = 0;

	xt_tunnel_identity_release(tunnel);
	memset(&tunnel->identity, 0, sizeof(tunnel->identity));
	if (key) {
		tunnel->identity = *key;
		rc = tunnel->callbacks.bound_read ? xt_timestamp_new(&tunnel->timestamp) : 0;
	}
	if (!tunnel->timestamp) {
		xt_device_timestamp_limits(tunnel->dev, 0, XT_NEVER);
		return rc;
	}
	limits_update(tunnel);
	xt_timestamp_name(name, key);
	tunnel->callbacks.bound_read(tunnel->callbacks.ctx, name);
	return 0;
}

static void identity_follow(struct xt_tunnel *tunnel, const struct xt_private *key)
{
	struct xt_private scalar = *key;
	struct xt_public public = {{0}};
	bool some = !sodium_is_zero(key->b, sizeof(key->b));
	int rc;

	if (some) {
		xt_dh_clamp(&scalar);
		xt_dh_public(&public, &scalar);
	}
	sodium_memzero(&scalar, sizeof(scalar));
	if (memcmp(&public, &tunnel->identity, sizeof(public)) == 0)
		return;
	rc = xt_tunnel_identity(tunnel, some ? &public : NULL);
	if (rc < 0 && tunnel->callbacks.note)
		tunnel->callbacks.note(tunnel->callbacks.ctx,
				       "the state file of the new key: out of memory");
}

int xt_tunnel_apply(struct xt_tunnel *tunnel, const struct xt_change *change,
		    const struct xt_udp_sockets *sockets)
{
	struct xt_change bound = *change; /* its lists are borrowed */
	int rc;

	if (sockets)
		bound.set |= XT_SET_LISTEN_PORT;
	bound.listen_port = sockets ? sockets->port : tunnel->udp->port;
	rc = xt_device_apply(tunnel->dev, xt_clock_now(), &bound);
	if (rc == 0 && sockets) {
		struct xt_udp_sockets old = *sockets;

		xt_udp_swap(tunnel->udp, &old);
		xt_udp_sockets_close(&old);
	}
	if (rc == 0 && (change->set & XT_SET_FWMARK)) /* it selects routes */
		xt_tunnel_network_changed(tunnel);
	if (rc == 0)
		xt_tunnel_memory_restore(tunnel, xt_clock_now(), change);
	if (rc == 0 && (change->set & XT_SET_PRIVATE_KEY))
		identity_follow(tunnel, &change->private_key);
	sodium_memzero(&bound, sizeof(bound));
	return rc;
}
