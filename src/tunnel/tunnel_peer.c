/* SPDX-License-Identifier: MIT */
/* One peer of a running tunnel, for a diagnosis. */
#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

uint64_t xt_tunnel_counted(const struct xt_tunnel *tunnel, enum xt_verdict verdict)
{
	return xt_device_counted(tunnel->dev, verdict);
}

int xt_tunnel_report_peer(const struct xt_tunnel *tunnel, const struct xt_public *peer,
			  struct xt_report **out)
{
	return xt_device_report_peer(tunnel->dev, xt_clock_now(), peer, out);
}

int xt_tunnel_start_handshake(struct xt_tunnel *tunnel, const struct xt_public *peer)
{
	return xt_device_start_handshake(tunnel->dev, xt_clock_now(), peer);
}

void xt_tunnel_ask_mtu(struct xt_tunnel *tunnel, const struct xt_endpoint *remote)
{
	xt_device_suspect_mtu(tunnel->dev, xt_clock_now(), remote);
}
