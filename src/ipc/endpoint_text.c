/* SPDX-License-Identifier: MIT */
/* The scope of an endpoint by name: the index of a link is another one after the next boot. */
#include "ipc/endpoint_text.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "platform/link_name.h"

char *xt_endpoint_print_named(const struct xt_endpoint *ep, char *buf)
{
	char ip[XT_IP_TEXT], link[XT_LINK_NAME];

	if (!ep->scope || !xt_link_name(ep->scope, link))
		return xt_endpoint_print(ep, buf);
	snprintf(buf, XT_ENDPOINT_NAMED, "[%s%%%s]:%u", xt_ip_print(&ep->ip, ip), link, ep->port);
	return buf;
}

const char *xt_loop_text(const struct xt_peer_report *p, char out[XT_LOOP_TEXT])
{
	bool same = memcmp(p->loop_key.b, p->key.b, sizeof(p->key.b)) == 0;
	char ip[XT_IP_TEXT], network[XT_CIDR_TEXT], key[XT_KEY_BASE64];

	xt_ip_print(&p->endpoint.ip, ip);
	if (!p->loop_network.ip.family) {
		snprintf(out, XT_LOOP_TEXT, "%s is routed to this interface", ip);
		return out;
	}
	xt_cidr_print(&p->loop_network, network);
	xt_key_to_base64(key, p->loop_key.b);
	snprintf(out, XT_LOOP_TEXT, "%s is in AllowedIPs %s of %s%s", ip, network,
		 same ? "this peer" : "peer ", same ? "" : key);
	return out;
}
