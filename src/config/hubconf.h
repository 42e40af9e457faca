/* SPDX-License-Identifier: MIT */
/* What `add` writes for a new peer of a hub: its section in the hub's file and its file. Pure. */
#ifndef XT_CONFIG_HUBCONF_H
#define XT_CONFIG_HUBCONF_H

#include "config/conf.h"

#define XT_HUBCONF_ENDPOINT 300 /* HOST:PORT and NUL */

/* name       of the peer, as Name
 * addresses  of the peer, with the length of their network
 * hub, hub_name, hub_key   as the peer sees it
 * endpoint   of the hub, HOST:PORT; "": the peer does not reach it
 * allowed    what the peer sends to the hub
 * dns        of the peer, as in DNS; NULL: none
 * mtu        of the hub's file; 0: automatic
 * reached    where the hub reaches the peer, HOST:PORT; "": nowhere, the peer begins
 * listen     port of the peer; 0: any */
struct xt_hubconf {
	const char *name, *hub_name, *endpoint, *dns, *reached;
	struct xt_private private_key;
	struct xt_public public_key, hub_key;
	struct xt_psk psk;
	struct xt_cidr *addresses, *allowed;
	size_t n_addresses, n_allowed;
	uint32_t mtu;
	uint16_t listen;
};

/* Choose the peer's address in each network of the hub, of those that used leaves free, and what it
 * sends there: these networks. used: all AllowedIPs of peers, also of disabled ones.
 * XT_E_FULL: in *full, a network, none is free; its family is 0 when the hub has no network.
 * XT_E_NOMEM. xt_hubconf_clear frees what was allocated. */
int xt_hubconf_choose(struct xt_hubconf *peer, const struct xt_conf *hub,
		      const struct xt_cidr *used, size_t n, struct xt_cidr *full);
/* The networks of all AllowedIPs of a and b, and the Addresses of a, each as a host. *out is to be
 * freed. XT_E_NOMEM. */
int xt_hubconf_used(const struct xt_conf *a, const struct xt_conf *b, struct xt_cidr **out,
		    size_t *n);
/* NULL, or what is wrong with a Name for a new peer. */
const char *xt_hubconf_name_judge(const char *name);
/* The peer's name as the name of an interface: other characters become '-', and 15 stay. */
void xt_hubconf_interface(const char *name, char out[16]);

/* Append to out. 0 or its error. phone: without comments and keys that only xtunnel knows. */
int xt_hubconf_section(const struct xt_hubconf *peer, struct xt_secbuf *out);
int xt_hubconf_file(const struct xt_hubconf *peer, bool phone, struct xt_secbuf *out);
void xt_hubconf_clear(struct xt_hubconf *peer); /* wipes */

#endif
