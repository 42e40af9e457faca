/* SPDX-License-Identifier: MIT */
/* The networks that this host uses: of its addresses and routes. */
#ifndef XT_CLI_NETWORKS_H
#define XT_CLI_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

#include <xtunnel/types.h>

struct ifaddrs;

struct xt_networks {
	struct xt_cidr *v;
	size_t n, cap;
};

/* Read them, without default routes, also those in halves, and without what the system does not
 * show. out is to be cleared, also after an error. 0, XT_E_NOMEM, -errno. */
int xt_networks_read(struct xt_networks *out);
void xt_networks_clear(struct xt_networks *networks);
/* The address and the length of its network. false: it is neither IPv4 nor IPv6. */
bool xt_networks_address(struct xt_cidr *out, const struct ifaddrs *at);
/* Does net share an address with one of them? */
bool xt_networks_overlap(const struct xt_networks *networks, const struct xt_cidr *net);

#endif
