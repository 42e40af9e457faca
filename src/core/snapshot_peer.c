/* SPDX-License-Identifier: MIT */
/* A peer in a snapshot: its configuration, endpoints, timers and staged packets. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/mtu_probe.h"
#include "core/snapshot_impl.h"

static void name_code(struct xt_coder *c, struct xt_peer *peer)
{
	size_t len = xt_coder_count(c, peer->name ? strlen(peer->name) : 0, 1);
	const uint8_t *at;

	if (c->out) {
		xt_coder_bytes(c, peer->name, len);
		return;
	}
	if (!len)
		return;
	at = xt_coder_view(c, len);
	if (!at || len > XT_NAME_MAX || memchr(at, 0, len)) {
		xt_coder_fail(c, XT_E_INVALID);
		return;
	}
	peer->name = calloc(1, len + 1);
	if (!peer->name)
		xt_coder_fail(c, XT_E_NOMEM);
	else
		memcpy(peer->name, at, len);
}

/* A network of which another peer is the owner already would move: the caller counts them. */
static void allowed_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	size_t n = xt_coder_count(c, peer->allowed.n, 2);
	struct xt_cidr cidr;
	uint32_t at = 0;

	for (size_t i = 0; i < n && !c->error; i++) {
		if (c->out && !xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &cidr))
			break;
		xt_coder_cidr(c, &cidr);
		if (!c->out && !c->error) {
			int err = xt_allowedips_insert(&dev->allowed, &cidr, peer);

			if (err)
				xt_coder_fail(c, err);
		}
	}
	xt_coder_check(c, c->error || peer->allowed.n == n);
}

static void candidate_code(struct xt_coder *c, struct xt_candidates *list,
			   struct xt_candidate_slot *slot)
{
	xt_coder_endpoint(c, &slot->endpoint);
	xt_coder_due(c, &slot->held_until);
	xt_coder_u8(c, &slot->entry);
	xt_coder_check(c, slot->held_until != XT_NEVER && /* it ends */
			      (slot == &list->v[list->n] ||
			       (slot->endpoint.ip.family && slot->endpoint.port)));
}

static void candidate_number(struct xt_coder *c, uint32_t *v, uint32_t n)
{
	uint32_t code = *v == XT_CANDIDATE_NONE ? 0 : *v + 1;

	xt_coder_up_to(c, &code, n + 1);
	*v = code ? code - 1 : XT_CANDIDATE_NONE;
}

static void candidates_code(struct xt_coder *c, struct xt_peer *peer)
{
	struct xt_candidates *list = peer->candidates;
	bool present = list != NULL, keeps = list && list->initiation;
	uint32_t n = list ? list->n : 0;

	xt_coder_flag(c, &present);
	if (!present)
		return;
	xt_coder_flag(c, &keeps);
	xt_coder_up_to(c, &n, XT_CANDIDATES_MAX);
	if (!c->out) {
		list = peer->candidates = xt_candidates_allocate(n, keeps);
		if (!list) {
			xt_coder_fail(c, XT_E_NOMEM);
			return;
		}
		list->n = n;
	}
	xt_coder_u64(c, &list->hold);
	xt_coder_u64(c, &list->heard);
	for (uint32_t i = 0; i <= n; i++)
		candidate_code(c, list, &list->v[i]);
	candidate_number(c, &list->first, n);
	candidate_number(c, &list->second, n);
	candidate_number(c, &list->trying, n);
	xt_coder_flag(c, &list->contact);
	if (keeps)
		xt_coder_sparse(c, list->initiation, sizeof(*list->initiation));
	/* A slot without an address is not tried. */
	xt_coder_check(c, list->v[n].endpoint.ip.family ||
			      (list->first != n && list->second != n && list->trying != n));
}

static void timers_code(struct xt_coder *c, struct xt_peer *peer)
{
	struct xt_timers *t = &peer->timers;
	bool searches = c->out && peer->search && peer->search->state.phase != XT_PATH_MTU_IDLE;
	uint64_t path_mtu = searches ? 0 : t->path_mtu;
	uint64_t *const due[] = {
	    &t->retransmit, &t->keepalive, &t->new_handshake, &t->erase, &t->persistent,
	    &t->start,	    &t->probe,	   &t->second,	      &path_mtu, &t->urgent,
	};

	for (size_t i = 0; i < XT_LEN(due); i++)
		xt_coder_due(c, due[i]);
	xt_coder_past(c, &t->last_initiation);
	xt_coder_u32(c, &t->attempts);
	xt_coder_u16(c, &t->persistent_s);
	xt_coder_flag(c, &t->last_minute);
	if (!c->out)
		t->path_mtu = path_mtu;
}

static void cookie_code(struct xt_coder *c, struct xt_cookie_maker *m)
{
	xt_coder_flag(c, &m->awaits_reply);
	if (m->awaits_reply)
		xt_coder_bytes(c, m->last_mac1, sizeof(m->last_mac1));
	xt_coder_flag(c, &m->has_cookie);
	if (!m->has_cookie)
		return;
	xt_coder_bytes(c, m->cookie, sizeof(m->cookie));
	xt_coder_past(c, &m->born);
	xt_coder_check(c, m->born != XT_NEVER);
}

static void staged_encode(struct xt_coder *c, const struct xt_staged_packet *packet)
{
	uint32_t len = xt_staged_packet_len(packet);
	const uint8_t *bytes;
	size_t n;

	xt_coder_u32(c, &len);
	for (size_t at = 0; (n = xt_staged_piece(packet, at, &bytes)) > 0; at += n)
		xt_coder_put(c, bytes, n);
}

static void staged_decode(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	uint32_t len = 0, pushed_out;
	const uint8_t *bytes;

	xt_coder_up_to(c, &len, XT_PACKET_MAX);
	bytes = xt_coder_view(c, len);
	xt_coder_check(c, bytes && len &&
			      xt_staged_push(dev->staged, &peer->staged, bytes, len, XT_STAGED_MAX,
					     &pushed_out) &&
			      !pushed_out);
}

static void staged_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	const struct xt_staged_packet *packet = NULL;
	size_t n = xt_coder_count(c, peer->staged.n, 2);

	for (size_t i = 0; i < n && !c->error; i++)
		if (c->out)
			staged_encode(c, packet = xt_staged_next(&peer->staged, packet));
		else
			staged_decode(c, dev, peer);
}

static void path_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_path path = peer->path;

	xt_coder_path(c, &path);
	xt_coder_flag(c, &peer->endpoint_set);
	xt_coder_flag(c, &peer->endpoint_learned);
	xt_coder_flag(c, &peer->loop);
	if (!c->out && !c->error)
		xt_peer_place(dev, peer, &path);
}

/* The lists of the device that the peer is on. Their order says nothing that matters. The number of
 * a way is one of this process: the other one notes its own, before the network changes. */
static void lists_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	bool tx_ready = peer->tx_ready, unsaved = peer->unsaved, lost = peer->way == XT_WAY_NONE;
	bool wayless =
	    peer->wayless || (peer->way > XT_WAY_NONE && xt_keypairs_present(&peer->keypairs));

	xt_coder_flag(c, &tx_ready);
	xt_coder_flag(c, &unsaved);
	xt_coder_flag(c, &lost);
	xt_coder_flag(c, &wayless);
	if (c->out)
		return;
	if (tx_ready)
		xt_peer_set_tx_ready(dev, peer);
	if (unsaved)
		xt_peer_remember(dev, peer);
	peer->way = lost ? XT_WAY_NONE : 0;
	if (!wayless)
		return;
	peer->wayless = true;
	DL_APPEND2(dev->wayless, peer, prev_wayless, next_wayless);
}

static void counters_code(struct xt_coder *c, struct xt_peer *peer)
{
	xt_coder_sparse(c, peer->last_timestamp, sizeof(peer->last_timestamp));
	xt_coder_u64(c, &peer->timestamp_next);
	xt_coder_past(c, &peer->last_consumed);
	xt_coder_u64(c, &peer->tx_bytes);
	xt_coder_u64(c, &peer->rx_bytes);
	xt_coder_u64(c, &peer->last_handshake_wall);
	xt_coder_u64(c, &peer->heard_wall);
	xt_coder_sparse(c, peer->heard4, sizeof(peer->heard4));
	xt_coder_sparse(c, peer->heard6, sizeof(peer->heard6));
	xt_coder_u32(c, &peer->suspends);
	xt_coder_flag(c, &peer->cut);
	xt_coder_u8_up_to(c, &peer->bound_waits, XT_BOUND_WAITS);
	xt_coder_u8(c, &peer->probes);
	xt_coder_flag(c, &peer->keepalive_pending);
}

void xt_snapshot_peer(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	xt_coder_sparse(c, peer->secret->noise.psk.b, sizeof(peer->secret->noise.psk.b));
	name_code(c, peer);
	xt_coder_ip(c, &peer->probe_address);
	xt_coder_flag(c, &peer->critical);
	allowed_code(c, dev, peer);
	path_code(c, dev, peer);
	candidates_code(c, peer);
	timers_code(c, peer);
	xt_snapshot_sessions(c, dev, peer);
	cookie_code(c, &peer->cookie);
	counters_code(c, peer);
	xt_snapshot_path_mtu(c, peer);
	xt_snapshot_facts(c, peer);
	staged_code(c, dev, peer);
	lists_code(c, dev, peer);
}
