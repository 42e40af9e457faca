/* SPDX-License-Identifier: MIT */
/* A snapshot of the device. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/size.h"
#include "base/text.h"
#include "core/apply.h"
#include "core/device_impl.h"
#include "core/handshake.h"
#include "core/mtu_probe.h"

void xt_report_free(struct xt_report *report)
{
	if (!report)
		return;
	if (report->peers)
		xt_wipe(report->peers, report->n_peers * sizeof(*report->peers));
	free(report->peers);
	free(report->allowed);
	free(report->candidates);
	xt_wipe(report, sizeof(*report));
	free(report);
}

static void path_report(const struct xt_device *dev, struct xt_time now, const struct xt_peer *peer,
			struct xt_peer_report *out)
{
	const struct xt_path_mtu *state = peer->search ? &peer->search->state : NULL;

	if (!state || state->source == XT_PATH_MTU_UNKNOWN)
		return;
	out->path_mtu = (uint16_t)XT_MIN(state->found, dev->mtu);
	out->path_mtu_source = (enum xt_path_mtu_source)state->source;
	out->path_mtu_age_s = (now.mono - state->since) / XT_SECOND;
}

/* Room for n more items of the given size behind the first used ones. NULL: no memory. */
static void *items_reserve(void *items, size_t *cap, size_t used, size_t n, size_t size)
{
	size_t more;
	void *grown;

	if (used < *cap && n < *cap - used)
		return items;
	if (!xt_size_add(&more, used, n) || !xt_size_add(&more, more, 1))
		return NULL;
	more = XT_MAX(more, *cap + XT_MIN(*cap, SIZE_MAX - *cap));
	grown = xt_items_resize(items, more, size);
	if (grown)
		*cap = more;
	return grown;
}

/* Room for the lists of one more peer: n allowed IPs, m candidates. */
static int report_reserve(struct xt_report_walk *walk, size_t n, size_t m)
{
	struct xt_report *r = walk->report;
	struct xt_candidate_report *candidates;
	struct xt_cidr *allowed;

	allowed = items_reserve(r->allowed, &walk->cap_allowed, r->n_allowed, n, sizeof(*allowed));
	if (!allowed)
		return XT_E_NOMEM;
	r->allowed = allowed;
	candidates = items_reserve(r->candidates, &walk->cap_candidates, r->n_candidates, m,
				   sizeof(*candidates));
	if (!candidates)
		return XT_E_NOMEM;
	r->candidates = candidates;
	return 0;
}

/* Which AllowedIPs cover the endpoint. */
static void loop_report(const struct xt_device *dev, const struct xt_peer *peer,
			struct xt_peer_report *out)
{
	const struct xt_ip *ip = &peer->path.remote.ip;
	const struct xt_peer *of = xt_allowedips_find(&dev->allowed, ip);
	struct xt_cidr cidr;
	uint32_t at = 0;

	out->loop = true;
	if (!of)
		return;
	out->loop_key = of->key;
	while (xt_allowedips_next(&dev->allowed, &of->allowed, &at, &cidr))
		if (xt_cidr_contains(&cidr, ip) &&
		    (!out->loop_network.ip.family || cidr.bits > out->loop_network.bits))
			out->loop_network = cidr;
}

static void candidates_report(const struct xt_peer *peer, uint64_t now, struct xt_report *r)
{
	const struct xt_candidates *c = peer->candidates;

	for (uint32_t i = 0; c && i <= c->n; i++) {
		const struct xt_candidate_slot *slot = &c->v[i];
		struct xt_candidate_report out = {
		    .endpoint = slot->endpoint, .entry = slot->entry, .learned = i == c->n};

		if (!slot->endpoint.ip.family)
			continue;
		out.hold_ns = slot->held_until > now ? slot->held_until - now : 0;
		if (xt_endpoint_equal(&slot->endpoint, &peer->path.remote))
			out.state = XT_CANDIDATE_IN_USE;
		else if (i == c->trying)
			out.state = XT_CANDIDATE_TRYING;
		else
			out.state = out.hold_ns ? XT_CANDIDATE_HELD : XT_CANDIDATE_IDLE;
		r->candidates[r->n_candidates++] = out;
	}
}

/* A source that AllowedIPs have by now was refused by those of before. */
static void facts_report(const struct xt_device *dev, struct xt_time now,
			 const struct xt_peer *peer, struct xt_peer_facts *out)
{
	xt_facts_report(peer, now.mono, xt_peer_is_current(dev, peer), out);
	if (!out->source_refused || xt_allowedips_find(&dev->allowed, &out->source) != peer)
		return;
	out->source_refused = 0;
	out->source_age = XT_NEVER;
	memset(&out->source, 0, sizeof(out->source));
}

static void peer_report(const struct xt_device *dev, struct xt_time now, const struct xt_peer *peer,
			struct xt_report *r, struct xt_peer_report *out)
{
	out->key = peer->key;
	out->psk = peer->secret->noise.psk;
	if (peer->name)
		strncpy(out->name, peer->name, XT_NAME_MAX);
	out->critical = peer->critical;
	out->endpoint = peer->path.remote;
	out->endpoint_learned = peer->endpoint_learned;
	out->local = peer->path.local;
	out->ifindex = peer->path.ifindex;
	xt_peer_heard(peer, 4, &out->heard4);
	xt_peer_heard(peer, 6, &out->heard6);
	out->last_handshake_wall_ns = peer->last_handshake_wall;
	out->tx_bytes = peer->tx_bytes;
	out->rx_bytes = peer->rx_bytes;
	out->keepalive_s = peer->timers.persistent_s;
	path_report(dev, now, peer, out);
	out->session =
	    xt_peer_is_current(dev, peer) && xt_keypair_may_send(peer->keypairs.current, now.mono);
	out->handshaking = peer->timers.retransmit != XT_NEVER;
	if (peer->loop)
		loop_report(dev, peer, out);
	out->handshake_attempts = peer->timers.attempts;
	out->staged = peer->staged.n;
	out->first_allowed = r->n_allowed;
	for (uint32_t at = 0;
	     xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &r->allowed[r->n_allowed]);)
		r->n_allowed++;
	out->n_allowed = r->n_allowed - out->first_allowed;
	out->endpoint_set = peer->endpoint_set;
	out->first_candidate = r->n_candidates;
	candidates_report(peer, now.mono, r);
	out->n_candidates = r->n_candidates - out->first_candidate;
	facts_report(dev, now, peer, &out->facts);
}

/* A caller or destination that has a peer by now is none. */
static void device_facts_report(const struct xt_device *dev, struct xt_time now,
				struct xt_device_facts *out)
{
	const struct xt_peer *peer;
	size_t n = 0;

	xt_strangers_report(&dev->strangers, now.mono, out);
	for (size_t i = 0; i < out->n_strangers; i++) {
		HASH_FIND(by_key, dev->peers_by_key, &out->strangers[i].key,
			  sizeof(out->strangers[i].key), peer);
		if (!out->strangers[i].unknown_key || !peer || peer->pending)
			out->strangers[n++] = out->strangers[i];
	}
	out->n_strangers = n;
	n = 0;
	for (size_t i = 0; i < out->n_no_routes; i++)
		if (!xt_allowedips_find(&dev->allowed, &out->no_routes[i].to))
			out->no_routes[n++] = out->no_routes[i];
	out->n_no_routes = n;
	out->under_load_age = XT_NEVER;
	if (xt_under_load(dev, now))
		out->under_load_age = 0;
	else if (dev->load.until)
		out->under_load_age = now.mono - dev->load.until;
}

/* only  NULL: all peers */
static int report_begin(struct xt_report_walk *walk, const struct xt_device *dev,
			struct xt_time now, const struct xt_peer *only)
{
	struct xt_report *r = calloc(1, sizeof(*r));

	if (!r)
		return XT_E_NOMEM;
	*walk = (struct xt_report_walk){.dev = dev,
					.next = only ? only : dev->peers,
					.cap_peers = only ? 1 : dev->n_peers,
					.report = r};
	r->peers = calloc(walk->cap_peers + 1, sizeof(*r->peers));
	if (!r->peers || report_reserve(walk, 0, 0)) {
		xt_report_free(r);
		return XT_E_NOMEM;
	}
	r->has_key = dev->local->has_key;
	r->private_key = dev->local->private_key;
	r->public_key = dev->local->public_key;
	r->listen_port = dev->listen_port;
	r->fwmark = dev->fwmark;
	r->under_load = xt_under_load(dev, now);
	memcpy(r->verdicts, dev->verdicts, sizeof(r->verdicts));
	device_facts_report(dev, now, &r->facts);
	return 0;
}

int xt_report_begin(struct xt_report_walk *walk, const struct xt_device *dev, struct xt_time now)
{
	return report_begin(walk, dev, now, NULL);
}

int xt_report_step(struct xt_report_walk *walk, struct xt_time now, size_t n)
{
	struct xt_report *r = walk->report;

	for (; n > 0 && walk->next && r->n_peers < walk->cap_peers; n--) {
		const struct xt_candidates *c = walk->next->candidates;

		if (report_reserve(walk, walk->next->allowed.n, c ? c->n + 1 : 0)) {
			xt_report_free(r);
			return XT_E_NOMEM;
		}
		peer_report(walk->dev, now, walk->next, r, &r->peers[r->n_peers++]);
		walk->next = walk->next->next;
	}
	return walk->next && r->n_peers < walk->cap_peers;
}

int xt_device_report(const struct xt_device *dev, struct xt_time now, struct xt_report **out)
{
	struct xt_report_walk walk;
	int rc = xt_report_begin(&walk, dev, now);

	if (rc == 0)
		rc = xt_report_step(&walk, now, SIZE_MAX);
	if (rc == 0)
		*out = walk.report;
	return rc;
}

int xt_device_report_peer(const struct xt_device *dev, struct xt_time now,
			  const struct xt_public *key, struct xt_report **out)
{
	const struct xt_peer *peer;
	struct xt_report_walk walk;
	int rc;

	HASH_FIND(by_key, dev->peers_by_key, key, sizeof(*key), peer);
	if (!peer || peer->pending)
		return XT_E_INVALID;
	rc = report_begin(&walk, dev, now, peer);
	if (rc == 0)
		rc = xt_report_step(&walk, now, 1);
	if (rc < 0)
		return rc;
	*out = walk.report;
	return 0;
}
