/* SPDX-License-Identifier: MIT */
/* A peer with a list of addresses: which one its initiations go to.
 *
 *   start      the first address that is not held; the one where the peer is, while a session lives
 *   silence    no answer for REKEY_TIMEOUT, and nothing heard: the address is held, the next one is
 *              tried. With a session data stays where the peer was heard last
 *   contact    250 ms after an initiation to an address that never answered, the same initiation
 *              goes to one of the other family. A fresh one would void the answer to the first
 *   answer     the address is kept until it falls silent
 *   roaming    an authenticated address beside the list is kept likewise; when it falls silent, the
 *              list comes first
 *
 * An initiation for restart detection takes no part in this: an unauthenticated datagram has caused
 * it. */
#include "core/endpoints.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

static bool session_lives(const struct xt_peer *peer, uint64_t now)
{
	return xt_keypair_may_send(peer->keypairs.current, now);
}

/* The peer is taken to be at slot i: everything goes there. */
static void slot_move(struct xt_device *dev, struct xt_peer *peer, uint32_t i)
{
	struct xt_candidates *c = peer->candidates;
	struct xt_path path;

	c->trying = XT_CANDIDATE_NONE;
	if (i == XT_CANDIDATE_NONE || xt_endpoint_equal(&c->v[i].endpoint, &peer->path.remote))
		return;
	memset(&path, 0, sizeof(path));
	path.remote = c->v[i].endpoint;
	xt_peer_set_path(dev, peer, &path);
	peer->endpoint_learned = i == c->n;
	c->contact = false; /* what answered was another address */
}

/* Initiations go to slot i from now on. Without a session so does everything else. */
static void slot_try(struct xt_time now, struct xt_device *dev, struct xt_peer *peer, uint32_t i)
{
	struct xt_candidates *c = peer->candidates;
	bool same =
	    i != XT_CANDIDATE_NONE && xt_endpoint_equal(&c->v[i].endpoint, &peer->path.remote);

	if (session_lives(peer, now.mono))
		c->trying = same ? XT_CANDIDATE_NONE : i;
	else
		slot_move(dev, peer, i);
}

void xt_endpoint_choose(struct xt_time now, struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_candidates *c = peer->candidates;

	if (!c)
		return;
	if (session_lives(peer, now.mono))
		c->trying = XT_CANDIDATE_NONE;
	else if (!peer->endpoint_learned)
		slot_move(dev, peer, xt_candidates_best(c, now.mono));
}

void xt_endpoint_unanswered(struct xt_time now, struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_candidates *c = peer->candidates;

	if (!c)
		return;
	if (c->heard != peer->rx_bytes) { /* it is there, and the message was lost */
		if (session_lives(peer, now.mono))
			c->trying = XT_CANDIDATE_NONE;
		return;
	}
	xt_event(dev, XT_EVENT_ADDRESS_SILENT, peer);
	c->contact = false;
	xt_candidates_fail(c, c->first, now.mono);
	xt_candidates_fail(c, c->second, now.mono);
	c->first = c->second = XT_CANDIDATE_NONE;
	slot_try(now, dev, peer, xt_candidates_best(c, now.mono));
}

void xt_endpoint_network(struct xt_peer *peer)
{
	struct xt_candidates *c = peer->candidates;

	for (uint32_t i = 0; c && i <= c->n; i++)
		c->v[i].held_until = 0;
	if (c)
		c->contact = false;
}

struct xt_path xt_endpoint_path(const struct xt_peer *peer)
{
	const struct xt_candidates *c = peer->candidates;
	struct xt_path path;

	if (!c || c->trying == XT_CANDIDATE_NONE)
		return peer->path;
	memset(&path, 0, sizeof(path));
	path.remote = c->v[c->trying].endpoint;
	return path;
}

void xt_endpoint_sent(struct xt_time now, struct xt_peer *peer, const struct xt_msg_initiation *msg)
{
	struct xt_candidates *c = peer->candidates;
	struct xt_path path = xt_endpoint_path(peer);

	if (!c)
		return;
	c->heard = peer->rx_bytes;
	c->first = xt_candidates_find(c, &path.remote);
	c->second = XT_CANDIDATE_NONE;
	if (!c->initiation)
		return;
	*c->initiation = *msg;
	if (!c->contact && c->first != XT_CANDIDATE_NONE)
		c->second = xt_candidates_other(c, c->first, now.mono);
	if (c->second != XT_CANDIDATE_NONE)
		peer->timers.second = now.mono + XT_SECOND_FAMILY_DELAY;
}

struct xt_msg_initiation *xt_endpoint_second(struct xt_peer *peer, struct xt_path *path)
{
	struct xt_candidates *c = peer->candidates;

	if (!c || !c->initiation || c->second == XT_CANDIDATE_NONE || c->heard != peer->rx_bytes ||
	    peer->timers.retransmit == XT_NEVER || !peer->handshake_index ||
	    xt_le32_load(c->initiation->sender) != peer->handshake_index)
		return NULL;
	memset(path, 0, sizeof(*path));
	path->remote = c->v[c->second].endpoint;
	return c->initiation;
}

void xt_endpoint_answered(struct xt_time now, struct xt_peer *peer)
{
	struct xt_candidates *c = peer->candidates;

	if (c)
		xt_candidates_answered(c, xt_candidates_find(c, &peer->path.remote), now.mono);
}

void xt_endpoint_drop_list(struct xt_peer *peer)
{
	xt_candidates_free(peer->candidates);
	peer->candidates = NULL;
	peer->timers.second = XT_NEVER;
}

/* The list has changed while an initiation is in flight. When that went to an address which has
 * failed before, or which the list has no more, the new one gets it at once: for a fresh one it
 * would have to wait until REKEY_TIMEOUT is over. */
static void list_send_again(struct xt_time now, struct xt_peer *peer)
{
	struct xt_candidates *c = peer->candidates;
	bool lost = c->first == XT_CANDIDATE_NONE || c->v[c->first].held_until > now.mono;
	uint32_t best = xt_candidates_best(c, now.mono);

	if (peer->timers.retransmit == XT_NEVER || c->heard != peer->rx_bytes || !c->initiation)
		return;
	if (lost && best != XT_CANDIDATE_NONE && c->v[best].held_until <= now.mono) {
		c->second = best;
		peer->timers.second = now.mono;
	} else if (!lost && !c->contact && c->second == XT_CANDIDATE_NONE) {
		c->second = xt_candidates_other(c, c->first, now.mono);
		if (c->second != XT_CANDIDATE_NONE)
			peer->timers.second = peer->timers.last_initiation + XT_SECOND_FAMILY_DELAY;
	}
}

/* A peer that is at an address beside the new list stays there while it lives: it has roamed there,
 * or its name has another address now. The administrator's list moves it at once. */
static void list_apply(struct xt_time now, struct xt_device *dev, struct xt_peer *peer,
		       bool configured)
{
	struct xt_candidates *c = peer->candidates;
	const struct xt_endpoint *at = &peer->path.remote;
	bool known = at->ip.family != 0;
	uint32_t i = xt_candidates_find(c, at);
	bool kept =
	    i < c->n || peer->endpoint_learned || (session_lives(peer, now.mono) && !configured);

	if (!known || !kept)
		slot_move(dev, peer, xt_candidates_best(c, now.mono));
	else if (i < c->n)
		peer->endpoint_learned = false;
	else
		c->v[c->n] = (struct xt_candidate_slot){.endpoint = *at};
	list_send_again(now, peer);
	if (!known)
		xt_peer_start_waiting(now, peer);
}

static bool list_is_valid(const struct xt_candidate_list *list)
{
	for (size_t i = 0; i < list->n && i < XT_CANDIDATES_MAX; i++)
		if ((list->v[i].endpoint.ip.family != 4 && list->v[i].endpoint.ip.family != 6) ||
		    !list->v[i].endpoint.port)
			return false;
	return list->n <= XT_CANDIDATES_MAX;
}

int xt_device_set_endpoints(struct xt_device *dev, struct xt_time now, const struct xt_public *key,
			    const struct xt_candidate_list *list)
{
	struct xt_peer *peer = xt_peer_find(dev, key);
	struct xt_candidates *c;
	bool configured;

	if (!list_is_valid(list))
		return XT_E_INVALID;
	if (!peer)
		return 0;
	configured = list->configured || (list->restores && peer->endpoint_set);
	if (peer->endpoint_set && !configured)
		return 0;
	xt_peer_follow(dev, now, peer);
	c = xt_candidates_new(list);
	if (!c)
		return XT_E_NOMEM;
	xt_candidates_adopt(c, peer->candidates);
	xt_candidates_free(peer->candidates);
	peer->candidates = c;
	peer->endpoint_set = false;
	list_apply(now, dev, peer, configured);
	xt_peer_mark_dirty(dev, peer);
	xt_peers_update_deadlines(dev);
	return 0;
}
