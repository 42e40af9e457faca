/* SPDX-License-Identifier: MIT */
/* Applies a change, all or nothing: first every step that can fail, then a commit that cannot. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "core/device_impl.h"
#include "crypto/dh.h"

/* State of one xt_device_apply. Before the commit new peers are in the device's table of keys, but
 * in no list. When the change replaces all peers, those that it adds again are recreated in place,
 * so that a hub that is given its peers once more needs no memory for twice as many. */
struct apply {
	const struct xt_change *change;
	bool replaces; /* all peers: an old one exists only once the change adds it again */
	struct xt_peer **added; /* new peers and those to recreate, in order */
	size_t n_added;
	char **names;	 /* per peer change, or NULL */
	bool *recreates; /* per peer change: it removes a peer that a later one adds again */
	struct xt_public local_key; /* after the change */
	bool has_local;
};

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

static int apply_add_peer(struct xt_device *dev, struct apply *apply, const struct xt_public *key)
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
	peer->recreated = true;
	apply->added[apply->n_added++] = peer;
	return 0;
}

/* Entry i, after those before it: it adds a peer, or keeps one that an earlier entry removes. */
static int apply_prepare_peer(struct xt_device *dev, struct apply *apply, size_t i)
{
	const struct xt_peer_change *pc = &apply->change->peers[i];
	struct xt_peer *peer = xt_peer_find(dev, &pc->key);
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

static int apply_prepare_peers(struct xt_device *dev, struct apply *apply)
{
	const struct xt_change *c = apply->change;
	size_t networks = 0;

	for (size_t i = 0; i < c->n_peers; i++) {
		const struct xt_peer_change *pc = &c->peers[i];

		if (!peer_change_is_valid(pc))
			return XT_E_INVALID;
		networks += pc->n_allowed;
		if ((pc->set & XT_PEER_NAME) && pc->name[0]) {
			apply->names[i] = strdup(pc->name);
			if (!apply->names[i])
				return XT_E_NOMEM;
		}
		int err = apply_prepare_peer(dev, apply, i);
		if (err)
			return err;
	}
	int err = xt_allowedips_reserve(&dev->allowed, networks);
	return err ? err : xt_heap_reserve(&dev->deadlines, dev->n_peers + apply->n_added);
}

static int apply_prepare(struct xt_device *dev, struct apply *apply)
{
	const struct xt_change *c = apply->change;

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
	apply->names = calloc(c->n_peers + 1, sizeof(*apply->names));
	apply->added = calloc(c->n_peers + 1, sizeof(*apply->added));
	apply->recreates = calloc(c->n_peers + 1, sizeof(*apply->recreates));
	if (!apply->names || !apply->added || !apply->recreates || c->n_peers >= UINT32_MAX)
		return XT_E_NOMEM;
	return apply_prepare_peers(dev, apply);
}

/* After a failure: clear the marks of the peers that stay. */
static void apply_clear_marks(struct xt_device *dev, const struct apply *apply)
{
	struct xt_peer *peer;

	for (size_t i = 0; apply->recreates && i < apply->change->n_peers; i++) {
		if ((apply->change->peers[i].set & XT_PEER_REMOVE) &&
		    (peer = xt_peer_find(dev, &apply->change->peers[i].key)))
			peer->superseded_by = 0;
	}
}

static void apply_clear(struct xt_device *dev, struct apply *apply)
{
	for (size_t i = 0; i < apply->n_added; i++) {
		struct xt_peer *peer = apply->added[i];

		peer->recreated = false;
		if (!peer->pending)
			continue;
		HASH_DELETE(by_key, dev->peers_by_key, peer);
		xt_peer_free(dev, peer);
	}
	for (size_t i = 0; apply->names && i < apply->change->n_peers; i++)
		free(apply->names[i]);
}

static void peer_remove(struct xt_device *dev, struct xt_peer *peer)
{
	xt_peer_unlink(dev, peer);
	xt_peer_free(dev, peer);
}

/* Packets or keepalives that waited for an endpoint or a key can be sent now. */
static void peer_start_waiting(struct xt_time now, struct xt_peer *peer)
{
	if (peer->path.remote.ip.family &&
	    (peer->staged.n || (peer->timers.persistent_s && peer->timers.persistent == XT_NEVER)))
		peer->timers.start = XT_MIN(peer->timers.start, now.mono);
}

/* No session is left and no initiation of the new identity was sent: nothing delays the first. */
static void peer_change_identity(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
				 bool has_key)
{
	peer->secret->ready = false;
	peer->keepalive_pending = false;
	xt_peer_erase(dev, peer);
	xt_timers_identity_changed(&peer->timers);
	if (has_key) {
		peer->timers.persistent = XT_NEVER;
		peer_start_waiting(now, peer);
	}
	xt_peer_mark_dirty(dev, peer);
}

/* Sessions belong to the identity: a new identity ends them all. */
static void apply_commit_key(struct xt_device *dev, struct xt_time now, const struct apply *apply)
{
	const struct xt_private *key = &apply->change->private_key;
	struct xt_peer *peer;
	uint64_t start;

	if (!(apply->change->set & XT_SET_PRIVATE_KEY))
		return;
	if (apply->has_local == dev->local->has_key &&
	    (!apply->has_local ||
	     !memcmp(&dev->local->public_key, &apply->local_key, sizeof(apply->local_key))))
		return;
	start = dev->env.clock ? dev->env.clock(dev->env.ctx) : 0;
	xt_noise_local_set(dev->local, apply->has_local ? key : NULL);
	if (dev->env.clock && apply->has_local)
		xt_load_estimate(&dev->load, dev->env.clock(dev->env.ctx) - start);
	xt_cookie_checker_clear(&dev->checker);
	xt_cookie_checker_init(&dev->checker, &apply->local_key, dev->env.random, dev->env.ctx);
	DL_FOREACH(dev->peers, peer)
	peer_change_identity(dev, now, peer, apply->has_local);
	if (apply->has_local && (peer = xt_peer_find(dev, &apply->local_key)))
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

/* A late answer must not take a peer away from where it was heard, or from where it was put. */
static bool endpoint_wanted(const struct xt_peer *peer, const struct xt_peer_change *pc,
			    uint64_t now)
{
	const struct xt_keypairs *keypairs = &peer->keypairs;

	if (!(pc->set & XT_PEER_ENDPOINT_ANSWER) || peer->path.remote.ip.family == 0)
		return true;
	return !peer->endpoint_set && !xt_keypair_may_send(keypairs->next, now) &&
	       !xt_keypair_may_send(keypairs->current, now);
}

static void peer_commit(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			const struct xt_peer_change *pc, char **name)
{
	if (pc->set & XT_PEER_PSK)
		peer->secret->noise.psk = pc->psk;
	if (pc->set & XT_PEER_ENDPOINT && endpoint_wanted(peer, pc, now.mono)) {
		struct xt_path path;

		memset(&path, 0, sizeof(path));
		path.remote = pc->endpoint;
		peer->endpoint_learned = false;
		xt_peer_set_path(dev, peer, &path);
		peer->endpoint_set = !(pc->set & XT_PEER_ENDPOINT_ANSWER);
	}
	if (pc->set & XT_PEER_PROBE_ADDRESS)
		peer->probe_address = pc->probe_address;
	if (pc->set & XT_PEER_NAME) {
		free(peer->name);
		peer->name = *name;
		*name = NULL;
	}
	peer_commit_allowed(dev, peer, pc);
	if (pc->set & XT_PEER_KEEPALIVE)
		xt_timers_set_persistent(&peer->timers, now.mono, pc->keepalive_s);
	peer_start_waiting(now, peer);
	xt_peer_mark_dirty(dev, peer);
}

/* Put the added peers behind those that stay. All are pending until their entry is reached. */
static void apply_commit_added(struct xt_device *dev, const struct apply *apply)
{
	struct xt_peer *peer, *next;

	if (apply->replaces) {
		DL_FOREACH_SAFE(dev->peers, peer, next)
		{
			if (!peer->recreated)
				peer_remove(dev, peer);
		}
	}
	for (size_t i = 0; i < apply->n_added; i++) {
		peer = apply->added[i];
		if (peer->pending)
			xt_peer_join(dev, peer);
		else
			xt_peer_recreate(dev, peer);
		peer->pending = true;
		peer->recreated = false;
	}
}

static void apply_commit_peers(struct xt_device *dev, struct xt_time now, struct apply *apply)
{
	const struct xt_change *c = apply->change;

	apply_commit_added(dev, apply);
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct xt_peer_change *pc = &c->peers[i];
		struct xt_peer *peer = xt_peer_find(dev, &pc->key);

		if (!peer || (peer->pending && (pc->set & (XT_PEER_REMOVE | XT_PEER_UPDATE_ONLY))))
			continue;
		peer->pending = apply->recreates[i];
		peer->superseded_by = 0;
		if (peer->pending)
			xt_peer_recreate(dev, peer);
		else if (pc->set & XT_PEER_REMOVE)
			peer_remove(dev, peer);
		else
			peer_commit(dev, now, peer, pc, &apply->names[i]);
	}
}

int xt_device_apply(struct xt_device *dev, struct xt_time now, const struct xt_change *change)
{
	struct apply apply = {.change = change};
	int err = apply_prepare(dev, &apply);

	if (err) {
		apply_clear_marks(dev, &apply);
		apply_clear(dev, &apply);
	} else {
		if (!dev->restart_until)
			dev->restart_until = now.mono + XT_RESTART_WINDOW;
		apply_commit_key(dev, now, &apply);
		apply_commit_peers(dev, now, &apply);
		if (change->set & XT_SET_LISTEN_PORT)
			dev->listen_port = change->listen_port;
		if (change->set & XT_SET_FWMARK)
			dev->fwmark = change->fwmark;
		xt_peers_update_deadlines(dev);
		apply.n_added = 0;
		apply_clear(dev, &apply); /* names that were not used */
	}
	free(apply.names);
	free(apply.added);
	free(apply.recreates);
	return err;
}
