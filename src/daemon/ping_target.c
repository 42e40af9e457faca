/* SPDX-License-Identifier: MIT */
/* The target of a ping. */
#include "daemon/ping_target.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"

#define PREFIX_MIN 4

static const struct xt_peer_report *peer_by_name(const struct xt_report *report, const char *word)
{
	for (size_t i = 0; i < report->n_peers; i++) {
		const struct xt_peer_report *peer = &report->peers[i];

		if (*peer->name && strcmp(peer->name, word) == 0)
			return peer;
	}
	return NULL;
}

/* The peer whose key in base64 begins with word; how many there are in *n. */
static const struct xt_peer_report *peer_by_key(const struct xt_report *report, const char *word,
						size_t *n)
{
	const struct xt_peer_report *found = NULL;
	size_t len = strlen(word);
	char text[XT_KEY_BASE64];

	*n = 0;
	if (len < PREFIX_MIN)
		return NULL;
	for (size_t i = 0; i < report->n_peers; i++) {
		xt_key_to_base64(text, report->peers[i].key.b);
		if (strncmp(text, word, len) != 0)
			continue;
		found = &report->peers[i];
		++*n;
	}
	return found;
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

const char *xt_ping_peer(const struct xt_peer_report **out, const struct xt_report *report,
			 const char *word)
{
	struct xt_ip address;
	size_t n;

	if (xt_ip_parse(&address, word) == 0) {
		*out = peer_by_route(report, &address);
		return *out ? NULL : "no peer's AllowedIPs cover this address";
	}
	*out = peer_by_name(report, word);
	if (*out)
		return NULL;
	*out = peer_by_key(report, word, &n);
	if (n > 1)
		return "the keys of several peers begin so: give more of the key";
	return n ? NULL : "no peer has this Name or public key";
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

/* An address that the peer was heard from, and that still is one of its own. */
static bool peer_heard(struct xt_ip *out, const struct xt_report *report,
		       const struct xt_peer_report *peer, bool local4, bool local6)
{
	const struct xt_ip *heard[] = {local4 ? &peer->heard4 : NULL,
				       local6 ? &peer->heard6 : NULL};

	for (size_t i = 0; i < XT_LEN(heard); i++) {
		if (!heard[i] || !heard[i]->family || peer_by_route(report, heard[i]) != peer)
			continue;
		*out = *heard[i];
		return true;
	}
	return false;
}

const char *xt_ping_target(struct xt_ping_target *out, const struct xt_report *report,
			   const char *word, bool local4, bool local6)
{
	const char *why;

	memset(out, 0, sizeof(*out));
	if (!local4 && !local6)
		return "this interface has no Address to ping from";
	why = xt_ping_peer(&out->peer, report, word);
	if (why)
		return why;
	if (xt_ip_parse(&out->address, word) == 0) {
		if (!(out->address.family == 4 ? local4 : local6))
			return "this interface has no Address of that family to ping from";
	} else if (!peer_host(&out->address, report, out->peer, local4, local6) &&
		   !peer_heard(&out->address, report, out->peer, local4, local6)) {
		return "the peer's AllowedIPs name no single host, and it was not heard from yet: "
		       "give the inner address";
	}
	if (out->peer->endpoint.ip.family == 0)
		return "the peer has no endpoint yet: it has to send first, or its name is not "
		       "resolved";
	return NULL;
}
