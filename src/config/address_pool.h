/* SPDX-License-Identifier: MIT */
/* The choice of an inner address for a new peer. Pure. */
#ifndef XT_CONFIG_ADDRESS_POOL_H
#define XT_CONFIG_ADDRESS_POOL_H

#include <xtunnel/types.h>

/* Has the network room for hosts besides the one that has this address? */
bool xt_address_pool_has_room(const struct xt_cidr *address);
/* The lowest address of address's network that is in none of used, with the length of that network.
 * The address itself, the network's, and the last of an IPv4 network, which is for broadcasts, are
 * left out; networks of two addresses have neither. Of used, what is wider than the network is a
 * route through a peer and not in the way.
 * XT_E_FULL: none is free; XT_E_NOMEM. */
int xt_address_pool_next(struct xt_cidr *out, const struct xt_cidr *address,
			 const struct xt_cidr *used, size_t n);

#endif
