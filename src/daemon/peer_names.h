/* SPDX-License-Identifier: MIT */
/* The Names of a configuration's peers, by public key, so that an event of one among many thousands
 * costs one look. Pure. */
#ifndef XT_DAEMON_PEER_NAMES_H
#define XT_DAEMON_PEER_NAMES_H

#include "config/conf.h"

/* conf, n  what v is of: places in conf->peers, plus 1 */
struct xt_peer_names {
	uint32_t *v;
	size_t cap;
	const struct xt_conf_peer *peers;
	size_t n;
};

/* NULL: the peer has no Name, or there is no memory for the table.
 * names  zeroed at first; recreated when conf has other peers */
const char *xt_peer_names_get(struct xt_peer_names *names, const struct xt_conf *conf,
			      const struct xt_public *key);
/* Also: conf has changed. */
void xt_peer_names_clear(struct xt_peer_names *names);

#endif
