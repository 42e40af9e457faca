/* SPDX-License-Identifier: MIT */
/* Applies a change, all or nothing: first every step that can fail, then a commit that cannot; both
 * in slices. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/size.h"
#include "base/text.h"
#include "core/apply.h"
#include "core/device_impl.h"
#include "core/endpoints.h"
#include "crypto/dh.h"

static bool cidr_is_valid(const struct xt_cidr *cidr)
{
	return (cidr->ip.family == 4 && cidr->bits <= 32) ||
	       (cidr->ip.family == 6 && cidr->bits <= 128);
}

static bool peer_change_is_valid(const struct xt_peer_change *pc)
{
	if ((pc->set & XT_PEER_ENDPOINT) &&
	    ((pc->endpoint.ip.family != 4 && pc->endpoint.ip.family != 6) || !pc->endpoint.port))
		return false;
	if ((pc->set & XT_PEER_NAME) && !memchr(pc->name, 0, sizeof(pc->name)))
		return false;
	for (size_t i = 0; i < pc->n_allowed; i++)
		if (!cidr_is_valid(&pc->allowed[i].cidr))
			return false;
	return true;
}

static int apply_add_peer(struct xt_device *dev, struct xt_apply *apply,
			  const struct xt_public *key)
{
	struct xt_peer *peer = xt_peer_new(dev, key);

	if (!peer)
		return XT_E_NOMEM;
	peer->pending = true;
	HASH_ADD(by_key, dev->peers_by_key, key, sizeof(peer->key), peer);
	if (!peer->by_key.tbl) {
		xt_peer_free(dev, peer);
		return XT_E_NOMEM;
	}
	xt_table_reserve(by_key, dev->peers_by_key, dev->n_peers + apply->change->n_peers);
	peer->recreated = true;
	apply->added[apply->n_added++] = peer;
	return 0;
}

/* Entry i, after those before it: it adds a peer, or keeps one that an earlier entry removes. */
static int apply_prepare_peer(struct xt_device *dev, struct xt_apply *apply, size_t i)
{
	const struct xt_peer_change *pc = &apply->change->peers[i];
	struct xt_peer *peer = xt_peer_find_pending(dev, &pc->key);
	bool exists = peer && (!apply->replaces || peer->recreated);

	if (pc->set & XT_PEER_REMOVE) {
		if (exists)
			peer->superseded_by = (uint32_t)i + 1;
		return 0;
	}
	if (pc->set & XT_PEER_UPDATE_ONLY)
		return 0;
	if (apply->has_local && !memcmp(&apply->local_key, &pc->key, sizeof(pc->key)))
		return 0;
	if (!peer)
		return apply_add_peer(dev, apply, &pc->key);
	if (!exists) {
		peer->recreated = true;
		apply->added[apply->n_added++] = peer;
		return 0;
	}
	if (peer->superseded_by)
		apply->recreates[peer->superseded_by - 1] = true;
	peer->superseded_by = 0;
	return 0;
}

static int apply_prepare_entry(struct xt_device *dev, struct xt_apply *apply, size_t i)
{
	const struct xt_peer_change *pc = &apply->change->peers[i];

	if (!peer_change_is_valid(pc))
		return XT_E_INVALID;
	if (!xt_size_add(&apply->networks, apply->networks, pc->n_allowed))
		return XT_E_NOMEM;
	if ((pc->set & XT_PEER_NAME) && pc->name[0]) {
		apply->names[i] = strdup(pc->name);
		if (!apply->names[i])
			return XT_E_NOMEM;
	}
	return apply_prepare_peer(dev, apply, i);
}

static int apply_prepare_change(struct xt_device *dev, struct xt_apply *apply)
{
	const struct xt_change *c = apply->change;

	/* Entries are numbered by 32 bits, and they are in memory: a greater number is an error. */
	if (c->n_peers >= XT_MIN((size_t)UINT32_MAX, PTRDIFF_MAX / sizeof(*c->peers)))
		return XT_E_NOMEM;
	apply->replaces = c->set & XT_SET_REPLACE_PEERS;
	apply->has_local = dev->local->has_key;
	apply->local_key = dev->local->public_key;
	if (c->set & XT_SET_PRIVATE_KEY) {
		apply->has_local = !sodium_is_zero(c->private_key.b, sizeof(c->private_key.b));
		if (apply->has_local) {
			struct xt_private key = c->private_key;
			xt_dh_clamp(&key);
			xt_dh_public(&apply->local_key, &key);
			xt_wipe(&key, sizeof(key));
		}
	}
	apply->switches = apply->has_local != dev->local->has_key ||
			  (apply->has_local && memcmp(&dev->local->public_key, &apply->local_key,
						      sizeof(apply->local_key)) != 0);
	apply->names = calloc(c->n_peers + 1, sizeof(*apply->names));
	apply->added = calloc(c->n_peers + 1, sizeof(*apply->added));
	apply->recreates = calloc(c->n_peers + 1, sizeof(*apply->recreates));
	if (!apply->names || !apply->added || !apply->recreates)
		return XT_E_NOMEM;
	return 0;
}

static void peer_remove(struct xt_device *dev, struct xt_peer *peer)
{
	xt_peer_unlink(dev, peer);
	xt_peer_free(dev, peer);
}

/* In constant time: each peer follows before its sessions are used. */
static void apply_switch_identity(struct xt_device *dev, struct xt_apply *apply)
{
	struct xt_peer *peer;
	uint64_t start = dev->env.clock ? dev->env.clock(dev->env.ctx) : 0;

	xt_noise_local_set(dev->local, apply->has_local ? &apply->change->private_key : NULL);
	if (dev->env.clock && apply->has_local)
		xt_load_estimate(&dev->load, dev->env.clock(dev->env.ctx) - start);
	xt_cookie_checker_clear(&dev->checker);
	xt_cookie_checker_init(&dev->checker, &apply->local_key, dev->env.random, dev->env.ctx);
	xt_strangers_forget(&dev->strangers);
	dev->identity++;
	apply->switched = true;
	if (apply->has_local && (peer = xt_peer_find_pending(dev, &apply->local_key)))
		peer_remove(dev, peer);
}

static void peer_commit_allowed(struct xt_device *dev, struct xt_peer *peer,
				const struct xt_peer_change *pc)
{
	if (pc->set & XT_PEER_REPLACE_ALLOWED)
		xt_allowedips_remove_peer(&dev->allowed, peer);
	for (size_t i = 0; i < pc->n_allowed; i++) {
		if (pc->allowed[i].remove)
			xt_allowedips_remove(&dev->allowed, &pc->allowed[i].cidr, peer);
		else
			(void)xt_allowedips_insert(&dev->allowed, &pc->allowed[i].cidr, peer);
	}
}

static void peer_set_endpoint(struct xt_device *dev, struct xt_peer *peer,
			      const struct xt_endpoint *endpoint)
{
	struct xt_path path;

	memset(&path, 0, sizeof(path));
	if (!xt_endpoint_equal(&peer->path.remote, endpoint))
		xt_facts_forget_attempt(&peer->facts);
	path.remote = *endpoint;
	peer->endpoint_learned = false;
	xt_endpoint_drop_list(peer);
	xt_peer_set_path(dev, peer, &path);
	peer->endpoint_set = true;
}

static void peer_commit(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			const struct xt_peer_change *pc, char **name)
{
	if (pc->set & XT_PEER_PSK) {
		peer->secret->noise.psk = pc->psk;
		xt_facts_forget_attempt(&peer->facts);
	}
	if (pc->set & XT_PEER_ENDPOINT)
		peer_set_endpoint(dev, peer, &pc->endpoint);
	if (pc->set & XT_PEER_PROBE_ADDRESS)
		peer->probe_address = pc->probe_address;
	if (pc->set & XT_PEER_CRITICAL)
		peer->critical = pc->critical;
	if (pc->set & XT_PEER_NAME) {
		free(peer->name);
		peer->name = *name;
		*name = NULL;
	}
	peer_commit_allowed(dev, peer, pc);
	if (pc->set & XT_PEER_KEEPALIVE)
		xt_timers_set_persistent(&peer->timers, now.mono, pc->keepalive_s);
	xt_peer_start_waiting(now, peer);
	xt_peer_mark_dirty(dev, peer);
}

/* Entry i. A peer that the change adds goes behind those that stay when its entry is reached. */
static void apply_commit_entry(struct xt_device *dev, struct xt_time now, struct xt_apply *apply,
			       size_t i)
{
	const struct xt_peer_change *pc = &apply->change->peers[i];
	struct xt_peer *peer = xt_peer_find_pending(dev, &pc->key);

	if (!peer || ((peer->pending || peer->recreated) &&
		      (pc->set & (XT_PEER_REMOVE | XT_PEER_UPDATE_ONLY))))
		return;
	if (peer->recreated && peer->pending)
		xt_peer_join(dev, peer);
	else if (peer->recreated)
		xt_peer_recreate(dev, peer);
	peer->recreated = false;
	peer->pending = apply->recreates[i];
	peer->superseded_by = 0;
	if (peer->pending)
		xt_peer_recreate(dev, peer);
	else if (pc->set & XT_PEER_REMOVE)
		peer_remove(dev, peer);
	else
		peer_commit(dev, now, peer, pc, &apply->names[i]);
}

static void phase_begin(struct xt_apply *apply, enum xt_apply_phase phase)
{
	apply->phase = phase;
	apply->at = 0;
}

static void apply_fail(struct xt_apply *apply, int error)
{
	apply->error = error;
	phase_begin(apply, XT_APPLY_UNDO);
}

/* The newest first: what lies at the end of the heap goes back to the system little by little. The
 * first in the list has the last as its prev. */
static void remove_begin(struct xt_device *dev, struct xt_apply *apply)
{
	apply->next = dev->peers ? dev->peers->prev : NULL;
	phase_begin(apply, XT_APPLY_REMOVE);
}

static void apply_commit_begin(struct xt_device *dev, struct xt_time now, struct xt_apply *apply)
{
	int err = xt_allowedips_reserve(&dev->allowed, apply->networks);

	if (!err)
		err = xt_heap_reserve(&dev->deadlines, dev->n_peers + apply->n_added);
	if (err) {
		apply_fail(apply, err);
		return;
	}
	if (!dev->restart_until)
		dev->restart_until = now.mono + XT_RESTART_WINDOW;
	if (apply->switches)
		apply_switch_identity(dev, apply);
	if (apply->switches) {
		apply->next = dev->peers;
		phase_begin(apply, XT_APPLY_FOLLOW);
	} else {
		remove_begin(dev, apply);
	}
}

static void apply_commit_end(struct xt_device *dev, struct xt_apply *apply)
{
	const struct xt_change *change = apply->change;

	if (change->set & XT_SET_LISTEN_PORT)
		dev->listen_port = change->listen_port;
	if (change->set & XT_SET_FWMARK)
		dev->fwmark = change->fwmark;
	phase_begin(apply, XT_APPLY_CLEAR);
}

static void apply_follow_next(struct xt_device *dev, struct xt_time now, struct xt_apply *apply)
{
	if (apply->next) {
		xt_peer_follow(dev, now, apply->next);
		apply->next = apply->next->next;
		return;
	}
	remove_begin(dev, apply);
}

static void apply_remove_next(struct xt_device *dev, struct xt_apply *apply)
{
	struct xt_peer *peer = apply->replaces ? apply->next : NULL;

	if (!peer) {
		phase_begin(apply, XT_APPLY_COMMIT);
		return;
	}
	apply->next = peer == dev->peers ? NULL : peer->prev;
	if (!peer->recreated)
		peer_remove(dev, peer);
}

/* Forget an added peer, and the mark of entry at. */
static void apply_undo_next(struct xt_device *dev, struct xt_apply *apply)
{
	size_t i = apply->at++;
	struct xt_peer *peer;

	if (i < apply->n_added) {
		peer = apply->added[i];
		peer->recreated = false;
		peer->superseded_by = 0;
		if (peer->pending) {
			HASH_DELETE(by_key, dev->peers_by_key, peer);
			xt_peer_free(dev, peer);
		}
	}
	if (i >= apply->change->n_peers)
		phase_begin(apply, XT_APPLY_CLEAR);
	else if ((apply->change->peers[i].set & XT_PEER_REMOVE) &&
		 (peer = xt_peer_find_pending(dev, &apply->change->peers[i].key)))
		peer->superseded_by = 0;
}

static void apply_clear_next(struct xt_apply *apply)
{
	if (apply->names && apply->at < apply->change->n_peers) {
		free(apply->names[apply->at++]);
		return;
	}
	free(apply->names);
	free(apply->added);
	free(apply->recreates);
	apply->phase = XT_APPLY_OVER;
	apply->dev->applying = NULL;
}

static void apply_next(struct xt_apply *apply, struct xt_time now)
{
	struct xt_device *dev = apply->dev;
	size_t n = apply->change->n_peers;
	int err;

	switch (apply->phase) {
	case XT_APPLY_PREPARE:
		err = apply->at < n ? apply_prepare_entry(dev, apply, apply->at) : 0;
		if (err)
			apply_fail(apply, err);
		else if (apply->at++ >= n)
			apply_commit_begin(dev, now, apply);
		break;
	case XT_APPLY_FOLLOW:
		apply_follow_next(dev, now, apply);
		break;
	case XT_APPLY_REMOVE:
		apply_remove_next(dev, apply);
		break;
	case XT_APPLY_COMMIT:
		if (apply->at < n)
			apply_commit_entry(dev, now, apply, apply->at++);
		else
			apply_commit_end(dev, apply);
		break;
	case XT_APPLY_UNDO:
		apply_undo_next(dev, apply);
		break;
	case XT_APPLY_CLEAR:
		apply_clear_next(apply);
		break;
	case XT_APPLY_OVER:
		break;
	}
}

bool xt_apply_step(struct xt_apply *apply, struct xt_time now, size_t n)
{
	for (; n > 0 && apply->phase != XT_APPLY_OVER; n--)
		apply_next(apply, now);
	xt_peers_update_deadlines(apply->dev);
	return apply->phase != XT_APPLY_OVER;
}

void xt_apply_begin(struct xt_apply *apply, struct xt_device *dev, const struct xt_change *change)
{
	*apply = (struct xt_apply){.dev = dev, .change = change};
	dev->applying = apply;
	apply->error = apply_prepare_change(dev, apply);
	if (apply->error) /* no entry was looked at: there is nothing to undo */
		phase_begin(apply, XT_APPLY_CLEAR);
}

int xt_device_apply(struct xt_device *dev, struct xt_time now, const struct xt_change *change)
{
	struct xt_apply apply;

	if (dev->applying)
		return XT_E_AGAIN;
	xt_apply_begin(&apply, dev, change);
	while (xt_apply_step(&apply, now, SIZE_MAX))
		;
	return apply.error;
}
