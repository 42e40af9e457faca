/* SPDX-License-Identifier: MIT */
/* Names of peers: open addressing by a keyed hash of the public key. */
#include "daemon/peer_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* The slot of key, or the empty one that ends the search. */
static uint32_t *slot_find(const struct xt_peer_names *names, const struct xt_public *key)
{
	size_t i = (size_t)xt_hash(key, sizeof(*key)) & (names->cap - 1);

	while (names->v[i] && memcmp(&names->peers[names->v[i] - 1].key, key, sizeof(*key)) != 0)
		i = (i + 1) & (names->cap - 1);
	return &names->v[i];
}

static void names_make(struct xt_peer_names *names, const struct xt_conf *conf)
{
	size_t cap = 16, n = 0;

	xt_peer_names_clear(names);
	names->peers = conf->peers;
	names->n = conf->n_peers;
	for (size_t i = 0; i < conf->n_peers; i++)
		n += *conf->peers[i].name != '\0';
	while (cap < 2 * n)
		cap *= 2;
	names->v = n ? calloc(cap, sizeof(*names->v)) : NULL;
	names->cap = names->v ? cap : 0;
	for (size_t i = 0; names->v && i < conf->n_peers; i++)
		if (*conf->peers[i].name)
			*slot_find(names, &conf->peers[i].key) = (uint32_t)i + 1;
}

const char *xt_peer_names_get(struct xt_peer_names *names, const struct xt_conf *conf,
			      const struct xt_public *key)
{
	uint32_t at;

	if (names->peers != conf->peers || names->n != conf->n_peers)
		names_make(names, conf);
	at = names->v ? *slot_find(names, key) : 0;
	return at ? conf->peers[at - 1].name : NULL;
}

void xt_peer_names_clear(struct xt_peer_names *names)
{
	free(names->v);
	*names = (struct xt_peer_names){0};
}
