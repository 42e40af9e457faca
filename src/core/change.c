/* SPDX-License-Identifier: MIT */
/* A configuration change under construction. It holds keys, so freed memory is wiped. */
#include <xtunnel/change.h>

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/size.h"
#include "base/text.h"

/* Make room for one more item by copying: realloc would leave keys in freed memory. */
static int items_grow(void *items, size_t *cap, size_t n, size_t size)
{
	void **v = items;
	size_t more = *cap ? 2 * *cap : 4, len;
	void *moved;

	if (n < *cap)
		return 0;
	moved = xt_size_mul(&len, more, size) ? malloc(len) : NULL;
	if (!moved)
		return XT_E_NOMEM;
	if (*v) {
		memcpy(moved, *v, n * size);
		xt_wipe(*v, n * size);
		free(*v);
	}
	*v = moved;
	*cap = more;
	return 0;
}

void xt_change_init(struct xt_change *change)
{
	memset(change, 0, sizeof(*change));
}

void xt_change_clear(struct xt_change *change)
{
	for (size_t i = 0; i < change->n_peers; i++)
		free(change->peers[i].allowed);
	if (change->peers)
		xt_wipe(change->peers, change->n_peers * sizeof(*change->peers));
	free(change->peers);
	xt_wipe(change, sizeof(*change));
}

struct xt_peer_change *xt_change_peer(struct xt_change *change, const struct xt_public *key)
{
	struct xt_peer_change *peer;

	if (items_grow(&change->peers, &change->cap_peers, change->n_peers, sizeof(*peer)))
		return NULL;
	peer = &change->peers[change->n_peers++];
	memset(peer, 0, sizeof(*peer));
	peer->key = *key;
	return peer;
}

int xt_change_allowed(struct xt_peer_change *peer, const struct xt_cidr *cidr, bool remove)
{
	if (items_grow(&peer->allowed, &peer->cap_allowed, peer->n_allowed, sizeof(*peer->allowed)))
		return XT_E_NOMEM;
	peer->allowed[peer->n_allowed++] =
	    (struct xt_allowed_change){.cidr = *cidr, .remove = remove};
	return 0;
}
