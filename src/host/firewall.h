/* The firewall of a tunnel that takes a whole address family, as text for `nft -f -`. Pure. */
#ifndef XT_HOST_FIREWALL_H
#define XT_HOST_FIREWALL_H

#include <xtunnel/types.h>

/* The table is called xtunnel-NAME, in family inet: wg-quick(8)'s name would have its `down` and
 * ours take each other's away. */
#define XT_FIREWALL_TABLE 80

/* name    of the interface
 * own     its addresses: whoever sends to them by another way, and is not this host, is dropped
 * v4, v6  the families that go by policy: of those, the mark is kept with connections, so that
 *	   answers pass the reverse path filter */
struct xt_firewall {
	const char *name;
	const struct xt_ip *own;
	size_t n_own;
	uint32_t mark;
	bool v4, v6;
};

/* Text that makes the table, or makes it anew, in one transaction; *out malloc'ed. XT_E_NOMEM. */
int xt_firewall_up(char **out, size_t *len, const struct xt_firewall *firewall);
/* Text that takes it away; that it is not there is no error. */
int xt_firewall_down(char **out, size_t *len, const char *name);

#endif
