/* SPDX-License-Identifier: MIT */
/* remove, disable, enable: a peer's section in a hub's file, and reload. */
#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/hub.h"
#include "cli/term.h"

#define ALL_OR_NOTHING                                                                             \
	"All or nothing: when a step fails, file and instance are as before.\n"                    \
	"\n"                                                                                       \
	"The exit status is 0; 2 when no peer, or several, have that Name; 4 when HUB's file is\n" \
	"refused; 1 when a step failed.\n"

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

static int change_write(struct xt_hub *hub, const struct xt_conf_peer *peer, enum change change)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	int rc, status;

	if (change == REMOVE)
		rc = xt_edit_remove(&hub->edit, &peer->key, &text);
	else if (change == DISABLE)
		rc = xt_edit_disable(&hub->edit, &peer->key, &text);
	else
		rc = xt_edit_enable(&hub->edit, &peer->key, &text);
	status = rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s: %s", hub->conf.path, xt_strerror(rc))
			: xt_hub_commit(hub, &text, NULL, NULL);
	xt_secbuf_clear(&text);
	return status;
}

static int peer_change(const struct xt_args *args, enum change change)
{
	static const char *const done[] = {"removed", "disabled", "enabled"};
	struct xt_hub hub;
	const struct xt_conf_peer *peer;
	bool disabled;
	int status = xt_hub_open(&hub, args->operands[0], true);

	if (status == XT_EXIT_OK) {
		peer = xt_hub_peer(&hub, args->operands[1], &disabled);
		if (!peer)
			status = XT_EXIT_USAGE;
		else if (change != REMOVE && disabled == (change == DISABLE))
			xt_message("%s: %s is %s already", hub.conf.name, args->operands[1],
				   done[change]);
		else
			status = change_write(&hub, peer, change);
		if (status == XT_EXIT_OK && (change == REMOVE || disabled != (change == DISABLE)))
			xt_message("%s: %s is %s", hub.conf.name, args->operands[1], done[change]);
	}
	xt_hub_close(&hub);
	return status;
}

int xt_cmd_remove(const struct xt_args *args)
{
	return peer_change(args, REMOVE);
}

int xt_cmd_disable(const struct xt_args *args)
{
	return peer_change(args, DISABLE);
}

int xt_cmd_enable(const struct xt_args *args)
{
	return peer_change(args, ENABLE);
}
