/* SPDX-License-Identifier: MIT */
/* Findings about a configuration on this host: networks of other interfaces, and what other running
 * instances use. The file may be for another host, so each sentence says which host it is about. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "config/conf_lint.h"
#include "config/conf_nets.h"

#define NETWORK_MIN 8 /* wider AllowedIPs are default routes, or halves of one */

struct lint {
	struct xt_findings *findings;
	const struct xt_conf *conf;
	unsigned file;
	bool has_key;
	struct xt_public key;
	const struct xt_lint_host *host;
	struct xt_conf_nets allowed;
};

#define lint_add(l, code, line, ...)                                                               \
	xt_findings_add((l)->findings, XT_LINT_##code, (struct xt_lint_place){(l)->file, (line)},  \
			XT_LINT_ELSEWHERE, __VA_ARGS__)

static bool instance_has_key(const struct lint *l, const struct xt_lint_instance *instance)
{
	return l->has_key && instance->has_key &&
	       memcmp(l->key.b, instance->key.b, sizeof(l->key.b)) == 0;
}

/* The interface of this file: of its name, or one that runs with its key, for which this is another
 * version of the file. */
static bool is_local(const struct lint *l, const char *interface)
{
	if (strcmp(interface, l->conf->name) == 0)
		return true;
	for (size_t i = 0; i < l->host->n_instances; i++)
		if (strcmp(interface, l->host->instances[i].name) == 0)
			return instance_has_key(l, &l->host->instances[i]);
	return false;
}

/* A peer of the file runs here: then it is the file of the other end, for another host. */
static bool is_other_end(const struct lint *l)
{
	for (size_t i = 0; i < l->host->n_instances; i++)
		for (size_t j = 0; j < l->conf->n_peers && l->host->instances[i].has_key; j++)
			if (memcmp(l->conf->peers[j].key.b, l->host->instances[i].key.b, 32) == 0)
				return true;
	return false;
}

static bool routes_in_main(const struct xt_conf *conf)
{
	return conf->table == XT_TABLE_AUTO ||
	       (conf->table == XT_TABLE_NUMBER && conf->table_number == XT_TABLE_MAIN);
}

/* Routes into the tunnel for addresses of that network: a narrower one or the same takes its
 * packets away, a wider one loses to it. */
static void lan_lint_allowed(const struct lint *l, const struct xt_lint_address *lan)
{
	const struct xt_conf_net *net =
	    xt_conf_nets_overlap(&l->allowed, &lan->cidr, lan->cidr.bits);
	char text[XT_CIDR_TEXT], address[XT_CIDR_TEXT];

	xt_cidr_print(&lan->cidr, address);
	if (net) {
		lint_add(l, LAN_OVERLAP, net->line,
			 "AllowedIPs %s overlap with the network of %s on this host (%s): its "
			 "packets would go into the tunnel; choose another network, if the file is "
			 "for this host",
			 xt_cidr_print(&net->cidr, text), lan->interface, address);
		return;
	}
	net = xt_conf_nets_cover(&l->allowed, &lan->cidr.ip, NETWORK_MIN, lan->cidr.bits);
	if (net)
		lint_add(
		    l, LAN_INSIDE, net->line,
		    "AllowedIPs %s hold the network of %s on this host (%s): what the peer has "
		    "there cannot be reached from this host",
		    xt_cidr_print(&net->cidr, text), lan->interface, address);
}

static void lan_lint(const struct lint *l, const struct xt_lint_address *lan)
{
	char text[XT_CIDR_TEXT], address[XT_CIDR_TEXT];

	if (is_local(l, lan->interface) || xt_ip_is_loopback(&lan->cidr.ip) ||
	    xt_ip_is_link_local(&lan->cidr.ip))
		return;
	for (size_t i = 0; i < l->conf->n_addresses; i++) {
		const struct xt_cidr *cidr = &l->conf->addresses[i].cidr;

		if (xt_cidr_overlaps(cidr, &lan->cidr))
			lint_add(l, LAN_OVERLAP, l->conf->address_places[i].line,
				 "Address %s overlaps with the network of %s on this host (%s): "
				 "choose another network, if the file is for this host",
				 xt_cidr_print(cidr, text), lan->interface,
				 xt_cidr_print(&lan->cidr, address));
	}
	if (routes_in_main(l->conf))
		lan_lint_allowed(l, lan);
}

static void instance_lint_network(const struct lint *l, const struct xt_lint_instance *instance,
				  const struct xt_cidr *cidr)
{
	const struct xt_conf_net *net =
	    xt_conf_nets_cover(&l->allowed, &cidr->ip, cidr->bits, cidr->bits);
	char text[XT_CIDR_TEXT], other[XT_CIDR_TEXT];

	if (net) {
		lint_add(l, INSTANCE_NETWORK, net->line,
			 "AllowedIPs %s are also those of %s, which runs on this host: only one of "
			 "them gets the route",
			 xt_cidr_print(&net->cidr, text), instance->name);
		return;
	}
	if (cidr->bits < NETWORK_MIN)
		return;
	net = xt_conf_nets_overlap(&l->allowed, cidr, NETWORK_MIN);
	if (net)
		lint_add(
		    l, INSTANCE_INSIDE, net->line,
		    "AllowedIPs %s overlap with %s of %s, which runs on this host: the narrower "
		    "one gets the packets",
		    xt_cidr_print(&net->cidr, text), xt_cidr_print(cidr, other), instance->name);
}

static void instance_lint(const struct lint *l, const struct xt_lint_instance *instance)
{
	const struct xt_conf *conf = l->conf;

	if (strcmp(instance->name, conf->name) == 0)
		return;
	if (instance_has_key(l, instance)) {
		lint_add(
		    l, INSTANCE_KEY, conf->key_line,
		    "%s, which runs on this host, has the same private key: peers take both for "
		    "one, so let only one of them run, or make a new key with `xtunnel genkey`",
		    instance->name);
		return;
	}
	if (conf->has_port && conf->listen_port && conf->listen_port == instance->port)
		lint_add(l, INSTANCE_PORT, conf->port_line,
			 "ListenPort %u is that of %s, which runs on this host: choose another one",
			 (unsigned)conf->listen_port, instance->name);
	for (size_t i = 0; i < instance->n_networks && routes_in_main(conf); i++)
		instance_lint_network(l, instance, &instance->networks[i]);
}

void xt_conf_lint_host(struct xt_findings *findings, const struct xt_conf *conf, unsigned file,
		       const struct xt_lint_host *host)
{
	struct lint l = {.findings = findings, .conf = conf, .file = file, .host = host};

	if (is_other_end(&l))
		return;
	l.has_key = xt_conf_public_key(&l.key, conf);
	if (xt_conf_nets_init(&l.allowed, conf) < 0) {
		findings->failed = XT_E_NOMEM;
		return;
	}
	for (size_t i = 0; i < host->n_addresses; i++)
		lan_lint(&l, &host->addresses[i]);
	for (size_t i = 0; i < host->n_instances; i++)
		instance_lint(&l, &host->instances[i]);
	xt_conf_nets_clear(&l.allowed);
}
