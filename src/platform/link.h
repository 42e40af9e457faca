/* The interface's place in the host: addresses, MTU, up, routes. A plan goes in as data; what was
 * done is kept so that it can be undone. */
#ifndef XT_PLATFORM_LINK_H
#define XT_PLATFORM_LINK_H

#include <xtunnel/types.h>

/* peer.family != 0: point-to-point pair, address -> peer. */
struct xt_link_address {
	struct xt_cidr cidr; /* host bits are the address */
	struct xt_ip peer;
};

struct xt_link_plan {
	char name[16];
	struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu; /* 0: route MTU to the endpoints (smallest) - 80, else default route's - 80, else
		      * 1420; at least 576, or 1280 when an address is IPv6 */
	const struct xt_ip *endpoints; /* for the MTU: the peers' outer addresses */
	size_t n_endpoints;
	bool routes;	  /* Table = off: false */
	uint32_t table;	  /* 0: main */
	struct xt_cidr *networks; /* to route; xt_link_set sorts and skips what addresses cover */
	size_t n_networks;
};

struct xt_link; /* what was done */

/* Do all of plan (order: MTU, addresses, up, routes most specific first) or nothing. When all of it
 * is already so, no right is needed and nothing is done. In the main table a network that some
 * route through the interface covers needs no route of its own, and /0 is refused (-EINVAL): it
 * would catch the tunnel's own datagrams. error: a sentence with what and where
 * ("address 10.7.0.1/24: File exists"), at least 200 bytes. 0 or -errno. */
int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error, size_t error_len);
void xt_link_undo(struct xt_link *link); /* frees; what is already gone is no error */
void xt_link_forget(struct xt_link *link); /* frees, leaves the host as it is */
uint32_t xt_link_mtu(const struct xt_link *link); /* the one in force */

/* Wish of the plan's MTU rule alone, for `check` and reports. */
uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n);

/* Watch the interface: fd becomes readable when links changed; xt_link_watch_read then tells the
 * present state. Needs no rights. */
struct xt_link_state {
	bool exists, up;
	bool moved; /* with exists false: to another network namespace, where it lives on */
	uint32_t mtu;
	char name[16]; /* after a rename */
};
int xt_link_watch_open(unsigned ifindex, int *fd);
int xt_link_watch_read(int fd, unsigned ifindex, struct xt_link_state *state); /* 1: changed, 0: no */

#endif
