/* SPDX-License-Identifier: MIT */
/* Freeing a struct xt_conf, and which names of interfaces are valid. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/conf_reader.h"

static void hooks_clear(struct xt_conf_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++)
		free(hooks->v[i].command);
	free(hooks->v);
}

void xt_conf_peer_clear(struct xt_conf_peer *peer)
{
	free(peer->psk_file);
	free(peer->allowed);
	free(peer->allowed_lines);
	xt_conf_endpoints_clear(peer);
	xt_wipe(peer, sizeof(*peer));
}

void xt_conf_wipe_keys(struct xt_conf *conf)
{
	xt_wipe(&conf->private_key, sizeof(conf->private_key));
	for (size_t i = 0; i < conf->n_peers; i++)
		xt_wipe(&conf->peers[i].psk, sizeof(conf->peers[i].psk));
}

void xt_conf_clear(struct xt_conf *conf)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		xt_conf_peer_clear(&conf->peers[i]);
	free(conf->peers);
	for (size_t i = 0; i < conf->n_dns; i++)
		free(conf->dns[i]);
	free(conf->dns);
	hooks_clear(&conf->pre_up);
	hooks_clear(&conf->post_up);
	hooks_clear(&conf->pre_down);
	hooks_clear(&conf->post_down);
	free(conf->path);
	free(conf->private_key_file);
	free(conf->private_key_command);
	free(conf->addresses);
	free(conf->address_places);
	free(conf->echo_addresses);
	free(conf->user);
	free(conf->owner_user);
	free(conf->owner_group);
	xt_wipe(conf, sizeof(*conf));
}

bool xt_conf_name_reserved(const char *name)
{
	return strcmp(name, "all") == 0 || strcmp(name, "default") == 0;
}

bool xt_conf_name_valid(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (!len || len > 15 || name[0] == '-' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '=' || c == '+' || c == '.' || c == '-'))
			return false;
	}
	return true;
}
