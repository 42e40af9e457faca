/* SPDX-License-Identifier: MIT */
/* list: the peers of a configuration file. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/hub.h"
#include "cli/term.h"

enum { JSON };
const struct xt_option xt_list_options[] = {
    {'j', "json", NULL, "print one JSON object"},
    {0},
};
const char xt_text_list[] =
    "\nOne line a peer of HUB's file: Name (\"-\": none), \"on\" or \"disabled\", AllowedIPs, public\n"
    "key, with TABs between. Nothing needs to run; `show` says how the peers of a running instance\n"
    "are. The exit status is 4 when the file is refused.\n";

static json_t *peer_json(const struct xt_conf_peer *peer, bool disabled)
{
	char key[XT_KEY_BASE64], text[XT_CIDR_TEXT];
	json_t *networks = json_array(), *out;

	for (size_t i = 0; i < peer->n_allowed; i++)
		json_array_append_new(networks,
				      json_string(xt_cidr_print(&peer->allowed[i], text)));
	xt_key_to_base64(key, peer->key.b);
	out = json_pack("{s:s,s:b,s:o}", "public_key", key, "disabled", (int)disabled,
			"allowed_ips", networks);
	if (*peer->name)
		json_object_set_new(out, "name", json_string(peer->name));
	return out;
}

static void peers_put(json_t *list, const struct xt_conf *conf, bool disabled)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		json_array_append_new(list, peer_json(&conf->peers[i], disabled));
}

static void json_print(const struct xt_hub *hub)
{
	json_t *list = json_array(), *out;

	peers_put(list, &hub->conf, false);
	peers_put(list, &hub->disabled, true);
	out = json_pack("{s:i,s:s,s:s,s:o}", "schema", 1, "name", hub->conf.name, "file",
			hub->conf.path, "peers", list);
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

static void peers_print(const struct xt_conf *conf, bool disabled)
{
	char key[XT_KEY_BASE64], text[XT_CIDR_TEXT], name[XT_NAME_MAX + 1];

	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		memcpy(name, *peer->name ? peer->name : "-", *peer->name ? sizeof(name) : 2);
		xt_text_clean(name);
		printf("%s\t%s\t", name, disabled ? "disabled" : "on");
		for (size_t j = 0; j < peer->n_allowed; j++)
			printf("%s%s", j ? "," : "", xt_cidr_print(&peer->allowed[j], text));
		xt_key_to_base64(key, peer->key.b);
		printf("%s\t%s\n", peer->n_allowed ? "" : "(none)", key);
	}
}

int xt_cmd_list(const struct xt_args *args)
{
	struct xt_hub hub;
	int status = xt_hub_open(&hub, args->operands[0], false);

	if (status == XT_EXIT_OK && args->given[JSON]) {
		json_print(&hub);
	} else if (status == XT_EXIT_OK) {
		peers_print(&hub.conf, false);
		peers_print(&hub.disabled, true);
	}
	xt_hub_close(&hub);
	return status;
}
