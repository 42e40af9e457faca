/* SPDX-License-Identifier: MIT */
/* The name servers of an interface on Windows, and the rule that sends the names of some domains to
 * them: SetInterfaceDnsSettings and a rule of the Name Resolution Policy Table (NRPT). What Windows
 * is asked stands behind a table of functions; the order, the texts and the way back are pure. */
#ifndef XT_PLATFORM_DNS_WINDOWS_H
#define XT_PLATFORM_DNS_WINDOWS_H

#include "platform/dns.h"

#define XT_DNS_TEXT 2048 /* of servers or domains */

/* servers  the name servers of one family, "ADDRESS,ADDRESS"; "": none
 * domains  searched, "DOMAIN,DOMAIN"; "": none */
struct xt_dns_settings {
	char servers[XT_DNS_TEXT];
	char domains[XT_DNS_TEXT];
};

/* names    each with its NUL and one more at the end (REG_MULTI_SZ): ".DOMAIN" for a domain and all
 *	    below it
 * len      bytes of names, with the last NUL
 * servers  "ADDRESS;ADDRESS" */
struct xt_dns_rule {
	char names[XT_DNS_TEXT];
	size_t len;
	char servers[XT_DNS_TEXT];
};

/* get, set     of an interface, family 4 or 6
 * rule_set     a rule that belongs to the interface of that name; it replaces the former one
 * rule_remove  likewise; -ENOENT
 * flush        forget cached answers */
struct xt_dns_ops {
	int (*get)(unsigned ifindex, uint8_t family, struct xt_dns_settings *out);
	int (*set)(unsigned ifindex, uint8_t family, const struct xt_dns_settings *in);
	int (*rule_set)(const char *name, const struct xt_dns_rule *rule);
	int (*rule_remove)(const char *name);
	void (*flush)(void);
};

#endif
