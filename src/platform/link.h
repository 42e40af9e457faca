/* The interface's place in the host: addresses, MTU, up, routes. A plan goes in as data; what was
 * done is kept so that it can be undone. */
#ifndef XT_PLATFORM_LINK_H
#define XT_PLATFORM_LINK_H

#include <xtunnel/types.h>

struct xt_tun; /* platform/tun.h */

/* peer.family != 0: point-to-point pair, address -> peer. */
struct xt_link_address {
	struct xt_cidr cidr; /* host bits are the address */
	struct xt_ip peer;
};

/* Policy routing for networks of a whole address family, as wg-quick(8) does it: the default route
 * stands in a table of its own, and two rules a family lead there whatever does not carry the mark:
 *	priority	not fwmark TABLE lookup TABLE
 *	priority - 1	lookup main suppress_prefixlength 0	(what is more specific goes its own
 *way) table is the mark too; 0: no such networks. priority[0] IPv4, [1] IPv6; 0: not this family.
 */
struct xt_link_policy {
	uint32_t table;
	uint32_t priority[2];
};

/* Choose for the families wanted. mark: the table, given by the user; 0: 51820, or the first number
 * upward that no route uses but those through the interface called name. -EINVAL: mark is one of
 * the tables that every host has; -ERANGE: no room before the first rule; -errno. Changes nothing.
 */
int xt_link_policy_choose(struct xt_link_policy *policy, const char *name, uint32_t mark, bool v4,
			  bool v6);
/* Take away the rules that are exactly policy's. What is gone already is no error. */
void xt_link_policy_remove(const struct xt_link_policy *policy);

/* IPv4 answers to marked datagrams pass the reverse path filter only with this switch on. 1: was
 * on; 0: is on now; -errno (-EROFS: /proc/sys is read-only). */
int xt_link_valid_mark(void);

struct xt_link_plan {
	char name[16];
	struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu; /* 0: route MTU to the endpoints (smallest) - 80, else default route's - 80,
		       * else 1420; at least 576, or 1280 when an address is IPv6; at most
		       * XT_LINK_MTU_MAX */
	const struct xt_ip *endpoints; /* for the MTU: the peers' outer addresses */
	size_t n_endpoints;
	bool routes;		  /* Table = off: false */
	uint32_t table;		  /* 0: main */
	struct xt_cidr *networks; /* to route; xt_link_set sorts and skips what addresses cover */
	size_t n_networks;
	struct xt_link_policy policy; /* where /0 networks go when table is 0 */
};

struct xt_link; /* what was done */

/* Do all of plan (order: MTU, addresses, up, routes most specific first) or nothing. When all of it
 * is already so, no right is needed and nothing is done. In the main table a network that some
 * route through the interface covers needs no route of its own, and /0 goes by policy; without one
 * it is refused (-EINVAL): it would catch the tunnel's own datagrams. error: a sentence with what
 * and where
 * ("address 10.7.0.1/24: File exists"), at least 200 bytes. 0 or -errno. */
int xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		size_t error_len);
void xt_link_undo(struct xt_link *link); /* frees; what is already gone is no error */
/* Frees, leaves the host as it is but for policy rules: with nobody behind the interface they would
 * cut the host off. */
void xt_link_forget(struct xt_link *link);
uint32_t xt_link_mtu(const struct xt_link *link); /* the one in force */

/* The host, or this interface, does without IPv6. */
bool xt_link_ipv6_off(const char *name);

/* The interface's addresses that somebody gave it (IPv6 link-local ones are the kernel's own). *out
 * is the caller's to free. -ENODEV; -errno; XT_E_NOMEM. */
int xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n);

/* Wish of the plan's MTU rule alone, for `check` and reports. */
uint32_t xt_link_mtu_for(const struct xt_ip *endpoints, size_t n);

/* What an interface gets whose paths are not known: 1500 less 80. */
#define XT_LINK_MTU_DEFAULT 1420
/* The most: a packet of this length, a multiple of 16, fits a datagram of IPv4. */
#define XT_LINK_MTU_MAX 65472
int xt_link_mtu_set(unsigned ifindex, uint32_t mtu); /* -errno */

/* Watch the interface: fd becomes readable when links changed; xt_link_watch_read then tells the
 * present state. Needs no rights. */
struct xt_link_state {
	bool exists, up;
	bool moved; /* with exists false: to another network namespace, where it lives on */
	uint32_t mtu;
	char name[16]; /* after a rename */
};
int xt_link_watch_open(unsigned ifindex, int *fd);
/* The TUN's interface was moved: watch it where it is. ifindex may be another there. -errno: it
 * cannot be watched (-EPERM) but lives on; -ENODEV: it is gone; -ENOTRECOVERABLE: this thread is
 * stuck in the other namespace. */
int xt_link_watch_move(const struct xt_tun *tun, unsigned *ifindex, int *fd,
		       struct xt_link_state *state);
int xt_link_watch_read(int fd, unsigned ifindex,
		       struct xt_link_state *state); /* 1: changed, 0: no */

#endif
