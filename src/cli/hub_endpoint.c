/* SPDX-License-Identifier: MIT */
/* Where peers reach a hub: what the user says, what the last peer was told, or an address of this
 * host: that of the default route, which serves all peers that are not behind a router here. */
#include "cli/hub_endpoint.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "cli/args.h"
#include "cli/networks.h"
#include "cli/term.h"
#include "config/newconf.h"
#include "platform/link.h"

/* An address by which other hosts reach this one: not the tunnel's. */
static bool address_fits(const struct xt_conf *hub, const struct xt_ip *ip)
{
	for (size_t i = 0; i < hub->n_addresses; i++)
		if (xt_ip_equal(&hub->addresses[i].cidr.ip, ip))
			return false;
	return !xt_ip_is_loopback(ip) && !xt_ip_is_link_local(ip) && !xt_ip_is_unspecified(ip);
}

/* The one that this host would send from to documentation addresses (RFC 5737, RFC 3849), whereto
 * only the default route leads. */
static bool address_of_route(const struct xt_conf *hub, struct xt_ip *out)
{
	static const struct xt_endpoint distant[] = {
	    {.ip = {.family = 4, .b = {192, 0, 2, 1}}, .port = 9},
	    {.ip = {.family = 6, .b = {0x20, 1, 0xd, 0xb8}}, .port = 9},
	};
	uint32_t ifindex;

	for (size_t i = 0; i < XT_LEN(distant); i++)
		if (xt_link_way(&distant[i], 0, out, &ifindex) &&
		    out->family == distant[i].ip.family && address_fits(hub, out))
			return true;
	return false;
}

/* The first of an interface that is up, IPv4 before IPv6. */
static bool address_of_interface(const struct xt_conf *hub, struct xt_ip *out)
{
	struct ifaddrs *all;
	struct xt_cidr address;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		if (!(at->ifa_flags & IFF_UP) || (at->ifa_flags & IFF_POINTOPOINT) ||
		    !xt_networks_address(&address, at) || !address_fits(hub, &address.ip) ||
		    (found && (out->family == 4 || address.ip.family == 6)))
			continue;
		*out = address.ip;
		found = true;
	}
	freeifaddrs(all);
	return found;
}

static int endpoint_put(const struct xt_conf *hub, const char *text, char out[XT_HUBCONF_ENDPOINT])
{
	struct xt_newconf_end end = {0};
	const char *bracket;

	if (!xt_newconf_host(&end, text, hub->has_port ? hub->listen_port : 0)) {
		xt_message("%.100s: not an endpoint", text);
		xt_hint("expected HOST, HOST:PORT or [IPV6]:PORT");
		return XT_EXIT_USAGE;
	}
	if (!end.port)
		return xt_fail(XT_EXIT_CONFIG,
			       "%s has no ListenPort: peers do not know where to send; write one",
			       hub->path);
	bracket = strchr(end.host, ':') ? "[" : "";
	snprintf(out, XT_HUBCONF_ENDPOINT, "%s%s%s:%u", bracket, end.host, *bracket ? "]" : "",
		 (unsigned)end.port);
	return XT_EXIT_OK;
}

int xt_hub_endpoint(const struct xt_hub *hub, const char *text, char out[XT_HUBCONF_ENDPOINT])
{
	char last[XT_HUBCONF_ENDPOINT], host[XT_IP_TEXT];
	struct xt_ip ip;
	int status;

	if (text)
		return endpoint_put(&hub->conf, text, out);
	if (xt_edit_endpoint(&hub->edit, last, sizeof(last)) &&
	    endpoint_put(&hub->conf, last, out) == XT_EXIT_OK)
		return XT_EXIT_OK;
	if (!address_of_route(&hub->conf, &ip) && !address_of_interface(&hub->conf, &ip))
		return xt_fail(XT_EXIT_USAGE, "this host has no address that peers could reach: "
					      "give --endpoint HOST:PORT");
	status = endpoint_put(&hub->conf, xt_ip_print(&ip, host), out);
	if (status == XT_EXIT_OK) {
		xt_message("without --endpoint the peer reaches %s by this host's address: %s",
			   hub->conf.name, out);
		xt_hint("behind a router give its name or address: --endpoint HOST:PORT");
	}
	return status;
}
