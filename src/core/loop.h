/* SPDX-License-Identifier: MIT */
/* Datagrams of this device that come back into its tunnel. */
#ifndef XT_CORE_LOOP_H
#define XT_CORE_LOOP_H

#include "packet/ip.h"

struct xt_device;

/* Whether the packet is a message of this device to one of its peers' endpoints. */
bool xt_packet_is_loop(struct xt_device *dev, const struct xt_ip_view *ip);

#endif
