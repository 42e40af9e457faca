/* SPDX-License-Identifier: MIT */
/* What this version refuses in a configuration that parsed, and what contradicts itself. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/printf.h"
#include "config/conf.h"
#include "config/conf_diagnostic.h"
#include "config/conf_nets.h"

struct check {
	const struct xt_conf *conf;
	struct xt_conf_diagnostics *diagnostics;
	struct xt_conf_nets nets;
	bool refused;
	int failed; /* XT_E_NOMEM */
};

XT_PRINTF(4, 5)
static void check_report(struct check *c, enum xt_lint code, unsigned line, const char *format, ...)
{
	char text[XT_CONF_DIAGNOSTIC_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (xt_conf_diagnostics_add(c->diagnostics, code, line, line ? 1 : 0, "%s", text) < 0)
		c->failed = XT_E_NOMEM;
	c->refused |= xt_lint_severity(code) == XT_SEVERITY_ERROR;
}

/* A default route goes into the table whose number is FwMark: it must not be one of the three that
 * every host has. */
static void policy_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;

	if (conf->table != XT_TABLE_AUTO || conf->fwmark < 253 || conf->fwmark > 255)
		return;
	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		for (size_t j = 0; j < peer->n_allowed; j++)
			if (peer->allowed[j].bits == 0) {
				check_report(c, XT_LINT_TABLE_MARK, peer->allowed_lines[j],
					     "AllowedIPs of a whole address family need the "
					     "routing table FwMark, and every host uses table %u",
					     conf->fwmark);
				return;
			}
	}
}

/* An item that must be unique among the peers, and its line. */
struct entry {
	uint8_t id[32];
	size_t peer;
	unsigned line;
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->id, y->id, sizeof(x->id));

	if (order)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

static struct entry *entries_new(struct check *c, size_t n)
{
	struct entry *v = calloc(n ? n : 1, sizeof(*v));

	if (!v)
		c->failed = XT_E_NOMEM;
	return v;
}

static void addresses_check_unique(struct check *c)
{
	const struct xt_conf *conf = c->conf;
	struct entry *v = entries_new(c, conf->n_addresses);

	if (!v)
		return;
	for (size_t i = 0; i < conf->n_addresses; i++) {
		v[i].id[0] = conf->addresses[i].cidr.ip.family;
		memcpy(v[i].id + 1, conf->addresses[i].cidr.ip.b, 16);
	}
	qsort(v, conf->n_addresses, sizeof(*v), entry_compare);
	for (size_t i = 1; i < conf->n_addresses; i++) {
		struct xt_ip ip = {.family = v[i].id[0]};
		char text[XT_IP_TEXT];

		memcpy(ip.b, v[i].id + 1, sizeof(ip.b));
		if (memcmp(v[i].id, v[i - 1].id, sizeof(v[i].id)) == 0)
			check_report(c, XT_LINT_ADDRESS_TWICE, conf->address_line,
				     "Address %s is given twice", xt_ip_print(&ip, text));
	}
	free(v);
}

static bool has_address(const struct xt_conf *conf, uint8_t family)
{
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (conf->addresses[i].cidr.ip.family == family)
			return true;
	return false;
}

static void addresses_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;

	addresses_check_unique(c);
	if (has_address(conf, 6) && conf->mtu && conf->mtu < 1280)
		check_report(c, XT_LINT_MTU_IPV6, conf->mtu_line,
			     "IPv6 needs an MTU of 1280 at least, and an Address is IPv6");
	else if (conf->mtu && conf->mtu < 576)
		check_report(c, XT_LINT_MTU_SMALL, conf->mtu_line,
			     "an MTU below 576 is too small for most uses");
}

static void keys_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;
	struct xt_public local;

	if (!xt_conf_public_key(&local, conf))
		return;
	for (size_t i = 0; i < conf->n_peers; i++)
		if (memcmp(conf->peers[i].key.b, local.b, sizeof(local.b)) == 0)
			check_report(c, XT_LINT_LOCAL_KEY, conf->peers[i].line,
				     "this peer's PublicKey is that of the interface itself");
}

static void allowed_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < conf->n_peers; i++)
		n += conf->peers[i].n_allowed;
	struct entry *v = entries_new(c, n);
	if (!v)
		return;
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++, at++) {
			const struct xt_cidr *cidr = &conf->peers[i].allowed[j];

			v[at].id[0] = cidr->ip.family;
			v[at].id[1] = cidr->bits;
			memcpy(v[at].id + 2, cidr->ip.b, sizeof(cidr->ip.b));
			v[at].peer = i;
			v[at].line = conf->peers[i].allowed_lines[j];
		}
	qsort(v, n, sizeof(*v), entry_compare);
	for (size_t i = 1; i < n; i++)
		if (memcmp(v[i].id, v[i - 1].id, sizeof(v[i].id)) == 0 &&
		    v[i].peer != v[i - 1].peer) {
			struct xt_cidr cidr = {.ip.family = v[i].id[0], .bits = v[i].id[1]};
			char text[XT_CIDR_TEXT];

			memcpy(cidr.ip.b, v[i].id + 2, sizeof(cidr.ip.b));
			check_report(c, XT_LINT_SAME_PREFIX, v[i].line,
				     "AllowedIPs %s moves here from the peer on line %u",
				     xt_cidr_print(&cidr, text), conf->peers[v[i - 1].peer].line);
		}
	free(v);
}

/* Packets to a local address that a peer's AllowedIPs hold would be sent to that peer. */
static void local_check(struct check *c)
{
	for (size_t k = 0; k < c->conf->n_addresses; k++) {
		const struct xt_ip *ip = &c->conf->addresses[k].cidr.ip;
		const struct xt_conf_net *net =
		    xt_conf_nets_cover(&c->nets, ip, xt_ip_bits(ip), xt_ip_bits(ip));
		char text[XT_IP_TEXT];

		if (net)
			check_report(c, XT_LINT_LOCAL_ADDRESS, net->line,
				     "AllowedIPs hold Address %s of this interface",
				     xt_ip_print(ip, text));
	}
}

static void peers_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;
	bool reachable = conf->has_port && conf->listen_port;

	for (size_t i = 0; i < conf->n_peers; i++) {
		reachable |= conf->peers[i].endpoint_host != NULL;
		if (!conf->peers[i].n_allowed)
			check_report(
			    c, XT_LINT_NO_ALLOWED_IPS, conf->peers[i].line,
			    "this peer has no AllowedIPs: no packet can go to or come from it");
	}
	if (conf->n_peers && !reachable)
		check_report(c, XT_LINT_NO_START, 0,
			     "no ListenPort and no Endpoint: no handshake can begin");
	keys_check(c);
	allowed_check(c);
	local_check(c);
}

static void echo_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;

	if (conf->echo == XT_ECHO_OFF) {
		if (conf->n_echo_addresses)
			check_report(c, XT_LINT_ECHO_UNUSED, conf->echo_addresses_line,
				     "EchoAddresses do nothing without Echo = host, peer or both");
		return;
	}
	if (!conf->n_addresses && !conf->n_echo_addresses) {
		if (conf->echo & XT_ECHO_PEER)
			check_report(c, XT_LINT_ECHO_ADDRESS, conf->echo_line,
				     "Echo needs an Address or EchoAddresses to answer for");
		else
			check_report(c, XT_LINT_ECHO_UNUSED, conf->echo_line,
				     "Echo answers nothing: no Address, no EchoAddresses");
	}
	if (!(conf->echo & XT_ECHO_HOST))
		return;
	for (size_t i = 0; i < conf->n_echo_addresses; i++) {
		const struct xt_conf_net *net =
		    xt_conf_nets_overlap(&c->nets, &conf->echo_addresses[i], 0);
		char text[XT_CIDR_TEXT];

		if (net)
			check_report(c, XT_LINT_ECHO_PEER, conf->echo_addresses_line,
				     "EchoAddresses %s: this host will answer for addresses of the "
				     "peer on line %u",
				     xt_cidr_print(&conf->echo_addresses[i], text),
				     conf->peers[net->peer].line);
	}
}

/* wg-quick(8) documents PostUp = wg set %i private-key FILE. A hook before that comes too early:
 * wg(8) has nothing to talk to. */
static void private_key_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;

	if (!conf->interface_line)
		check_report(c, XT_LINT_NO_INTERFACE, 0, "there is no [Interface]");
	else if (!conf->has_key && !conf->private_key_file && !conf->private_key_command &&
		 !conf->post_up.n)
		check_report(c, XT_LINT_NO_KEY, conf->interface_line,
			     "[Interface] has neither PrivateKey nor PrivateKeyFile, and no PostUp "
			     "that could set a key: no handshake can begin");
}

/* A route into the tunnel that covers an endpoint catches the tunnel's own datagrams. A network
 * that is a whole family is routed by the mark, and a mark of the file's may have rules of its
 * own. */
static void endpoint_check_loop(struct check *c, const struct xt_conf_peer *peer, const char *host)
{
	const struct xt_conf_net *net;
	struct xt_ip ip = {0};
	char text[XT_CIDR_TEXT];

	if (xt_ip_parse(&ip, host) < 0)
		return;
	net = xt_conf_nets_cover(&c->nets, &ip, 1, 128);
	if (net)
		check_report(c, XT_LINT_ENDPOINT_LOOP, peer->endpoint_line,
			     "Endpoint %s is in AllowedIPs %s: without a more specific route "
			     "outside, datagrams to it are routed back into the tunnel",
			     host, xt_cidr_print(&net->cidr, text));
}

static void loop_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;

	if (conf->table != XT_TABLE_AUTO || conf->fwmark)
		return;
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < xt_conf_endpoints(&conf->peers[i]); j++)
			endpoint_check_loop(c, &conf->peers[i],
					    xt_conf_endpoint_at(&conf->peers[i], j).host);
}

/* Of no use for a peer with one address. */
static void hold_check(struct check *c)
{
	for (size_t i = 0; i < c->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &c->conf->peers[i];

		if (peer->endpoint_hold_s && !peer->endpoint_host)
			check_report(c, XT_LINT_HOLD_UNUSED, peer->line,
				     "EndpointHold does nothing without Endpoint");
	}
}

static void probes_check(struct check *c)
{
	const struct xt_conf *conf = c->conf;
	bool ipv4 = has_address(conf, 4), ipv6 = has_address(conf, 6);

	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];
		uint8_t family = peer->probe_address.family;

		if (family && conf->mtu)
			check_report(c, XT_LINT_PROBE_UNUSED, peer->probe_line,
				     "ProbeAddress is of no use: with MTU = %u no probe is sent",
				     (unsigned)conf->mtu);
		else if (family && !(family == 4 ? ipv4 : ipv6))
			check_report(c, XT_LINT_PROBE_UNUSED, peer->probe_line,
				     "ProbeAddress is of no use: no Address is IPv%u",
				     (unsigned)family);
	}
}

int xt_conf_check(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	struct check c = {.conf = conf, .diagnostics = diagnostics};
	size_t before = diagnostics->n;

	if (xt_conf_nets_init(&c.nets, conf) < 0)
		return XT_E_NOMEM;
	private_key_check(&c);
	policy_check(&c);
	addresses_check(&c);
	peers_check(&c);
	echo_check(&c);
	loop_check(&c);
	probes_check(&c);
	hold_check(&c);
	xt_conf_diagnostics_sort(diagnostics, before);
	xt_conf_nets_clear(&c.nets);
	if (c.failed)
		return c.failed;
	return c.refused ? XT_E_SYNTAX : 0;
}
