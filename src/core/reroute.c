/* SPDX-License-Identifier: MIT */
/* A peer is reached by another way: its next datagrams leave by it, and tell the peer. */
#include "core/device_impl.h"

void xt_device_reroute(struct xt_device *dev, struct xt_time now, const struct xt_endpoint *remote)
{
	struct xt_peer *peer = xt_peer_find_endpoint(dev, remote);

	for (; peer; peer = peer->next_same) {
		xt_peer_path_moved(dev, peer);
		if (!xt_keypair_may_send(peer->keypairs.current, now.mono))
			continue;
		peer->keepalive_pending = !peer->staged.n;
		xt_peer_set_tx_ready(dev, peer);
	}
}
