/* SPDX-License-Identifier: MIT */
/* The sockets of the tunnel are bound to a link, so no endpoint has a route of its own. */
#include "platform/link.h"

bool xt_link_follows(void)
{
	return false;
}

int xt_link_follow(struct xt_link *link)
{
	(void)link;
	return 0;
}
