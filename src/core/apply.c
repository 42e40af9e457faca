/* A change becomes the device's state, all or nothing: first everything that can fail, then a
 * commit that cannot. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "core/device_impl.h"
#include "crypto/dh.h"

/* What was got before the commit. New peers stand in the device's table of keys, but in no list
 * yet. When all peers are replaced, those that the change makes again are kept to be renewed: a hub
 * that is given its peers once more needs no memory for twice as many. */
struct plan {
	const struct xt_change *change;
	struct xt_peer **made; /* the new ones and those to be renewed, in order */
	bool replaces;	       /* all peers: an old one counts only once the change made it anew */
	char **names;	       /* per peer change, or NULL */
	bool *renewed;	       /* per peer change: it removes a peer that a later one makes anew */
	size_t n_made;
	struct xt_public own; /* after the change */
	bool has_own;
};

static bool cidr_valid(const struct xt_cidr *cidr)
{
	return (cidr->ip.family == 4 && cidr->bits <= 32) ||
	       (cidr->ip.family == 6 && cidr->bits <= 128);
}

static bool peer_change_valid(const struct xt_peer_change *pc)
{
	if ((pc->set & XT_PEER_ENDPOINT) &&
	    ((pc->endpoint.ip.family != 4 && pc->endpoint.ip.family != 6) || !pc->endpoint.port))
		return false;
	if ((pc->set & XT_PEER_NAME) && !memchr(pc->name, 0, sizeof(pc->name)))
		return false;
	for (size_t i = 0; i < pc->n_allowed; i++)
		if (!cidr_valid(&pc->allowed[i].cidr))
			return false;
	return true;
}

static int make_peer(struct xt_device *dev, struct plan *plan, const struct xt_public *key)
{
	struct xt_peer *peer = xt_peer_new(dev, key);

	if (!peer)
		return XT_E_NOMEM;
	peer->ghost = true;
	HASH_ADD(by_key, dev->peers_by_key, key, sizeof(peer->key), peer);
	if (!peer->by_key.tbl) {
		xt_peer_free(dev, peer);
		return XT_E_NOMEM;
	}
	peer->anew = true;
	plan->made[plan->n_made++] = peer;
	return 0;
}

/* The i-th entry in its turn: a peer to make, or one to be kept that an earlier entry removes. */
static int prepare_peer(struct xt_device *dev, struct plan *plan, size_t i)
{
	const struct xt_peer_change *pc = &plan->change->peers[i];
	struct xt_peer *peer = xt_peer_find(dev, &pc->key);
	bool there = peer && (!plan->replaces || peer->anew);

	if (pc->set & XT_PEER_REMOVE) {
		if (there)
			peer->renewal = (uint32_t)i + 1;
		return 0;
	}
	if (pc->set & XT_PEER_UPDATE_ONLY)
		return 0;
	if (plan->has_own && !memcmp(&plan->own, &pc->key, sizeof(pc->key)))
		return 0;
	if (!peer)
		return make_peer(dev, plan, &pc->key);
	if (!there) {
		peer->anew = true;
		plan->made[plan->n_made++] = peer;
		return 0;
	}
	if (peer->renewal)
		plan->renewed[peer->renewal - 1] = true;
	peer->renewal = 0;
	return 0;
}

static int prepare_peers(struct xt_device *dev, struct plan *plan)
{
	const struct xt_change *c = plan->change;
	size_t networks = 0;

	for (size_t i = 0; i < c->n_peers; i++) {
		const struct xt_peer_change *pc = &c->peers[i];

		if (!peer_change_valid(pc))
			return XT_E_INVALID;
		networks += pc->n_allowed;
		if ((pc->set & XT_PEER_NAME) && pc->name[0]) {
			plan->names[i] = strdup(pc->name);
			if (!plan->names[i])
				return XT_E_NOMEM;
		}
		int err = prepare_peer(dev, plan, i);
		if (err)
			return err;
	}
	int err = xt_allowedips_reserve(&dev->allowed, networks);
	return err ? err : xt_heap_reserve(&dev->deadlines, dev->n_peers + plan->n_made);
}

static int prepare(struct xt_device *dev, struct plan *plan)
{
	const struct xt_change *c = plan->change;

	plan->replaces = c->set & XT_SET_REPLACE_PEERS;
	plan->has_own = dev->local->has_key;
	plan->own = dev->local->public_key;
	if (c->set & XT_SET_PRIVATE_KEY) {
		plan->has_own = !sodium_is_zero(c->private_key.b, sizeof(c->private_key.b));
		if (plan->has_own) {
			struct xt_private key = c->private_key;
			xt_dh_clamp(&key);
			xt_dh_public(&plan->own, &key);
			xt_wipe(&key, sizeof(key));
		}
	}
	plan->names = calloc(c->n_peers + 1, sizeof(*plan->names));
	plan->made = calloc(c->n_peers + 1, sizeof(*plan->made));
	plan->renewed = calloc(c->n_peers + 1, sizeof(*plan->renewed));
	if (!plan->names || !plan->made || !plan->renewed || c->n_peers >= UINT32_MAX)
		return XT_E_NOMEM;
	return prepare_peers(dev, plan);
}

/* After a failure: peers that stay bear no mark. */
static void forget_renewals(struct xt_device *dev, const struct plan *plan)
{
	struct xt_peer *peer;

	for (size_t i = 0; plan->renewed && i < plan->change->n_peers; i++) {
		if ((plan->change->peers[i].set & XT_PEER_REMOVE) &&
		    (peer = xt_peer_find(dev, &plan->change->peers[i].key)))
			peer->renewal = 0;
	}
}

static void forget_plan(struct xt_device *dev, struct plan *plan)
{
	for (size_t i = 0; i < plan->n_made; i++) {
		struct xt_peer *peer = plan->made[i];

		peer->anew = false;
		if (!peer->ghost)
			continue;
		HASH_DELETE(by_key, dev->peers_by_key, peer);
		xt_peer_free(dev, peer);
	}
	for (size_t i = 0; plan->names && i < plan->change->n_peers; i++)
		free(plan->names[i]);
}

static void remove_peer(struct xt_device *dev, struct xt_peer *peer)
{
	xt_peer_unlink(dev, peer);
	xt_peer_free(dev, peer);
}

/* Sessions belong to the identity: a new one ends them all. */
static void commit_key(struct xt_device *dev, const struct plan *plan)
{
	const struct xt_private *key = &plan->change->private_key;
	struct xt_peer *peer;

	if (!(plan->change->set & XT_SET_PRIVATE_KEY))
		return;
	if (plan->has_own == dev->local->has_key &&
	    (!plan->has_own || !memcmp(&dev->local->public_key, &plan->own, sizeof(plan->own))))
		return;
	xt_noise_local_set(dev->local, plan->has_own ? key : NULL);
	xt_cookie_checker_clear(&dev->checker);
	xt_cookie_checker_init(&dev->checker, &plan->own, dev->env.random, dev->env.ctx);
	DL_FOREACH(dev->peers, peer)
	{
		peer->secret->ready = false;
		xt_peer_erase(dev, peer);
		peer->timers.retransmit = peer->timers.new_handshake = XT_NEVER;
		peer->timers.keepalive = XT_NEVER;
		xt_peer_mark_dirty(dev, peer);
	}
	if (plan->has_own && (peer = xt_peer_find(dev, &plan->own)))
		remove_peer(dev, peer);
}

static void commit_allowed(struct xt_device *dev, struct xt_peer *peer,
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

static void commit_peer(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			const struct xt_peer_change *pc, char **name)
{
	if (pc->set & XT_PEER_PSK)
		peer->secret->noise.psk = pc->psk;
	if (pc->set & XT_PEER_ENDPOINT) {
		struct xt_path path;

		memset(&path, 0, sizeof(path));
		path.remote = pc->endpoint;
		xt_peer_set_path(dev, peer, &path);
	}
	if (pc->set & XT_PEER_NAME) {
		free(peer->name);
		peer->name = *name;
		*name = NULL;
	}
	commit_allowed(dev, peer, pc);
	if (pc->set & XT_PEER_KEEPALIVE)
		xt_timers_set_persistent(&peer->timers, now.mono, pc->keepalive_s);
	/* What waited for an endpoint or a key can go now. */
	if (peer->path.remote.ip.family &&
	    (peer->staged.n || (peer->timers.persistent_s && peer->timers.persistent == XT_NEVER)))
		peer->timers.start = XT_MIN(peer->timers.start, now.mono);
	xt_peer_mark_dirty(dev, peer);
}

/* All that the change made is there, as ghosts, behind what was there before. */
static void commit_made(struct xt_device *dev, const struct plan *plan)
{
	struct xt_peer *peer, *next;

	if (plan->replaces) {
		DL_FOREACH_SAFE(dev->peers, peer, next)
		{
			if (!peer->anew)
				remove_peer(dev, peer);
		}
	}
	for (size_t i = 0; i < plan->n_made; i++) {
		peer = plan->made[i];
		if (peer->ghost)
			xt_peer_join(dev, peer);
		else
			xt_peer_renew(dev, peer);
		peer->ghost = true;
		peer->anew = false;
	}
}

static void commit_peers(struct xt_device *dev, struct xt_time now, struct plan *plan)
{
	const struct xt_change *c = plan->change;

	commit_made(dev, plan);
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct xt_peer_change *pc = &c->peers[i];
		struct xt_peer *peer = xt_peer_find(dev, &pc->key);

		if (!peer || (peer->ghost && (pc->set & (XT_PEER_REMOVE | XT_PEER_UPDATE_ONLY))))
			continue;
		peer->ghost = plan->renewed[i];
		peer->renewal = 0;
		if (peer->ghost)
			xt_peer_renew(dev, peer);
		else if (pc->set & XT_PEER_REMOVE)
			remove_peer(dev, peer);
		else
			commit_peer(dev, now, peer, pc, &plan->names[i]);
	}
}

int xt_device_apply(struct xt_device *dev, struct xt_time now, const struct xt_change *change)
{
	struct plan plan = {.change = change};
	int err = prepare(dev, &plan);

	if (err) {
		forget_renewals(dev, &plan);
		forget_plan(dev, &plan);
	} else {
		commit_key(dev, &plan);
		commit_peers(dev, now, &plan);
		if (change->set & XT_SET_LISTEN_PORT)
			dev->listen_port = change->listen_port;
		if (change->set & XT_SET_FWMARK)
			dev->fwmark = change->fwmark;
		xt_peers_update_deadlines(dev);
		plan.n_made = 0;
		forget_plan(dev, &plan); /* names that were not used */
	}
	free(plan.names);
	free(plan.made);
	free(plan.renewed);
	return err;
}
