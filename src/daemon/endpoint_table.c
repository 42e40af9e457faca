/* SPDX-License-Identifier: MIT */
/* The endpoints of a configuration, and the addresses of their names. */
#include "daemon/endpoint_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/size.h"

static int name_compare(const void *a, const void *b)
{
	const struct xt_endpoint_name *x = a, *y = b;

	return strcmp(x->host, y->host);
}

static int peer_compare(const void *a, const void *b)
{
	const struct xt_endpoint_peer *x = a, *y = b;

	return memcmp(x->key.b, y->key.b, sizeof(x->key.b));
}

static struct xt_endpoint_name *name_find(const struct xt_endpoint_table *table, char *host)
{
	struct xt_endpoint_name like = {.host = host};

	if (table->n_names == 0)
		return NULL;
	return bsearch(&like, table->names, table->n_names, sizeof(like), name_compare);
}

struct xt_endpoint_peer *xt_endpoint_table_find(const struct xt_endpoint_table *table,
						const struct xt_public *key)
{
	struct xt_endpoint_peer like = {.key = *key};

	if (!table || table->n_peers == 0)
		return NULL;
	return bsearch(&like, table->peers, table->n_peers, sizeof(like), peer_compare);
}

static size_t conf_count(const struct xt_conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_peers; i++)
		n += xt_conf_endpoints(&conf->peers[i]);
	return n;
}

/* Each host that is a name, sorted, once. */
static int names_collect(struct xt_endpoint_table *table, const struct xt_conf *conf)
{
	struct xt_endpoint address;
	size_t kept = 0;

	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t k = 0; k < xt_conf_endpoints(&conf->peers[i]); k++) {
			struct xt_conf_endpoint entry = xt_conf_endpoint_at(&conf->peers[i], k);
			struct xt_endpoint_name *name = &table->names[table->n_names];

			if (xt_conf_endpoint_literal(&address, &entry))
				continue;
			name->host = strdup(entry.host);
			if (!name->host)
				return XT_E_NOMEM;
			name->next_ns = XT_NEVER;
			name->useless = xt_conf_word(entry.host) == XT_WORD_OTHER;
			table->n_names++;
		}
	qsort(table->names, table->n_names, sizeof(*table->names), name_compare);
	for (size_t i = 0; i < table->n_names; i++) {
		if (kept > 0 && strcmp(table->names[kept - 1].host, table->names[i].host) == 0)
			free(table->names[i].host);
		else
			table->names[kept++] = table->names[i];
	}
	table->n_names = (uint32_t)kept;
	return 0;
}

static void peer_add(struct xt_endpoint_table *table, const struct xt_conf_peer *conf)
{
	struct xt_endpoint_peer *peer = &table->peers[table->n_peers++];

	peer->key = conf->key;
	peer->first = table->n_entries;
	peer->n = (uint32_t)xt_conf_endpoints(conf);
	peer->fresh = true;
	peer->hold_s = conf->endpoint_hold_s ? conf->endpoint_hold_s : XT_ENDPOINT_HOLD_S;
	for (size_t k = 0; k < peer->n; k++) {
		struct xt_conf_endpoint source = xt_conf_endpoint_at(conf, k);
		struct xt_endpoint_entry *entry = &table->entries[table->n_entries++];

		entry->name = XT_NO_NAME;
		if (!xt_conf_endpoint_literal(&entry->endpoint, &source)) {
			entry->name = (uint32_t)(name_find(table, source.host) - table->names);
			entry->endpoint.port = source.port;
			peer->named = true;
		}
	}
}

/* After the peers are sorted: which entries each name stands in. */
static void uses_fill(struct xt_endpoint_table *table)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < table->n_peers; i++)
		for (uint32_t k = 0; k < table->peers[i].n; k++)
			table->entries[table->peers[i].first + k].peer = i;
	for (uint32_t i = 0; i < table->n_entries; i++)
		if (table->entries[i].name != XT_NO_NAME)
			table->names[table->entries[i].name].n_uses++;
	for (uint32_t i = 0; i < table->n_names; i++) {
		table->names[i].first_use = at;
		at += table->names[i].n_uses;
		table->names[i].n_uses = 0;
	}
	for (uint32_t i = 0; i < table->n_entries; i++) {
		struct xt_endpoint_name *name;

		if (table->entries[i].name == XT_NO_NAME)
			continue;
		name = &table->names[table->entries[i].name];
		table->uses[name->first_use + name->n_uses++] = i;
	}
}

int xt_endpoint_table_new(struct xt_endpoint_table **out, const struct xt_conf *conf)
{
	struct xt_endpoint_table *table = calloc(1, sizeof(*table));
	size_t n = conf_count(conf);

	if (!table)
		return XT_E_NOMEM;
	table->names = calloc(n + 1, sizeof(*table->names));
	table->entries = calloc(n + 1, sizeof(*table->entries));
	table->peers = calloc(conf->n_peers + 1, sizeof(*table->peers));
	table->uses = calloc(n + 1, sizeof(*table->uses));
	if (!table->names || !table->entries || !table->peers || !table->uses ||
	    names_collect(table, conf) < 0) {
		xt_endpoint_table_free(table);
		return XT_E_NOMEM;
	}
	for (size_t i = 0; i < conf->n_peers; i++)
		if (conf->peers[i].endpoint_host)
			peer_add(table, &conf->peers[i]);
	qsort(table->peers, table->n_peers, sizeof(*table->peers), peer_compare);
	uses_fill(table);
	*out = table;
	return 0;
}

void xt_endpoint_table_free(struct xt_endpoint_table *table)
{
	if (!table)
		return;
	for (uint32_t i = 0; table->names && i < table->n_names; i++) {
		free(table->names[i].host);
		free(table->names[i].v);
	}
	free(table->names);
	free(table->entries);
	free(table->peers);
	free(table->uses);
	free(table);
}

static bool entry_equal(const struct xt_endpoint_table *a, const struct xt_endpoint_entry *x,
			const struct xt_endpoint_table *b, const struct xt_endpoint_entry *y)
{
	if ((x->name == XT_NO_NAME) != (y->name == XT_NO_NAME))
		return false;
	if (x->name == XT_NO_NAME)
		return xt_endpoint_equal(&x->endpoint, &y->endpoint);
	return x->endpoint.port == y->endpoint.port &&
	       strcmp(a->names[x->name].host, b->names[y->name].host) == 0;
}

static bool peer_equal(const struct xt_endpoint_table *a, const struct xt_endpoint_peer *x,
		       const struct xt_endpoint_table *b, const struct xt_endpoint_peer *y)
{
	bool equal = y && x->n == y->n;

	for (uint32_t i = 0; equal && i < x->n; i++)
		equal = entry_equal(a, &a->entries[x->first + i], b, &b->entries[y->first + i]);
	return equal;
}

/* The peer of table with that key; at goes on from where it was, as keys come in order. */
static const struct xt_endpoint_peer *peer_follow(const struct xt_endpoint_table *table,
						  uint32_t *at, const struct xt_public *key)
{
	int order = 1;

	while (*at < table->n_peers &&
	       (order = memcmp(key->b, table->peers[*at].key.b, sizeof(key->b))) > 0)
		(*at)++;
	return order == 0 ? &table->peers[*at] : NULL;
}

const struct xt_endpoint_peer *xt_endpoint_table_lost(const struct xt_endpoint_table *former,
						      uint32_t *i,
						      const struct xt_endpoint_table *table,
						      uint32_t *at)
{
	while (*i < former->n_peers) {
		const struct xt_endpoint_peer *peer = &former->peers[(*i)++];

		if (!peer_follow(table, at, &peer->key))
			return peer;
	}
	return NULL;
}

void xt_endpoint_table_adopt(struct xt_endpoint_table *table, struct xt_endpoint_table *old)
{
	for (uint32_t i = 0, at = 0; old && i < table->n_peers; i++) {
		struct xt_endpoint_peer *peer = &table->peers[i];

		peer->fresh = !peer_equal(table, peer, old, peer_follow(old, &at, &peer->key));
	}
	for (uint32_t i = 0; old && i < table->n_names; i++) {
		struct xt_endpoint_name *name = &table->names[i];
		struct xt_endpoint_name *same = name_find(old, name->host), kept = *name;

		if (!same)
			continue;
		*name = *same;
		name->host = kept.host;
		name->first_use = kept.first_use;
		name->n_uses = kept.n_uses;
		name->open = false; /* the answer on its way names a place in the old table */
		same->v = NULL;
		same->n = 0;
	}
}

size_t xt_endpoint_table_list(const struct xt_endpoint_table *table,
			      const struct xt_endpoint_peer *peer, bool defer,
			      struct xt_candidate out[XT_CANDIDATES_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < peer->n; i++) {
		const struct xt_endpoint_entry *entry = &table->entries[peer->first + i];
		const struct xt_endpoint_name *name =
		    entry->name == XT_NO_NAME ? NULL : &table->names[entry->name];
		size_t addresses = name ? name->n : 1;

		if (name && name->state == XT_NAME_ASKING && defer)
			break;
		for (size_t k = 0; k < addresses && n < XT_CANDIDATES_MAX; k++, n++) {
			out[n].endpoint = name ? name->v[k] : entry->endpoint;
			out[n].endpoint.port = entry->endpoint.port;
			out[n].entry = (uint8_t)i;
		}
	}
	return n;
}

bool xt_endpoint_name_answer(struct xt_endpoint_name *name, const char *why,
			     const struct xt_endpoint *v, size_t n)
{
	struct xt_endpoint *copy;
	bool first = name->state == XT_NAME_ASKING;

	snprintf(name->why, sizeof(name->why), "%s", why ? why : "");
	if (why && name->state == XT_NAME_ASKING)
		name->state = XT_NAME_FAILED;
	if (why)
		return first; /* the entries behind it may be used now */
	if (name->n == n && memcmp(name->v, v, n * sizeof(*v)) == 0)
		return false;
	copy = xt_items_resize(NULL, n, sizeof(*v));
	if (!copy)
		return false;
	memcpy(copy, v, n * sizeof(*v));
	free(name->v);
	name->v = copy;
	name->n = n;
	name->state = XT_NAME_FOUND;
	return true;
}

const struct xt_endpoint_entry *xt_endpoint_table_entry(const struct xt_endpoint_table *table,
							const struct xt_public *key, size_t i,
							bool named)
{
	const struct xt_endpoint_peer *peer = xt_endpoint_table_find(table, key);

	for (; peer && i < peer->n; i++) {
		const struct xt_endpoint_entry *entry = &table->entries[peer->first + i];

		if (!named || entry->name != XT_NO_NAME)
			return entry;
	}
	return NULL;
}

void xt_endpoint_name_text(const struct xt_endpoint_name *name, uint64_t now, char *buf, size_t len)
{
	const uint64_t second = 1000000000u;

	if (name->state == XT_NAME_FOUND && *name->why)
		snprintf(buf, len, "at the last look-up: %s", name->why);
	else if (name->state == XT_NAME_FOUND)
		snprintf(buf, len, "%s", "");
	else if (name->state == XT_NAME_ASKING)
		snprintf(buf, len, "resolving");
	else if (name->next_ns <= now || name->next_ns == XT_NEVER)
		snprintf(buf, len, "resolving: %s", name->why);
	else
		snprintf(buf, len, "resolving, next try in %" PRIu64 " s: %s",
			 (name->next_ns - now + second - 1) / second, name->why);
}

size_t xt_endpoint_table_missing(const struct xt_endpoint_table *table,
				 const struct xt_endpoint_name **first)
{
	size_t missing = 0;

	*first = NULL;
	for (size_t i = 0; i < table->n_names; i++) {
		const struct xt_endpoint_name *name = &table->names[i];

		if (name->state == XT_NAME_FOUND)
			continue;
		if (!*first || ((*first)->state == XT_NAME_ASKING && name->state == XT_NAME_FAILED))
			*first = name;
		missing++;
	}
	return missing;
}
