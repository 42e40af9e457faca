/* SPDX-License-Identifier: MIT */
/* The AllowedIPs of all peers of a configuration, ordered for look-ups: 100,000 of them are
 * compared with each other in a moment. */
#ifndef XT_CONFIG_CONF_NETS_H
#define XT_CONFIG_CONF_NETS_H

#include "config/conf.h"

struct xt_conf_net {
	struct xt_cidr cidr;
	unsigned line;
	size_t peer; /* its number in the configuration */
	size_t order;
};

/* has  is there a network of this family (0: IPv4) and length? */
struct xt_conf_nets {
	struct xt_conf_net *v;
	size_t n;
	bool has[2][129];
};

int xt_conf_nets_init(struct xt_conf_nets *nets, const struct xt_conf *conf); /* XT_E_NOMEM */
/* The Addresses instead, each as a network of one host; peer: the Address's number. */
int xt_conf_nets_init_addresses(struct xt_conf_nets *nets, const struct xt_conf *conf);
void xt_conf_nets_clear(struct xt_conf_nets *nets);
/* The longest network of min to max bits that holds the address, of equal ones the last in the
 * file, which is in force; NULL: none. */
const struct xt_conf_net *xt_conf_nets_cover(const struct xt_conf_nets *nets,
					     const struct xt_ip *ip, unsigned min, unsigned max);
/* A network of min bits at least that shares an address with net: the longest around it, else the
 * widest in it; NULL: none. Host bits of net are ignored. */
const struct xt_conf_net *xt_conf_nets_overlap(const struct xt_conf_nets *nets,
					       const struct xt_cidr *net, unsigned min);

#endif
