/* SPDX-License-Identifier: MIT */
/* The difference: the keys of [Interface] one by one, then the peers, which are found by their keys
 * in sorted lists, because there may be a hundred thousand. */
#include "config/conf_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/conf_differ.h"

typedef void diff_key(struct xt_differ *d);

static diff_key *const key_diffs[XT_KEYS] = {
#define X(id, section, key, repeat, parser, reload, since) [XT_KEY_##id] = xt_diff_##parser,
#include "config/keys.def"
#undef X
};

static void keys_diff(struct xt_differ *d, enum xt_conf_section section)
{
	for (unsigned i = 0; i < XT_KEYS; i++) {
		if (xt_conf_keys[i].section != section)
			continue;
		d->key = (enum xt_conf_key_id)i;
		key_diffs[i](d);
	}
	d->key = XT_KEYS;
}

/* --- peers by key --- */

struct place {
	const struct xt_public *key;
	const void *peer;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return memcmp(x->key->b, y->key->b, sizeof(x->key->b));
}

static const void *place_find(const struct place *v, size_t n, const struct xt_public *key)
{
	const struct place like = {.key = key}, *found;

	found = n ? bsearch(&like, v, n, sizeof(*v), place_compare) : NULL;
	return found ? found->peer : NULL;
}

static struct place *places_of_conf(const struct xt_conf *conf)
{
	struct place *v = calloc(conf->n_peers + 1, sizeof(*v));

	for (size_t i = 0; v && i < conf->n_peers; i++)
		v[i] = (struct place){&conf->peers[i].key, &conf->peers[i]};
	if (v)
		qsort(v, conf->n_peers, sizeof(*v), place_compare);
	return v;
}

static struct place *places_of_report(const struct xt_report *report)
{
	struct place *v = calloc(report->n_peers + 1, sizeof(*v));

	for (size_t i = 0; v && i < report->n_peers; i++)
		v[i] = (struct place){&report->peers[i].key, &report->peers[i]};
	if (v)
		qsort(v, report->n_peers, sizeof(*v), place_compare);
	return v;
}

/* --- networks --- */

/* A network of the file, with its place there: the last of equal ones counts. */
struct network {
	struct xt_cidr cidr;
	size_t at;
};

static int network_compare(const void *a, const void *b)
{
	const struct network *x = a, *y = b;
	int order = xt_cidr_order(&x->cidr, &y->cidr);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Which networks, counted through all peers, an equal one follows; NULL: no memory. */
static bool *superseded_find(const struct xt_conf *file)
{
	size_t n = 0, at = 0;
	struct network *v;
	bool *superseded;

	for (size_t i = 0; i < file->n_peers; i++)
		n += file->peers[i].n_allowed;
	v = calloc(n + 1, sizeof(*v));
	superseded = calloc(n + 1, sizeof(*superseded));
	if (!v || !superseded) {
		free(v);
		free(superseded);
		return NULL;
	}
	for (size_t i = 0; i < file->n_peers; i++)
		for (size_t k = 0; k < file->peers[i].n_allowed; k++, at++)
			v[at] = (struct network){file->peers[i].allowed[k], at};
	qsort(v, n, sizeof(*v), network_compare);
	for (size_t i = 1; i < n; i++)
		if (xt_cidr_order(&v[i - 1].cidr, &v[i].cidr) == 0)
			superseded[v[i - 1].at] = true;
	free(v);
	return superseded;
}

/* superseded: of the peer's own networks. */
static bool networks_take(struct xt_differ *d, const bool *superseded)
{
	const struct xt_conf_peer *peer = d->peer;
	size_t running = d->now ? d->now->n_allowed : 0;

	d->allowed = calloc(peer->n_allowed + 1, sizeof(*d->allowed));
	d->running = calloc(running + 1, sizeof(*d->running));
	d->n_allowed = d->n_running = 0;
	if (!d->allowed || !d->running) {
		d->failed = XT_E_NOMEM;
		return false;
	}
	for (size_t i = 0; i < peer->n_allowed; i++)
		if (!superseded[i])
			d->allowed[d->n_allowed++] = peer->allowed[i];
	if (running)
		memcpy(d->running, &d->report->allowed[d->now->first_allowed],
		       running * sizeof(*d->running));
	d->n_running = running;
	qsort(d->allowed, d->n_allowed, sizeof(*d->allowed), xt_cidr_order);
	qsort(d->running, d->n_running, sizeof(*d->running), xt_cidr_order);
	return true;
}

static void networks_release(struct xt_differ *d)
{
	free(d->allowed);
	free(d->running);
	d->allowed = d->running = NULL;
}

/* --- peers --- */

static void peer_removed(struct xt_differ *d)
{
	xt_differ_row(d, XT_DIFFERENCE_REMOVED, NULL, NULL, !d->old_peer);
	(void)xt_differ_entry(d, XT_PEER_REMOVE);
}

static void peer_added(struct xt_differ *d)
{
	struct xt_peer_change *entry;

	xt_differ_row(d, XT_DIFFERENCE_ADDED, NULL, NULL, d->old_peer != NULL);
	entry = xt_differ_entry(d, XT_PEER_PSK | XT_PEER_KEEPALIVE | XT_PEER_NAME);
	if (!entry)
		return;
	if (d->peer->has_psk)
		entry->psk = d->peer->psk;
	entry->keepalive_s = d->peer->keepalive_s;
	memcpy(entry->name, d->peer->name, sizeof(entry->name));
	if (xt_conf_endpoint(&entry->endpoint, d->peer))
		entry->set |= XT_PEER_ENDPOINT;
	xt_differ_entry_allowed(d);
}

static void removed_diff(struct xt_differ *d, const struct place *file, const struct place *old)
{
	for (size_t i = 0; i < d->report->n_peers; i++) {
		const struct xt_peer_report *now = &d->report->peers[i];

		if (place_find(file, d->file->n_peers, &now->key))
			continue;
		d->now = now;
		d->old_peer = place_find(old, d->old->n_peers, &now->key);
		d->entry = NULL;
		peer_removed(d);
	}
	d->now = NULL;
}

static void present_diff(struct xt_differ *d, const struct place *old, const struct place *now,
			 const bool *superseded)
{
	for (size_t i = 0; i < d->file->n_peers && !d->failed; i++) {
		d->peer = &d->file->peers[i];
		d->old_peer = place_find(old, d->old->n_peers, &d->peer->key);
		d->now = place_find(now, d->report->n_peers, &d->peer->key);
		d->entry = NULL;
		if (networks_take(d, superseded) && d->now)
			keys_diff(d, XT_SECTION_PEER);
		else if (!d->failed)
			peer_added(d);
		superseded += d->peer->n_allowed;
		networks_release(d);
	}
}

static void peers_diff(struct xt_differ *d)
{
	struct place *old = places_of_conf(d->old), *file = places_of_conf(d->file);
	struct place *now = places_of_report(d->report);
	bool *superseded = superseded_find(d->file);

	if (old && file && now && superseded) {
		removed_diff(d, file, old);
		present_diff(d, old, now, superseded);
	} else {
		d->failed = XT_E_NOMEM;
	}
	free(old);
	free(file);
	free(now);
	free(superseded);
}

int xt_conf_diff(struct xt_conf_diff *out, const struct xt_conf_running *running,
		 const struct xt_conf *file)
{
	struct xt_differ d = {.out = out,
			      .key = XT_KEYS,
			      .old = running->conf,
			      .file = file,
			      .report = running->report,
			      .auto_mark = running->auto_mark};

	memset(out, 0, sizeof(*out));
	xt_change_init(&out->change);
	keys_diff(&d, XT_SECTION_INTERFACE);
	peers_diff(&d);
	if (d.failed)
		xt_conf_diff_clear(out);
	return d.failed;
}

void xt_conf_diff_clear(struct xt_conf_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++) {
		free(diff->v[i].old);
		free(diff->v[i].now);
	}
	free(diff->v);
	xt_change_clear(&diff->change);
	memset(diff, 0, sizeof(*diff));
}

const struct xt_difference *xt_conf_diff_refused(const struct xt_conf_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++)
		if (diff->v[i].key < XT_KEYS &&
		    xt_conf_keys[diff->v[i].key].reload == XT_RELOAD_REFUSED)
			return &diff->v[i];
	return NULL;
}
