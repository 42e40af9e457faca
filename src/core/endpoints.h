/* SPDX-License-Identifier: MIT */
/* Which address of a peer with a list of them is used next. For a peer without a list every
 * function does nothing. */
#ifndef XT_CORE_ENDPOINTS_H
#define XT_CORE_ENDPOINTS_H

#include "core/device_impl.h"

/* A handshake begins: without a session that lives, the first address that is not held, unless the
 * peer has roamed. */
void xt_endpoint_choose(struct xt_time now, struct xt_device *dev, struct xt_peer *peer);
/* The latest initiation was not answered in time: the next address, unless the peer was heard. */
void xt_endpoint_unanswered(struct xt_time now, struct xt_device *dev, struct xt_peer *peer);
/* The host's network has changed: what failed may work now, and what worked may fail. */
void xt_endpoint_network(struct xt_peer *peer);
/* Where the next initiation goes. */
struct xt_path xt_endpoint_path(const struct xt_peer *peer);
/* msg was sent to xt_endpoint_path: at first contact it goes to the other family too, soon. */
void xt_endpoint_sent(struct xt_time now, struct xt_peer *peer,
		      const struct xt_msg_initiation *msg);
/* The second address is due. The message for it, to be completed by a mac2, and its path. NULL: it
 * is not needed any more. */
struct xt_msg_initiation *xt_endpoint_second(struct xt_peer *peer, struct xt_path *path);
/* The peer's response came from its path. */
void xt_endpoint_answered(struct xt_time now, struct xt_peer *peer);
/* Only where the peer is now is left: an endpoint was set. */
void xt_endpoint_drop_list(struct xt_peer *peer);

#endif
