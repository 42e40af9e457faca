/* SPDX-License-Identifier: MIT */
/* The device's part of a configuration as a change, and its public key. */
#include <string.h>

#include "base/text.h"
#include "config/conf.h"
#include "crypto/dh.h"

bool xt_conf_endpoint(struct xt_endpoint *out, const struct xt_conf_peer *peer)
{
	struct xt_conf_endpoint first = xt_conf_endpoint_at(peer, 0);

	return first.host && xt_conf_endpoint_literal(out, &first);
}

static int change_add_peer(struct xt_change *out, const struct xt_conf_peer *peer)
{
	struct xt_peer_change *p = xt_change_peer(out, &peer->key);

	if (!p)
		return XT_E_NOMEM;
	p->set = XT_PEER_PSK | XT_PEER_KEEPALIVE | XT_PEER_REPLACE_ALLOWED | XT_PEER_NAME |
		 XT_PEER_PROBE_ADDRESS | XT_PEER_CRITICAL;
	p->critical = peer->critical;
	p->probe_address = peer->probe_address;
	p->psk = peer->psk;
	p->keepalive_s = peer->keepalive_s;
	memcpy(p->name, peer->name, sizeof(p->name));
	if (xt_conf_endpoint(&p->endpoint, peer))
		p->set |= XT_PEER_ENDPOINT;
	for (size_t i = 0; i < peer->n_allowed; i++) {
		int err = xt_change_allowed(p, &peer->allowed[i], false);

		if (err < 0)
			return err;
	}
	return 0;
}

int xt_conf_change(const struct xt_conf *conf, struct xt_change *out)
{
	int err = 0;

	xt_change_init(out);
	out->set = XT_SET_PRIVATE_KEY | XT_SET_LISTEN_PORT | XT_SET_FWMARK | XT_SET_REPLACE_PEERS;
	out->private_key = conf->private_key;
	out->listen_port = conf->listen_port;
	out->fwmark = conf->fwmark;
	for (size_t i = 0; i < conf->n_peers && !err; i++)
		err = change_add_peer(out, &conf->peers[i]);
	if (err)
		xt_change_clear(out);
	return err;
}

bool xt_conf_public_key(struct xt_public *out, const struct xt_conf *conf)
{
	struct xt_private clamped = conf->private_key;

	if (!conf->has_key)
		return false;
	xt_dh_clamp(&clamped);
	xt_dh_public(out, &clamped);
	xt_wipe(&clamped, sizeof(clamped));
	return true;
}
