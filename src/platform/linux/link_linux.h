/* The inside of the link's set-up, shared by link_linux.c and link_mtu_linux.c. */
#ifndef XT_PLATFORM_LINK_LINUX_H
#define XT_PLATFORM_LINK_LINUX_H

#include "platform/link.h"
#include "platform/linux/nl_linux.h"

#define XT_LINK_MTU_V6 1280 /* RFC 8200: no IPv6 on a link that carries less */

/* own: routes through this interface do not count (0: none). v6: IPv6 shall run on it. */
uint32_t xt_link_mtu_below(struct xt_nl *nl, const struct xt_ip *endpoints, size_t n, unsigned own,
			   bool v6);

#endif
