/* SPDX-License-Identifier: MIT */
/* A configuration as a plan for the link. */
#include "host/link_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

int xt_conf_link(struct xt_conf_link *out, const struct xt_conf *conf)
{
	size_t networks = 0, endpoints = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < conf->n_peers; i++) {
		networks += conf->peers[i].n_allowed;
		endpoints += xt_conf_endpoints(&conf->peers[i]);
	}
	out->endpoints = calloc(endpoints + 1, sizeof(*out->endpoints));
	out->networks = calloc(networks + 1, sizeof(*out->networks));
	if (!out->endpoints || !out->networks) {
		xt_conf_link_clear(out);
		return XT_E_NOMEM;
	}
	memcpy(out->plan.name, conf->name, sizeof(out->plan.name));
	out->plan.addresses = conf->addresses;
	out->plan.n_addresses = conf->n_addresses;
	out->plan.mtu = conf->mtu;
	out->plan.endpoints = out->endpoints;
	out->plan.routes = conf->table != XT_TABLE_OFF;
	out->plan.table = conf->table == XT_TABLE_NUMBER ? conf->table_number : 0;
	out->plan.networks = out->networks;
	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		for (size_t k = 0; k < xt_conf_endpoints(peer); k++)
			if (xt_ip_parse(&out->endpoints[out->plan.n_endpoints],
					xt_conf_endpoint_at(peer, k).host) == 0)
				out->plan.n_endpoints++;
		for (size_t k = 0; k < peer->n_allowed; k++)
			out->networks[out->plan.n_networks++] = peer->allowed[k];
	}
	return 0;
}

void xt_conf_link_clear(struct xt_conf_link *link)
{
	free(link->endpoints);
	free(link->networks);
	memset(link, 0, sizeof(*link));
}

void xt_conf_link_drop_ipv6(struct xt_conf_link *link)
{
	size_t n = 0;

	for (size_t i = 0; i < link->plan.n_networks; i++)
		if (link->networks[i].ip.family != 6)
			link->networks[n++] = link->networks[i];
	link->plan.n_networks = n;
}
