/* SPDX-License-Identifier: MIT */
/* The firewall of a tunnel that routes a whole address family, as text for `nft -f -`. Pure. */
#ifndef XT_HOST_FIREWALL_H
#define XT_HOST_FIREWALL_H

#include <xtunnel/types.h>

/* The table is called xtunnel-NAME, in family inet. With wg-quick(8)'s name its `down` and this
 * program's would remove each other's table. */
#define XT_FIREWALL_TABLE 80

/* name    of the interface
 * local   its addresses: packets to them that arrive at another interface, and are not from this
 *	   host, are dropped
 * v4, v6  the families routed by policy: connections keep the mark, so that answers pass the
 *	   reverse path filter
 * keep    an existing table is emptied and keeps its place among the others; otherwise it is made
 *	   new, whatever it holds */
struct xt_firewall {
	const char *name;
	const struct xt_ip *local;
	size_t n_local;
	uint32_t mark;
	bool v4, v6, keep;
};

/* This system has such tables (firewall_nft.c, firewall_none.c). */
bool xt_firewall_exists(void);

/* Text that makes or replaces the table, in one transaction; *out malloc'ed. XT_E_NOMEM. */
int xt_firewall_up(char **out, size_t *len, const struct xt_firewall *firewall);
/* Text that removes it; a missing table is no error. */
int xt_firewall_down(char **out, size_t *len, const char *name);
/* text is of the form that these two write for the interface: it changes no other table, and names
 * no file. */
bool xt_firewall_text_ok(const char *text, size_t len, const char *name);

#endif
