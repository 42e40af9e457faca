/* SPDX-License-Identifier: MIT */
/* Only indices that this device has drawn are known: the sender of what it sends, the receiver of
 * what it receives. */
#include "core/message_peer.h"

#include "core/device_impl.h"

/* 0: the message has no index of this device. */
static uint32_t message_index(const uint8_t *message, size_t len, bool inbound)
{
	switch (xt_msg_type(message, len)) {
	case XT_MSG_INITIATION:
		return inbound ? 0
			       : xt_le32_load(((const struct xt_msg_initiation *)message)->sender);
	case XT_MSG_RESPONSE:
		return xt_le32_load(inbound ? ((const struct xt_msg_response *)message)->receiver
					    : ((const struct xt_msg_response *)message)->sender);
	case XT_MSG_COOKIE:
		return inbound ? xt_le32_load(((const struct xt_msg_cookie *)message)->receiver)
			       : 0;
	case XT_MSG_DATA:
		return inbound ? xt_le32_load(((const struct xt_msg_data *)message)->receiver) : 0;
	default:
		return 0;
	}
}

struct xt_peer *xt_device_message_peer(struct xt_device *dev, const uint8_t *message, size_t len,
				       bool inbound, const struct xt_endpoint *remote)
{
	uint32_t index = message_index(message, len, inbound);
	void *owner = NULL;

	switch (index ? xt_index_find(&dev->index, index, &owner) : XT_INDEX_NONE) {
	case XT_INDEX_HANDSHAKE:
		return owner;
	case XT_INDEX_KEYPAIR:
		return ((struct xt_keypair *)owner)->peer;
	default:
		return xt_peer_find_endpoint(dev, remote);
	}
}
