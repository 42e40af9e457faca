/* SPDX-License-Identifier: MIT */
/* Datagrams of this device that come back into its tunnel. */
#ifndef XT_CORE_LOOP_H
#define XT_CORE_LOOP_H

#include "base/bytes.h"
#include "core/device_impl.h"
#include "packet/ip.h"

/* A UDP header, and a message type with its three zero bytes. */
#define XT_LOOP_LEN 12u

/* xt_packet_is_loop, of a packet that has XT_LOOP_LEN bytes from this device's port. */
XT_COLD bool xt_packet_is_loop_from_port(struct xt_device *dev, const struct xt_ip_view *ip);

/* Whether the packet is a message of this device to one of its peers' endpoints. Inline is what
 * tells nearly all packets apart. */
static inline bool xt_packet_is_loop(struct xt_device *dev, const struct xt_ip_view *ip)
{
	return ip->protocol == XT_PROTO_UDP && ip->len >= ip->upper + XT_LOOP_LEN &&
	       xt_be16_get(ip->bytes + ip->upper) == dev->listen_port &&
	       xt_packet_is_loop_from_port(dev, ip);
}

#endif
