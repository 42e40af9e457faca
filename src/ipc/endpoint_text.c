/* SPDX-License-Identifier: MIT */
/* The scope of an endpoint by name: the index of a link is another one after the next boot. */
#include "ipc/endpoint_text.h"

#include <net/if.h>
#include <stdio.h>

char *xt_endpoint_print_named(const struct xt_endpoint *ep, char *buf)
{
	char ip[XT_IP_TEXT], link[IF_NAMESIZE];

	if (!ep->scope || !if_indextoname(ep->scope, link))
		return xt_endpoint_print(ep, buf);
	snprintf(buf, XT_ENDPOINT_NAMED, "[%s%%%s]:%u", xt_ip_print(&ep->ip, ip), link, ep->port);
	return buf;
}
