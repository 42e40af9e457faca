/* SPDX-License-Identifier: MIT */
/* Findings about keys, keepalives, MTU, DNS, hooks and routing tables of one configuration. */
#include "config/conf_lint.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

#define IPV4_OVERHEAD 60u /* outer IPv4 header, UDP, WireGuard */
#define IPV6_OVERHEAD 80u
#define LINK_COMMON   1500u
#define LINK_JUMBO    9000u

struct lint {
	struct xt_findings *findings;
	const struct xt_conf *conf;
	unsigned file;
};

#define lint_add(l, code, line, ...)                                                               \
	xt_findings_add((l)->findings, XT_LINT_##code, (struct xt_lint_place){(l)->file, (line)},  \
			XT_LINT_ELSEWHERE, __VA_ARGS__)

/* All points of small order on the curve and its twist, with 0 <= x < 2^255: the shared secret with
 * any of them is zero. One comparison each is much cheaper than the multiplication. */
static bool key_is_weak(const struct xt_public *key)
{
	static const uint8_t points[][32] = {
	    {0},
	    {1},
	    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
	    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
	};
	static const uint8_t ones[30] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t x[32];

	memcpy(x, key->b, sizeof(x));
	x[31] &= 0x7f;
	for (size_t i = 0; i < XT_LEN(points); i++)
		if (memcmp(x, points[i], sizeof(x)) == 0)
			return true;
	/* p - 1, p and p + 1 */
	return x[0] >= 0xec && x[0] <= 0xee && x[31] == 0x7f && memcmp(x + 1, ones, 30) == 0;
}

static bool key_is_zero(const uint8_t key[32])
{
	static const uint8_t zero[32];

	return memcmp(key, zero, sizeof(zero)) == 0;
}

static void psk_lint(const struct lint *l, const struct xt_conf_peer *peer,
		     const struct xt_public *local)
{
	const uint8_t *psk = peer->psk.b;

	if (!peer->has_psk)
		return;
	if (key_is_zero(psk))
		lint_add(l, PSK_ZERO, peer->psk_line,
			 "a PresharedKey of zeros is none: remove the line, or use one of `xtunnel "
			 "genpsk` on both ends");
	else if (memcmp(psk, peer->key.b, 32) == 0)
		lint_add(
		    l, KEY_MIXED, peer->psk_line,
		    "this PresharedKey is the peer's PublicKey, which is no secret: use one of "
		    "`xtunnel genpsk` on both ends");
	else if (local &&
		 (memcmp(psk, local->b, 32) == 0 || memcmp(psk, l->conf->private_key.b, 32) == 0))
		lint_add(l, KEY_MIXED, peer->psk_line,
			 "this PresharedKey is a key of the interface itself: use one of `xtunnel "
			 "genpsk` on both ends");
}

static void keys_lint(const struct lint *l)
{
	const struct xt_conf *conf = l->conf;
	struct xt_public key;
	bool has_key = xt_conf_public_key(&key, conf);

	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		if (has_key && memcmp(peer->key.b, conf->private_key.b, 32) == 0)
			lint_add(l, KEY_MIXED, peer->key_line,
				 "this PublicKey is the PrivateKey of the interface: write the "
				 "other end's public key, and make a new private key if this file "
				 "was shown to others");
		else if (key_is_weak(&peer->key))
			lint_add(l, WEAK_KEY, peer->key_line,
				 "this PublicKey is %s: no handshake with it succeeds; write what "
				 "`xtunnel pubkey` prints at the other end",
				 key_is_zero(peer->key.b) ? "all zero" : "a point of small order");
		psk_lint(l, peer, has_key ? &key : NULL);
	}
	if (!conf->n_peers && conf->interface_line)
		lint_add(l, NO_PEER, conf->interface_line,
			 "there is no [Peer]: add one for each other end");
}

static void keepalive_lint(const struct lint *l)
{
	const struct xt_conf *conf = l->conf;

	if (conf->has_port && conf->listen_port)
		return;
	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		if (peer->endpoint_host && !peer->has_keepalive)
			lint_add(l, KEEPALIVE, peer->line,
				 "no ListenPort and no PersistentKeepalive: if this side is behind "
				 "NAT, the peer cannot send first after a silence; "
				 "PersistentKeepalive = 25, or = off if that is meant");
	}
}

static void critical_lint(const struct lint *l)
{
	for (size_t i = 0; i < l->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &l->conf->peers[i];

		if (peer->critical && !peer->keepalive_s)
			lint_add(
			    l, CRITICAL_KEEPALIVE, peer->line,
			    "Critical without PersistentKeepalive: while there is no traffic, the "
			    "peer counts as down; PersistentKeepalive = 25, unless the other side "
			    "sends keepalives");
	}
}

static bool has_network(const struct xt_conf *conf, uint8_t family, unsigned bits)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++) {
			const struct xt_cidr *net = &conf->peers[i].allowed[j];

			if ((!family || net->ip.family == family) && net->bits <= bits)
				return true;
		}
	return false;
}

/* Is the address of an Endpoint IPv6? Then its datagrams have the larger header. */
static bool outer_ipv6(const struct xt_conf *conf)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < xt_conf_endpoints(&conf->peers[i]); j++)
			if (strchr(xt_conf_endpoint_at(&conf->peers[i], j).host, ':'))
				return true;
	return false;
}

static void mtu_lint(const struct lint *l)
{
	const struct xt_conf *conf = l->conf;
	bool v6_address = false;

	for (size_t i = 0; i < conf->n_addresses; i++)
		v6_address |= conf->addresses[i].cidr.ip.family == 6;
	if (!conf->mtu)
		return;
	if (conf->mtu < 1280 && !v6_address && has_network(conf, 6, 128))
		lint_add(l, MTU_IPV6_PEER, conf->mtu_line,
			 "IPv6 needs an MTU of 1280 at least, and AllowedIPs are IPv6");
	unsigned overhead = outer_ipv6(conf) ? IPV6_OVERHEAD : IPV4_OVERHEAD;
	unsigned outer = conf->mtu + overhead;
	if (outer > LINK_JUMBO)
		lint_add(
		    l, MTU_LARGE, conf->mtu_line,
		    "packets of %u bytes make datagrams of %u bytes, more than jumbo frames of "
		    "%u carry: leave MTU out, so that it is found",
		    (unsigned)conf->mtu, outer, LINK_JUMBO);
	else if (conf->mtu > LINK_COMMON)
		lint_add(l, MTU_JUMBO, conf->mtu_line,
			 "packets of %u bytes make datagrams of %u bytes: every link of the path "
			 "needs jumbo frames",
			 (unsigned)conf->mtu, outer);
	else if (outer > LINK_COMMON)
		lint_add(
		    l, MTU_LARGE, conf->mtu_line,
		    "packets of %u bytes make datagrams of %u bytes, more than the %u of common "
		    "links: MTU = %u or less, or leave it out, so that it is found",
		    (unsigned)conf->mtu, outer, LINK_COMMON, LINK_COMMON - overhead);
}

static void dns_lint(const struct lint *l)
{
	bool address = false, domain = false;

	for (size_t i = 0; i < l->conf->n_dns; i++) {
		enum xt_conf_word word = xt_conf_word(l->conf->dns[i]);

		address |= word == XT_WORD_ADDRESS;
		domain |= word == XT_WORD_DOMAIN;
	}
	if (domain && !address)
		lint_add(l, DNS_DOMAINS, l->conf->dns_line,
			 "DNS has search domains and no server: names are still resolved by the "
			 "servers that this host has");
}

static bool hook_changes_host(const char *command)
{
	static const char *const words[] = {"iptables",	   "ip6tables",	     "nft ",
					    "ip rule add", "ip -4 rule add", "ip -6 rule add",
					    "ufw ",	   "firewall-cmd"};

	for (size_t i = 0; i < XT_LEN(words); i++)
		if (strstr(command, words[i]))
			return true;
	return false;
}

static void hooks_lint(const struct lint *l)
{
	const struct xt_conf *conf = l->conf;
	const struct xt_conf_hooks *up[] = {&conf->pre_up, &conf->post_up};

	if (conf->pre_down.n || conf->post_down.n)
		return;
	for (size_t k = 0; k < XT_LEN(up); k++)
		for (size_t i = 0; i < up[k]->n; i++)
			if (hook_changes_host(up[k]->v[i].command)) {
				lint_add(l, HOOK_PAIR, up[k]->v[i].line,
					 "this hook changes firewall or rules, and no PreDown or "
					 "PostDown takes it back");
				return;
			}
}

static void key_command_lint(const struct lint *l)
{
	if (l->conf->private_key_command)
		lint_add(l, KEY_COMMAND, l->conf->key_line,
			 "PrivateKeyCommand is not run by check: whether it prints a key, and "
			 "which, is not known");
}

static void table_lint(const struct lint *l)
{
	const struct xt_conf *conf = l->conf;

	if (conf->table == XT_TABLE_NUMBER && conf->table_number == XT_TABLE_MAIN &&
	    has_network(conf, 0, 0))
		lint_add(l, TABLE_MAIN, conf->table_line,
			 "a default route in the main table catches the datagrams of the tunnel "
			 "itself: leave Table out, or choose another one");
}

void xt_conf_lint(struct xt_findings *findings, const struct xt_conf *conf, unsigned file)
{
	const struct lint l = {findings, conf, file};

	keys_lint(&l);
	key_command_lint(&l);
	keepalive_lint(&l);
	critical_lint(&l);
	mtu_lint(&l);
	dns_lint(&l);
	hooks_lint(&l);
	table_lint(&l);
	xt_conf_lint_network(findings, conf, file);
}
