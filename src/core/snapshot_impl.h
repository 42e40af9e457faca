/* SPDX-License-Identifier: MIT */
/* The files of a snapshot among themselves. Each function codes both ways; decoding, the peer is
 * fresh, and an error leaves it in a state in which it can be freed. */
#ifndef XT_CORE_SNAPSHOT_IMPL_H
#define XT_CORE_SNAPSHOT_IMPL_H

#include "core/device_impl.h"
#include "core/snapshot_coder.h"

/* Keypairs and the open handshake of a peer. */
void xt_snapshot_sessions(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer);
/* What was seen of it, and its path MTU. */
void xt_snapshot_facts(struct xt_coder *c, struct xt_peer *peer);
void xt_snapshot_path_mtu(struct xt_coder *c, struct xt_peer *peer);
void xt_snapshot_strangers(struct xt_coder *c, struct xt_strangers *strangers);
/* All of a peer but its key. */
void xt_snapshot_peer(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer);

#endif
