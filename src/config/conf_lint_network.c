/* SPDX-License-Identifier: MIT */
/* Findings about Address, AllowedIPs and Endpoint of one configuration. */
#include "config/conf_lint.h"

#include <string.h>

#include "base/addr.h"
#include "config/conf_nets.h"

struct lint {
	struct xt_findings *findings;
	const struct xt_conf *conf;
	unsigned file;
	struct xt_conf_nets allowed, addresses;
};

#define lint_add(l, code, line, ...)                                                               \
	xt_findings_add((l)->findings, XT_LINT_##code, (struct xt_lint_place){(l)->file, (line)},  \
			XT_LINT_ELSEWHERE, __VA_ARGS__)

static bool is_single(const struct xt_link_address *address)
{
	return !address->peer.family && address->cidr.bits == xt_ip_bits(&address->cidr.ip);
}

/* Does another Address of this family, or a network of AllowedIPs, hold more than one host? */
static void reach_find(const struct lint *l, unsigned family, bool *by_address, bool *by_allowed)
{
	unsigned full = family == 4 ? 32 : 128;

	*by_address = *by_allowed = false;
	for (size_t i = 0; i < l->conf->n_addresses; i++)
		if (l->conf->addresses[i].cidr.ip.family == family)
			*by_address |= !is_single(&l->conf->addresses[i]);
	for (unsigned bits = 0; bits < full; bits++)
		*by_allowed |= l->allowed.has[family == 6][bits];
}

static void address_lint_bare(const struct lint *l, size_t i, bool by_allowed)
{
	const struct xt_ip *ip = &l->conf->addresses[i].cidr.ip;
	unsigned line = l->conf->address_places[i].line, full = xt_ip_bits(ip);
	unsigned usual = ip->family == 4 ? 24 : 64;
	char text[XT_IP_TEXT];

	xt_ip_print(ip, text);
	if (by_allowed)
		lint_add(
		    l, ADDRESS_HOST, line,
		    "Address %s has no prefix length: it is /%u, and only what AllowedIPs name "
		    "is reachable; write %s/%u if that is meant",
		    text, full, text, full);
	else
		lint_add(l, ADDRESS_PREFIX, line,
			 "Address %s has no prefix length: it is /%u, and no other address of its "
			 "network is reachable; write %s/%u, or %s/%u if that is meant",
			 text, full, text, usual, text, full);
}

/* Host bits all zero or, in IPv4, all one. Networks of two addresses have neither. */
static void address_lint_network(const struct lint *l, size_t i)
{
	const struct xt_cidr *cidr = &l->conf->addresses[i].cidr;
	struct xt_cidr masked = *cidr, next = *cidr;
	unsigned line = l->conf->address_places[i].line;
	char text[XT_CIDR_TEXT];

	if (cidr->bits + 2u > xt_ip_bits(&cidr->ip) || l->conf->addresses[i].peer.family)
		return;
	xt_cidr_mask(&masked);
	if (xt_ip_equal(&masked.ip, &cidr->ip)) {
		next.ip.b[cidr->ip.family == 4 ? 3 : 15] |= 1;
		lint_add(l, ADDRESS_NETWORK, line,
			 "Address is the network itself, and no host of it: did you mean %s?",
			 xt_cidr_print(&next, text));
		return;
	}
	for (unsigned bit = cidr->bits; bit < 32u; bit++)
		masked.ip.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (cidr->ip.family == 4 && xt_ip_equal(&masked.ip, &cidr->ip))
		lint_add(l, ADDRESS_NETWORK, line,
			 "Address %s is the broadcast address of its network: choose a lower one",
			 xt_cidr_print(cidr, text));
}

/* A network of a peer that holds an Address: narrower than its own, or the same. */
static void address_lint_overlap(const struct lint *l, size_t i)
{
	const struct xt_cidr *cidr = &l->conf->addresses[i].cidr;
	unsigned full = xt_ip_bits(&cidr->ip), line = l->conf->address_places[i].line;
	const struct xt_conf_net *net;
	char text[XT_CIDR_TEXT], address[XT_IP_TEXT];

	if (cidr->bits == full)
		return;
	net = xt_conf_nets_cover(&l->allowed, &cidr->ip, cidr->bits + 1u, full - 1);
	if (net)
		lint_add(l, LOCAL_ADDRESS, net->line,
			 "AllowedIPs %s hold Address %s of this interface (line %u): the peer may "
			 "send with it as source; name the other end's addresses only",
			 xt_cidr_print(&net->cidr, text), xt_ip_print(&cidr->ip, address), line);
	net = xt_conf_nets_cover(&l->allowed, &cidr->ip, cidr->bits, cidr->bits);
	if (!net || !cidr->bits || l->conf->peers[net->peer].endpoint_host)
		return;
	xt_cidr_print(&net->cidr, text);
	if (l->conf->n_peers == 1)
		lint_add(
		    l, NETWORK_PEER, net->line,
		    "AllowedIPs %s are the whole network of Address (line %u): all of it goes to "
		    "this peer; give it its own address, such as /%u, if others are to come",
		    text, line, full);
	else
		lint_add(
		    l, WHOLE_NETWORK, net->line,
		    "AllowedIPs %s are the whole network of Address (line %u): all that no other "
		    "peer has goes to this one; give it its own address, such as /%u",
		    text, line, full);
}

static void addresses_lint(const struct lint *l)
{
	bool by_address[2], by_allowed[2];

	reach_find(l, 4, &by_address[0], &by_allowed[0]);
	reach_find(l, 6, &by_address[1], &by_allowed[1]);
	for (size_t i = 0; i < l->conf->n_addresses; i++) {
		bool v6 = l->conf->addresses[i].cidr.ip.family == 6;

		if (l->conf->address_places[i].bare && !by_address[v6])
			address_lint_bare(l, i, by_allowed[v6]);
		address_lint_network(l, i);
		address_lint_overlap(l, i);
	}
}

static void endpoint_lint(const struct lint *l, const struct xt_conf_peer *peer, const char *host)
{
	const struct xt_conf_net *address;
	struct xt_ip ip = {0};
	char text[XT_IP_TEXT];

	if (xt_ip_parse(&ip, host) < 0)
		return;
	xt_ip_print(&ip, text);
	address = xt_conf_nets_cover(&l->addresses, &ip, 0, 128);
	if (address)
		lint_add(l, ENDPOINT_LOCAL, peer->endpoint_line,
			 "Endpoint %s is the Address of this interface (line %u): write the other "
			 "end's address outside of the tunnel",
			 text, address->line);
	else if (xt_ip_is_unspecified(&ip) || xt_ip_is_multicast(&ip) ||
		 xt_ip_is_limited_broadcast(&ip))
		lint_add(l, ENDPOINT_ODD, peer->endpoint_line,
			 "Endpoint %s is no address of one host: write the other end's", text);
}

static void peers_lint(const struct lint *l)
{
	for (size_t i = 0; i < l->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &l->conf->peers[i];
		char text[XT_IP_TEXT];

		if (peer->bare) {
			const struct xt_ip *ip = &peer->allowed[peer->bare - 1].ip;

			lint_add(
			    l, ALLOWED_PREFIX, peer->allowed_lines[peer->bare - 1],
			    "AllowedIPs %s has no prefix length and is this one address: write "
			    "%s/%u if the network is meant",
			    xt_ip_print(ip, text), text,
			    xt_ip_is_unspecified(ip) ? 0u : (ip->family == 4 ? 24u : 64u));
		}
		for (size_t j = 0; j < xt_conf_endpoints(peer); j++)
			endpoint_lint(l, peer, xt_conf_endpoint_at(peer, j).host);
	}
}

void xt_conf_lint_network(struct xt_findings *findings, const struct xt_conf *conf, unsigned file)
{
	struct lint l = {.findings = findings, .conf = conf, .file = file};

	if (xt_conf_nets_init(&l.allowed, conf) < 0 ||
	    xt_conf_nets_init_addresses(&l.addresses, conf) < 0) {
		findings->failed = XT_E_NOMEM;
	} else {
		addresses_lint(&l);
		peers_lint(&l);
	}
	xt_conf_nets_clear(&l.allowed);
	xt_conf_nets_clear(&l.addresses);
}
