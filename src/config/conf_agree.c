/* SPDX-License-Identifier: MIT */
/* Do the configurations of both ends of a tunnel agree? Each finding has a place in both files. No
 * secret is printed, only that two of them differ; public keys are. */
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/conf_lint.h"
#include "config/conf_nets.h"

/* peer    its [Peer] for the other end; NULL: not known which
 * by_key  it was found by the other end's key; otherwise it is the likely one */
struct end {
	const struct xt_conf *conf;
	unsigned file;
	bool has_key, by_key;
	struct xt_public key;
	struct xt_conf_nets allowed, addresses;
	const struct xt_conf_peer *peer;
};

#define PLACE(end, at) ((struct xt_lint_place){(end)->file, (at)})
#define agree_add(findings, code, one, one_line, two, two_line, ...)                               \
	xt_findings_add(findings, XT_LINT_##code, PLACE(one, one_line), PLACE(two, two_line),      \
			__VA_ARGS__)

static const struct xt_conf_peer *peer_find_by_key(const struct end *end,
						   const struct xt_public *key)
{
	for (size_t i = 0; i < end->conf->n_peers; i++)
		if (memcmp(end->conf->peers[i].key.b, key->b, sizeof(key->b)) == 0)
			return &end->conf->peers[i];
	return NULL;
}

/* The only peer, or the one that has an Address of the other end to itself. */
static const struct xt_conf_peer *peer_guess(const struct end *end, const struct end *other)
{
	if (end->conf->n_peers == 1)
		return &end->conf->peers[0];
	for (size_t i = 0; i < other->conf->n_addresses; i++) {
		const struct xt_ip *ip = &other->conf->addresses[i].cidr.ip;
		unsigned full = xt_ip_bits(ip);
		const struct xt_conf_net *net = xt_conf_nets_cover(&end->allowed, ip, full, full);

		if (net)
			return &end->conf->peers[net->peer];
	}
	return NULL;
}

static void peer_match(struct xt_findings *findings, struct end *end, const struct end *other)
{
	char is[XT_KEY_BASE64], wanted[XT_KEY_BASE64];

	end->peer = other->has_key ? peer_find_by_key(end, &other->key) : NULL;
	end->by_key = end->peer != NULL;
	if (!end->peer)
		end->peer = peer_guess(end, other);
	if (!other->has_key) {
		xt_findings_add(findings, XT_LINT_NOT_COMPARED,
				PLACE(other, other->conf->interface_line), XT_LINT_ELSEWHERE,
				"no private key in this file: its public key is not known and was "
				"not compared; add PrivateKey or PrivateKeyFile");
		return;
	}
	if (end->by_key)
		return;
	xt_key_to_base64(wanted, other->key.b);
	if (end->peer) {
		xt_key_to_base64(is, end->peer->key.b);
		agree_add(
		    findings, PEER_MISSING, end, end->peer->key_line, other, other->conf->key_line,
		    "this PublicKey is %s, and the private key of the other end has the public "
		    "key %s: write that here, or the other private key there",
		    is, wanted);
	} else {
		agree_add(findings, PEER_MISSING, end, end->conf->interface_line, other,
			  other->conf->key_line,
			  "no [Peer] has the public key of the other end, %s: add one", wanted);
	}
}

static void keys_agree(struct xt_findings *findings, struct end *a, struct end *b)
{
	if (a->has_key && b->has_key && memcmp(a->key.b, b->key.b, sizeof(a->key.b)) == 0)
		agree_add(findings, SAME_KEY, b, b->conf->key_line, a, a->conf->key_line,
			  "both ends have the same private key: make a new one for one of them "
			  "(xtunnel genkey)");
	peer_match(findings, a, b);
	peer_match(findings, b, a);
}

static bool peer_has_psk(const struct xt_conf_peer *peer)
{
	static const uint8_t zero[32];

	return peer->has_psk && memcmp(peer->psk.b, zero, sizeof(zero)) != 0;
}

static unsigned psk_line(const struct xt_conf_peer *peer)
{
	return peer->has_psk ? peer->psk_line : peer->line;
}

static void psk_agree(struct xt_findings *findings, const struct end *a, const struct end *b)
{
	bool in_a = peer_has_psk(a->peer), in_b = peer_has_psk(b->peer);

	if (in_a != in_b)
		agree_add(findings, PSK_DIFFER, a, psk_line(a->peer), b, psk_line(b->peer),
			  "%s: write the same PresharedKey on both ends, or on neither",
			  in_a ? "this end has a PresharedKey, and the other end has none"
			       : "this end has no PresharedKey, and the other end has one");
	else if (in_a && memcmp(a->peer->psk.b, b->peer->psk.b, sizeof(a->peer->psk.b)) != 0)
		agree_add(findings, PSK_DIFFER, a, psk_line(a->peer), b, psk_line(b->peer),
			  "the PresharedKeys of both ends differ: write the same one on both");
}

static bool peer_has_family(const struct xt_conf_peer *peer, uint8_t family)
{
	for (size_t i = 0; i < peer->n_allowed; i++)
		if (peer->allowed[i].ip.family == family)
			return true;
	return false;
}

/* Nothing but single hosts: then no network behind the peer explains why its address is missing. */
static bool peer_is_single(const struct xt_conf_peer *peer)
{
	for (size_t i = 0; i < peer->n_allowed; i++)
		if (peer->allowed[i].bits != xt_ip_bits(&peer->allowed[i].ip))
			return false;
	return true;
}

static bool conf_has_family(const struct xt_conf *conf, uint8_t family)
{
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (conf->addresses[i].cidr.ip.family == family)
			return true;
	return false;
}

static void address_report(struct xt_findings *findings, const struct end *end,
			   const struct end *other, size_t i, bool none)
{
	const struct xt_ip *ip = &other->conf->addresses[i].cidr.ip;
	const struct xt_conf_net *net = xt_conf_nets_cover(&end->allowed, ip, 0, 128);
	unsigned line = end->peer->n_allowed ? end->peer->allowed_lines[0] : end->peer->line;
	unsigned there = other->conf->address_places[i].line;
	char text[XT_IP_TEXT], network[XT_CIDR_TEXT];
	bool taken = net && net->cidr.bits == xt_ip_bits(ip);
	enum xt_lint code = none && (taken || peer_is_single(end->peer)) ? XT_LINT_ALLOWED_MISSING
									 : XT_LINT_ALLOWED_PARTLY;

	xt_ip_print(ip, text);
	if (net)
		xt_findings_add(
		    findings, code, PLACE(end, net->line), PLACE(other, there),
		    "AllowedIPs %s give the other end's Address %s to another peer: add %s/%u to "
		    "the [Peer] on line %u",
		    xt_cidr_print(&net->cidr, network), text, text, xt_ip_bits(ip),
		    end->peer->line);
	else
		xt_findings_add(
		    findings, code, PLACE(end, line), PLACE(other, there),
		    "AllowedIPs do not hold the other end's Address %s: packets from it are dropped, "
		    "and none go to it; add %s/%u",
		    text, text, xt_ip_bits(ip));
}

/* Is every Address of the other end among this end's AllowedIPs for it? */
static void allowed_agree(struct xt_findings *findings, const struct end *end,
			  const struct end *other)
{
	const struct xt_conf *conf = other->conf;
	size_t covered = 0, at = (size_t)(end->peer - end->conf->peers);
	/* A family that this end does not use is not missed. */
	bool used[2] = {conf_has_family(end->conf, 4) || peer_has_family(end->peer, 4),
			conf_has_family(end->conf, 6) || peer_has_family(end->peer, 6)};

	for (int report = 0; report < 2; report++) {
		for (size_t i = 0; i < conf->n_addresses; i++) {
			const struct xt_ip *ip = &conf->addresses[i].cidr.ip;
			const struct xt_conf_net *net =
			    xt_conf_nets_cover(&end->allowed, ip, 0, 128);

			if (net && net->peer == at)
				covered += !report;
			else if (report && used[ip->family == 6] && !xt_ip_is_link_local(ip))
				address_report(findings, end, other, i, covered == 0);
		}
	}
}

static bool net_holds_address(const struct xt_cidr *net, const struct end *end)
{
	return xt_conf_nets_overlap(&end->addresses, net, xt_ip_bits(&net->ip)) != NULL;
}

/* A network cannot be behind both ends. That of the tunnel itself, and what is as wide as a default
 * route, hold an Address. */
static void allowed_compare(struct xt_findings *findings, const struct end *a, const struct end *b)
{
	size_t there = (size_t)(b->peer - b->conf->peers);

	for (size_t i = 0; i < a->peer->n_allowed; i++) {
		const struct xt_cidr *net = &a->peer->allowed[i];
		const struct xt_conf_net *same =
		    xt_conf_nets_cover(&b->allowed, &net->ip, net->bits, net->bits);
		char text[XT_CIDR_TEXT];

		if (same && same->peer == there && net->bits > 1 && !net_holds_address(net, a) &&
		    !net_holds_address(net, b))
			agree_add(
			    findings, ALLOWED_BOTH, a, a->peer->allowed_lines[i], b, same->line,
			    "both ends have AllowedIPs %s for the other: each sends its packets "
			    "to the other; take it out at the end that has the network",
			    xt_cidr_print(net, text));
	}
}

#define NETWORKS_MAX 64 /* as many Addresses of each end are compared as networks */

/* The first Addresses of one family that are in networks of more than one host. */
static void networks_agree(struct xt_findings *findings, const struct end *a, const struct end *b,
			   uint8_t family)
{
	const struct xt_cidr *first[2] = {NULL, NULL};
	size_t at[2] = {0, 0};
	char text[2][XT_CIDR_TEXT];

	for (size_t i = 0; i < a->conf->n_addresses && i < NETWORKS_MAX; i++)
		for (size_t j = 0; j < b->conf->n_addresses && j < NETWORKS_MAX; j++) {
			const struct xt_cidr *x = &a->conf->addresses[i].cidr;
			const struct xt_cidr *y = &b->conf->addresses[j].cidr;

			if (x->ip.family != family || y->ip.family != family ||
			    x->bits == xt_ip_bits(&x->ip) || y->bits == xt_ip_bits(&y->ip))
				continue;
			if (xt_cidr_overlaps(x, y) && x->bits == y->bits)
				return;
			if (!first[0]) {
				first[0] = x;
				first[1] = y;
				at[0] = i;
				at[1] = j;
			}
		}
	if (first[0])
		agree_add(findings, NETWORK_DIFFER, a, a->conf->address_places[at[0]].line, b,
			  b->conf->address_places[at[1]].line,
			  "Address %s and the other end's %s are not in one network of one length: "
			  "AllowedIPs alone decide what is reachable",
			  xt_cidr_print(first[0], text[0]), xt_cidr_print(first[1], text[1]));
}

static void addresses_agree(struct xt_findings *findings, const struct end *a, const struct end *b)
{
	for (size_t i = 0; i < a->conf->n_addresses; i++) {
		const struct xt_ip *ip = &a->conf->addresses[i].cidr.ip;
		const struct xt_conf_net *same = xt_conf_nets_cover(&b->addresses, ip, 0, 128);
		char text[XT_IP_TEXT];

		if (same && !xt_ip_is_link_local(ip))
			agree_add(findings, ADDRESS_SAME, a, a->conf->address_places[i].line, b,
				  same->line, "both ends have the Address %s: change one of them",
				  xt_ip_print(ip, text));
	}
	networks_agree(findings, a, b, 4);
	networks_agree(findings, a, b, 6);
}

/* Does an Endpoint of this end have the port on which the other one listens? */
static void endpoints_agree(struct xt_findings *findings, const struct end *end,
			    const struct end *other)
{
	const struct xt_conf *conf = other->conf;
	size_t n = xt_conf_endpoints(end->peer);

	if (n == 0)
		return;
	unsigned port = xt_conf_endpoint_at(end->peer, 0).port;
	if (!conf->has_port || !conf->listen_port) {
		agree_add(
		    findings, ENDPOINT_PORT, end, end->peer->endpoint_line, other,
		    conf->has_port ? conf->port_line : conf->interface_line,
		    "Endpoint has the port %u, and the other end has no ListenPort: it listens "
		    "on another port after each start; add ListenPort = %u there",
		    port, port);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (xt_conf_endpoint_at(end->peer, i).port == conf->listen_port)
			return;
	agree_add(
	    findings, ENDPOINT_PORT, end, end->peer->endpoint_line, other, conf->port_line,
	    "Endpoint has the port %u, and the other end's ListenPort is %u: make them equal, "
	    "unless a router on the way forwards the port",
	    port, (unsigned)conf->listen_port);
}

/* A file that was copied has its own address as Endpoint. */
static void endpoints_compare(struct xt_findings *findings, const struct end *a,
			      const struct end *b)
{
	struct xt_conf_endpoint x = xt_conf_endpoint_at(a->peer, 0);
	struct xt_conf_endpoint y = xt_conf_endpoint_at(b->peer, 0);

	if (x.port == y.port && strcasecmp(x.host, y.host) == 0)
		agree_add(findings, ENDPOINT_SAME, a, a->peer->endpoint_line, b,
			  b->peer->endpoint_line,
			  "both ends have the same Endpoint, so one of them has its own: write the "
			  "other end's address");
}

static void keepalive_agree(struct xt_findings *findings, const struct end *end,
			    const struct end *other)
{
	if (end->peer->has_keepalive || !end->conf->has_port || !end->conf->listen_port)
		return;
	agree_add(findings, KEEPALIVE_ONE, end, end->peer->line, other, other->peer->line,
		  "only this end has an Endpoint, and no PersistentKeepalive: the other end cannot "
		  "send first before this one did; PersistentKeepalive = 25, or = off if that is "
		  "meant");
}

static void ways_agree(struct xt_findings *findings, const struct end *a, const struct end *b)
{
	bool in_a = a->peer->endpoint_host != NULL, in_b = b->peer->endpoint_host != NULL;

	if (!in_a && !in_b)
		agree_add(findings, NO_ENDPOINT, a, a->peer->line, b, b->peer->line,
			  "neither end has an Endpoint for the other: no handshake can begin; add "
			  "Endpoint to one of them");
	endpoints_agree(findings, a, b);
	endpoints_agree(findings, b, a);
	if (in_a && in_b)
		endpoints_compare(findings, a, b);
	if (in_a && !in_b)
		keepalive_agree(findings, a, b);
	if (in_b && !in_a)
		keepalive_agree(findings, b, a);
}

static void mtu_agree(struct xt_findings *findings, const struct end *a, const struct end *b)
{
	if (a->conf->mtu && b->conf->mtu && a->conf->mtu != b->conf->mtu)
		agree_add(
		    findings, MTU_DIFFER, a, a->conf->mtu_line, b, b->conf->mtu_line,
		    "MTU is %u here and %u at the other end: write the smaller one on both, or "
		    "leave it out, so that it is found",
		    (unsigned)a->conf->mtu, (unsigned)b->conf->mtu);
}

static int end_init(struct end *end, const struct xt_conf *conf, unsigned file)
{
	int rc;

	memset(end, 0, sizeof(*end));
	end->conf = conf;
	end->file = file;
	end->has_key = xt_conf_public_key(&end->key, conf);
	rc = xt_conf_nets_init(&end->allowed, conf);
	return rc ? rc : xt_conf_nets_init_addresses(&end->addresses, conf);
}

void xt_conf_agree(struct xt_findings *findings, const struct xt_conf *const ends[2])
{
	struct end a, b;

	if (end_init(&a, ends[0], 0) | end_init(&b, ends[1], 1)) {
		findings->failed = XT_E_NOMEM;
		goto out;
	}
	keys_agree(findings, &a, &b);
	addresses_agree(findings, &a, &b);
	mtu_agree(findings, &a, &b);
	if (a.peer)
		allowed_agree(findings, &a, &b);
	if (b.peer)
		allowed_agree(findings, &b, &a);
	if (a.peer && b.peer) {
		psk_agree(findings, &a, &b);
		allowed_compare(findings, &a, &b);
		ways_agree(findings, &a, &b);
	}
out:
	xt_conf_nets_clear(&a.allowed);
	xt_conf_nets_clear(&a.addresses);
	xt_conf_nets_clear(&b.allowed);
	xt_conf_nets_clear(&b.addresses);
}
