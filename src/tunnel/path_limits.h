/* SPDX-License-Identifier: MIT */
/* What the data path has to know of the paths to its peers, kept so that a packet that fits
 * costs a comparison. */
#ifndef XT_TUNNEL_PATH_LIMITS_H
#define XT_TUNNEL_PATH_LIMITS_H

#include <xtunnel/batch.h>

#include "tunnel/flow_headers.h"

/* The MTU of a path is a multiple of 16 (xt_peer_mtu). */
#define XT_PATH_SIZES (65536 / 16)

/* known   peers whose path has an MTU below what the interface sends
 * least   the least of these: no smaller packet is too large for any peer
 * counts  peers by path MTU
 * flows   see there */
struct xt_path_limits {
	uint32_t known, least;
	uint32_t *counts;
	struct xt_flow_headers *flows;
};

int xt_path_limits_init(struct xt_path_limits *limits); /* XT_E_NOMEM */
void xt_path_limits_clear(struct xt_path_limits *limits);

/* The path MTU of peer has changed; 0: none is known. after 0 also before a peer is freed. */
void xt_path_limits_change(struct xt_path_limits *limits, const struct xt_peer *peer,
			   uint16_t before, uint16_t after);

#endif
