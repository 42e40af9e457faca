/* SPDX-License-Identifier: MIT */
/* Names and numbers of interfaces: those that this process has made by the names in their
 * configuration, others by their alias, as far as it fits. */
#include "platform/link_name.h"

#include <stdio.h>
#include <string.h>

#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/system_windows.h"

#include <iphlpapi.h>
#include <netioapi.h>

void xt_link_name_open(void)
{
}

bool xt_link_name(unsigned ifindex, char out[XT_LINK_NAME])
{
	wchar_t wide[IF_MAX_STRING_SIZE + 1];
	char alias[4 * (IF_MAX_STRING_SIZE + 1)];
	NET_LUID luid;

	if (xt_names_of(ifindex, out))
		return true;
	if (ConvertInterfaceIndexToLuid(ifindex, &luid) != NO_ERROR ||
	    ConvertInterfaceLuidToAlias(&luid, wide, IF_MAX_STRING_SIZE + 1) != NO_ERROR ||
	    !xt_win_utf8(alias, sizeof(alias), wide))
		return false;
	snprintf(out, XT_LINK_NAME, "%s", alias);
	return true;
}

unsigned xt_link_number(const char *name)
{
	unsigned ifindex;

	if (xt_names_find(name, &ifindex) || xt_net()->alias_index(name, &ifindex) == 0)
		return ifindex;
	return 0;
}
