/* SPDX-License-Identifier: MIT */
/* The transmit path, for the rest of core. */
#ifndef XT_CORE_SEND_H
#define XT_CORE_SEND_H

#include "core/device_impl.h"

/* Queue a keepalive for the next xt_send_device_traffic. Without a session a handshake starts
 * instead; when packets are staged they serve as the keepalive. */
void xt_send_keepalive(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
		       struct xt_tx *tx);

#endif
