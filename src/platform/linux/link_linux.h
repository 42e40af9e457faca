/* SPDX-License-Identifier: MIT */
/* What link/link_steps.h asks of Linux: one rtnetlink request each, in link_query_linux.c,
 * rule_linux.c (policy routing) and link_mtu_linux.c. */
#ifndef XT_PLATFORM_LINK_LINUX_H
#define XT_PLATFORM_LINK_LINUX_H

#include "platform/link/link_steps.h"
#include "platform/linux/nl_linux.h"

struct xt_link_kernel {
	struct xt_nl nl;
};

/* The type of a message, from that of its RTM_NEW…, and its flags. */
struct xt_link_message {
	uint16_t type, flags;
};
struct xt_link_message xt_link_message(uint16_t new_type, enum xt_link_do what);

#endif
