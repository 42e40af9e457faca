/* SPDX-License-Identifier: MIT */
/* Names of interfaces by the system's call: this process has all rights it needs for it. */
#include "ipc/link_name.h"

#include <net/if.h>

void xt_link_name_open(void)
{
}

bool xt_link_name(unsigned ifindex, char out[XT_LINK_NAME])
{
	return if_indextoname(ifindex, out) != NULL;
}

unsigned xt_link_number(const char *name)
{
	return if_nametoindex(name);
}
