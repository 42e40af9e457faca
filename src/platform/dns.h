/* SPDX-License-Identifier: MIT */
/* The name servers of an interface, where the system has a call for it: Windows. Elsewhere programs
 * and files do it (host/dns_uv.h). */
#ifndef XT_PLATFORM_DNS_H
#define XT_PLATFORM_DNS_H

#include <xtunnel/types.h>

/* What the system is asked, behind a table of functions (windows/dns_windows.h). */
struct xt_dns_ops;
const struct xt_dns_ops *xt_dns_windows(void);

struct xt_dns_interface; /* what was so before */

/* Set the name servers (at least one) and the domains of an interface; or nothing. Names of the
 * domains are then asked of these servers alone. Blocks.
 * error    buffer of at least 200 bytes for a sentence
 * returns  0; -EINVAL: no name of a domain; -EOPNOTSUPP: before Windows 10 2004; -errno */
int xt_dns_interface_set(struct xt_dns_interface **out, const struct xt_dns_ops *ops,
			 const char *name, unsigned ifindex, const struct xt_ip *servers, size_t n,
			 const char *const *domains, size_t n_domains, char *error,
			 size_t error_len);
/* As it was before, and frees. NULL is fine. */
void xt_dns_interface_unset(struct xt_dns_interface *dns);
/* Remove the rule that a process of that interface's name may have left behind when it crashed. */
void xt_dns_interface_clean(const struct xt_dns_ops *ops, const char *name);

#endif
