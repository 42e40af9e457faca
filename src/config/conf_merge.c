/* SPDX-License-Identifier: MIT */
/* Sections [Peer] with one PublicKey become one peer, as after wg(8) has set them in order: what
 * the later one sets counts, its AllowedIPs replace those of the earlier, and the rest stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/conf_reader.h"

struct place {
	const uint8_t *key;
	size_t at;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = memcmp(x->key, y->key, 32);

	if (order)
		return order;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Move what later does not set from earlier; both stay valid. */
static void peer_inherit(struct xt_conf_peer *later, struct xt_conf_peer *earlier)
{
	if (!later->has_psk && !later->psk_file) {
		later->psk = earlier->psk;
		later->has_psk = earlier->has_psk;
		later->psk_file = earlier->psk_file;
		later->psk_line = earlier->psk_line;
		earlier->psk_file = NULL;
	}
	if (!later->has_keepalive) {
		later->keepalive_s = earlier->keepalive_s;
		later->has_keepalive = earlier->has_keepalive;
	}
	if (!*later->name)
		memcpy(later->name, earlier->name, sizeof(later->name));
	if (!later->probe_address.family) {
		later->probe_address = earlier->probe_address;
		later->probe_line = earlier->probe_line;
	}
	if (!later->has_critical) {
		later->critical = earlier->critical;
		later->has_critical = earlier->has_critical;
	}
	if (!later->endpoint_host)
		xt_conf_endpoints_move(later, earlier);
	if (!later->endpoint_hold_s)
		later->endpoint_hold_s = earlier->endpoint_hold_s;
}

static void peers_compact(struct xt_conf *conf, const bool *superseded)
{
	size_t kept = 0;

	for (size_t i = 0; i < conf->n_peers; i++) {
		if (superseded[i])
			xt_conf_peer_clear(&conf->peers[i]);
		else if (kept++ != i)
			conf->peers[kept - 1] = conf->peers[i];
	}
	if (kept < conf->n_peers) /* the last ones were moved: their keys and pointers go */
		xt_wipe(&conf->peers[kept], (conf->n_peers - kept) * sizeof(*conf->peers));
	conf->n_peers = kept;
}

void xt_conf_merge_peers(struct xt_conf_reader *r)
{
	struct xt_conf *conf = r->conf;
	size_t n = conf->n_peers;
	struct place *v = calloc(n + 1, sizeof(*v));
	bool *superseded = calloc(n + 1, sizeof(*superseded));
	char text[120];

	if (!v || !superseded) {
		r->failed = XT_E_NOMEM;
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = (struct place){conf->peers[i].key.b, i};
	qsort(v, n, sizeof(*v), place_compare);
	for (size_t i = 1; i < n; i++) {
		struct xt_conf_peer *earlier = &conf->peers[v[i - 1].at];
		struct xt_conf_peer *later = &conf->peers[v[i].at];

		if (memcmp(v[i].key, v[i - 1].key, 32) != 0)
			continue;
		snprintf(text, sizeof(text),
			 "the [Peer] on line %u has the same PublicKey: this one changes it, as "
			 "with wg",
			 earlier->line);
		xt_reader_add(r, XT_LINT_DUPLICATE_PEER, later->line, 1, text);
		peer_inherit(later, earlier);
		superseded[v[i - 1].at] = true;
	}
	if (n > 0)
		peers_compact(conf, superseded);
	free(v);
	free(superseded);
}
