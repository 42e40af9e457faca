/* SPDX-License-Identifier: MIT */
/* Datagrams of this device that the host routes back into its tunnel, because allowed IPs cover an
 * endpoint or the route to it was lost. Sent on they would return for ever, each time longer. */
#include "core/loop.h"

#include "base/addr.h"

#define UDP_HEADER 8u

bool xt_packet_is_loop_from_port(struct xt_device *dev, const struct xt_ip_view *ip)
{
	const uint8_t *udp = ip->bytes + ip->upper;
	struct xt_endpoint remote = {0};
	struct xt_ip source;
	struct xt_peer *peer;

	_Static_assert(XT_LOOP_LEN == UDP_HEADER + 4, "what is read here");
	if (ip->offset || ip->broken)
		return false;
	/* a message type and its three zero bytes */
	if (udp[UDP_HEADER] < XT_MSG_INITIATION || udp[UDP_HEADER] > XT_MSG_DATA ||
	    (udp[UDP_HEADER + 1] | udp[UDP_HEADER + 2] | udp[UDP_HEADER + 3]))
		return false;
	xt_ip_destination(ip, &remote.ip);
	remote.port = xt_be16_get(udp + 2);
	xt_ip_source(ip, &source);
	for (peer = xt_peer_find_endpoint(dev, &remote); peer; peer = peer->next_same)
		/* Another host behind this one may use the same port to the same endpoint. */
		if (!peer->path.local.family || xt_ip_equal(&source, &peer->path.local))
			break;
	if (peer)
		xt_facts_count(&peer->facts, XT_DROP_LOOP);
	if (peer && !peer->loop) {
		peer->loop = true;
		xt_event(dev, XT_EVENT_LOOP, peer);
	}
	return peer != NULL;
}
