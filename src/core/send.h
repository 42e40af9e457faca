/* The outgoing story, from inside. */
#ifndef XT_CORE_SEND_H
#define XT_CORE_SEND_H

#include "core/device_impl.h"

/* peer's keepalive is owed: it leaves with the next xt_send_device_traffic, or a handshake starts for it. */
void xt_send_keepalive(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
		       struct xt_tx *tx);

#endif
