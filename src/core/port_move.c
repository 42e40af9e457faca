/* SPDX-License-Identifier: MIT */
/* Two walks over the peers: one marks those with a session, one waits until each mark is gone. */
#include "core/port_move.h"

#include "core/device_impl.h"

void xt_port_move_begin(struct xt_device *dev)
{
	dev->port_next = dev->peers;
	dev->port_marking = true;
}

/* The mark is a part of the path, which every message from another path replaces: a peer that is
 * heard costs nothing more than before. */
static void peer_mark(struct xt_device *dev, struct xt_peer *peer)
{
	peer->path.old_port = true;
	peer->keepalive_pending = !peer->staged.n;
	xt_peer_set_tx_ready(dev, peer);
}

enum xt_port_move xt_port_move_step(struct xt_device *dev, struct xt_time now, unsigned n)
{
	for (; dev->port_next && n > 0; n--) {
		struct xt_peer *peer = dev->port_next;
		bool session = xt_peer_is_current(dev, peer) &&
			       xt_keypair_may_send(peer->keypairs.current, now.mono);

		if (session && dev->port_marking)
			peer_mark(dev, peer);
		else if (session && peer->path.old_port)
			return XT_PORT_WAITS;
		dev->port_next = peer->next;
	}
	if (dev->port_next)
		return XT_PORT_MORE;
	if (!dev->port_marking)
		return XT_PORT_OVER;
	dev->port_marking = false;
	dev->port_next = dev->peers;
	return XT_PORT_MORE;
}
