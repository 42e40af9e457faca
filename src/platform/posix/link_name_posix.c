/* SPDX-License-Identifier: MIT */
/* Names of interfaces by the C library. */
#include "platform/link_name.h"

#include <net/if.h>

void xt_link_name_open(void)
{
}

bool xt_link_name(unsigned ifindex, char out[XT_LINK_NAME])
{
	_Static_assert(XT_LINK_NAME == IF_NAMESIZE, "a name fits");
	return if_indextoname(ifindex, out) != NULL;
}

unsigned xt_link_number(const char *name)
{
	return if_nametoindex(name);
}
