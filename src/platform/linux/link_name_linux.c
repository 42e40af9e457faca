/* SPDX-License-Identifier: MIT */
/* Names of interfaces by ioctl on one socket, of which the kind does not matter. */
#include "platform/fd.h"
#include "platform/link_name.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int kept = -1;

void xt_link_name_open(void)
{
	if (kept < 0)
		kept = xt_fd_socket(AF_UNIX, SOCK_DGRAM, false);
}

bool xt_link_name(unsigned ifindex, char out[XT_LINK_NAME])
{
	struct ifreq ifr = {.ifr_ifindex = (int)ifindex};

	_Static_assert(XT_LINK_NAME == IF_NAMESIZE, "a name fits");
	if (kept < 0)
		return if_indextoname(ifindex, out) != NULL;
	if (!ifindex || ioctl(kept, SIOCGIFNAME, &ifr) < 0)
		return false;
	snprintf(out, XT_LINK_NAME, "%.*s", XT_LINK_NAME - 1, ifr.ifr_name);
	return true;
}

unsigned xt_link_number(const char *name)
{
	struct ifreq ifr;

	if (kept < 0)
		return if_nametoindex(name);
	memset(&ifr, 0, sizeof(ifr));
	if (strlen(name) >= sizeof(ifr.ifr_name))
		return 0;
	strcpy(ifr.ifr_name, name);
	return ioctl(kept, SIOCGIFINDEX, &ifr) < 0 ? 0 : (unsigned)ifr.ifr_ifindex;
}
