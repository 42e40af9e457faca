/* SPDX-License-Identifier: MIT */
/* Whose message a datagram is, as far as its clear text says: for captures. */
#ifndef XT_CORE_MESSAGE_PEER_H
#define XT_CORE_MESSAGE_PEER_H

#include <xtunnel/device.h>

/* inbound  it came from remote; else it is sent there
 * The peer to which the message's session index belongs, else one at remote; NULL: none. Nothing is
 * authenticated. Valid until the next xt_device_apply. */
struct xt_peer *xt_device_message_peer(struct xt_device *dev, const uint8_t *message, size_t len,
				       bool inbound, const struct xt_endpoint *remote);

#endif
