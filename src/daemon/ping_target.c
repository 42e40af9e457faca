/* SPDX-License-Identifier: MIT */
/* The target of a ping. */
#include "daemon/ping_target.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"

static const struct xt_peer_report *peer_by_name(const struct xt_report *report, const char *word)
{
	struct xt_public key;
	bool is_key = xt_key_from_base64(key.b, word, strlen(word));

	for (size_t i = 0; i < report->n_peers; i++) {
		const struct xt_peer_report *peer = &report->peers[i];

		if (*peer->name && strcmp(peer->name, word) == 0)
			return peer;
		if (is_key && memcmp(peer->key.b, key.b, sizeof(key.b)) == 0)
			return peer;
	}
	return NULL;
}

static const struct xt_peer_report *peer_by_route(const struct xt_report *report,
						  const struct xt_ip *ip)
{
	const struct xt_peer_report *best = NULL;
	int bits = -1;

	for (size_t i = 0; i < report->n_peers; i++) {
		const struct xt_peer_report *peer = &report->peers[i];

		for (size_t k = 0; k < peer->n_allowed; k++) {
			const struct xt_cidr *net = &report->allowed[peer->first_allowed + k];

			if (xt_cidr_contains(net, ip) && net->bits > bits) {
				best = peer;
				bits = net->bits;
			}
		}
	}
	return best;
}

static bool peer_host(struct xt_ip *out, const struct xt_report *report,
		      const struct xt_peer_report *peer, bool local4, bool local6)
{
	for (size_t k = 0; k < peer->n_allowed; k++) {
		const struct xt_cidr *net = &report->allowed[peer->first_allowed + k];

		if (net->bits == xt_ip_bits(&net->ip) && (net->ip.family == 4 ? local4 : local6)) {
			*out = net->ip;
			return true;
		}
	}
	return false;
}

const char *xt_ping_target(struct xt_ping_target *out, const struct xt_report *report,
			   const char *word, bool local4, bool local6)
{
	memset(out, 0, sizeof(*out));
	if (!local4 && !local6)
		return "this interface has no Address to ping from";
	if (xt_ip_parse(&out->address, word) == 0) {
		out->peer = peer_by_route(report, &out->address);
		if (!out->peer)
			return "no peer's AllowedIPs cover this address";
		if (!(out->address.family == 4 ? local4 : local6))
			return "this interface has no Address of that family to ping from";
	} else {
		out->peer = peer_by_name(report, word);
		if (!out->peer)
			return "no peer has this Name or public key";
		if (!peer_host(&out->address, report, out->peer, local4, local6))
			return "the peer's AllowedIPs name no single host: give the inner address";
	}
	if (out->peer->endpoint.ip.family == 0)
		return "the peer has no endpoint yet: it has to send first, or its name is not "
		       "resolved";
	return NULL;
}
