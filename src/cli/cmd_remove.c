/* SPDX-License-Identifier: MIT */
/* remove, disable, enable: a peer's section in a hub's file, and reload. */
#include <stdio.h>

#include <jansson.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/hub.h"
#include "cli/term.h"

#define ALL_OR_NOTHING                                                                             \
	"All or nothing: when a step fails, file and instance are as before.\n"                    \
	"\n"                                                                                       \
	"The exit status is 0; 2 when no peer, or several, have that Name; 4 when HUB's file is\n" \
	"refused; 1 when a step failed.\n"

enum { DRY_RUN, JSON };
const struct xt_option xt_remove_options[] = {
    {'n', "dry-run", NULL, "print which peer it is, and change nothing"},
    {'j', "json", NULL, "print one JSON object"},
    {0},
};
const char xt_text_remove[] =
    "\nPEER is its Name or its public key; a disabled one is removed too. Its [Peer] section and the\n"
    "comments directly above it leave HUB's file, where all else stays as it is, and HUB reloads if\n"
    "it runs. The peer's file is on its host, and is of no use any more.\n" ALL_OR_NOTHING;
const char xt_text_disable[] =
    "\nPEER is its Name or its public key. Each line of its [Peer] section gets \"#disabled: \" in\n"
    "front, which is a comment to every program, and HUB reloads if it runs. Key and addresses stay\n"
    "the peer's: `add` does not give them away, and `enable` makes it a peer again.\n" ALL_OR_NOTHING;
const char xt_text_enable[] =
    "\nPEER is the Name or the public key of a disabled peer. Its section is as it was before, and HUB\n"
    "reloads if it runs.\n" ALL_OR_NOTHING;

enum change { REMOVE, DISABLE, ENABLE };

static int change_write(struct xt_hub *hub, const struct xt_conf_peer *peer, enum change change,
			bool dry_run)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	int rc, status;

	if (change == REMOVE)
		rc = xt_edit_remove(&hub->edit, &peer->key, &text);
	else if (change == DISABLE)
		rc = xt_edit_disable(&hub->edit, &peer->key, &text);
	else
		rc = xt_edit_enable(&hub->edit, &peer->key, &text);
	status = rc < 0	   ? xt_fail(XT_EXIT_FAILURE, "%s: %s", hub->conf.path, xt_strerror(rc))
		 : dry_run ? xt_hub_judge(hub, &text)
			   : xt_hub_commit(hub, &text, NULL, NULL);
	xt_secbuf_clear(&text);
	return status;
}

static int peer_change(const struct xt_args *args, enum change change)
{
	static const char *const done[] = {[DISABLE] = "disabled", [ENABLE] = "enabled"};
	struct xt_hub hub;
	const struct xt_conf_peer *peer;
	bool disabled;
	int status = xt_hub_open(&hub, args->operands[0], true);

	if (status == XT_EXIT_OK) {
		peer = xt_hub_peer(&hub, args->operands[1], &disabled);
		if (!peer)
			status = XT_EXIT_USAGE;
		else if (disabled == (change == DISABLE))
			xt_message("%s: %s is %s already", hub.conf.name, args->operands[1],
				   done[change]);
		else
			status = change_write(&hub, peer, change, false);
		if (status == XT_EXIT_OK && disabled != (change == DISABLE))
			xt_message("%s: %s is %s", hub.conf.name, args->operands[1], done[change]);
	}
	xt_hub_close(&hub);
	return status;
}

/* peer points into hub, which is as it was when it was opened. */
static void removed_print_json(const struct xt_hub *hub, const struct xt_conf_peer *peer,
			       bool disabled, bool dry_run)
{
	char key[XT_KEY_BASE64], text[XT_CIDR_TEXT];
	json_t *networks = json_array(), *out;

	for (size_t i = 0; i < peer->n_allowed; i++)
		json_array_append_new(networks,
				      json_string(xt_cidr_print(&peer->allowed[i], text)));
	xt_key_to_base64(key, peer->key.b);
	out = json_pack("{s:i,s:b,s:s,s:s,s:s,s:b,s:o}", "schema", 1, "dry_run", (int)dry_run,
			"hub", hub->conf.name, "file", hub->conf.path, "public_key", key,
			"disabled", (int)disabled, "allowed_ips", networks);
	if (*peer->name)
		json_object_set_new(out, "name", json_string(peer->name));
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

int xt_cmd_remove(const struct xt_args *args)
{
	bool disabled, dry_run = args->given[DRY_RUN];
	const struct xt_conf_peer *peer;
	struct xt_hub hub;
	int status = xt_hub_open(&hub, args->operands[0], true);

	if (status == XT_EXIT_OK) {
		peer = xt_hub_peer(&hub, args->operands[1], &disabled);
		status = peer ? change_write(&hub, peer, REMOVE, dry_run) : XT_EXIT_USAGE;
		if (status == XT_EXIT_OK && args->given[JSON])
			removed_print_json(&hub, peer, disabled, dry_run);
		else if (status == XT_EXIT_OK)
			xt_message("%s: %s %s", hub.conf.name, args->operands[1],
				   dry_run ? "would be removed; nothing was changed"
					   : "is removed");
	}
	xt_hub_close(&hub);
	return status;
}

int xt_cmd_disable(const struct xt_args *args)
{
	return peer_change(args, DISABLE);
}

int xt_cmd_enable(const struct xt_args *args)
{
	return peer_change(args, ENABLE);
}
