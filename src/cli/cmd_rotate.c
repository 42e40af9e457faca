/* SPDX-License-Identifier: MIT */
/* rotate: a new private key, or a new pre-shared key with a peer, written and in force at once. */
#include <signal.h>
#include <stdio.h>

#include <sodium.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/hub.h"
#include "cli/new_files.h"
#include "cli/private_file.h"
#include "cli/term.h"
#include "config/hubconf.h"
#include "crypto/init.h"

enum { PSK, DIR, FORCE };
const struct xt_option xt_rotate_options[] = {
    {'p', "psk", "PEER", "a new pre-shared key with that peer instead"},
    {'o', "dir", "DIR", "--psk: directory of the file with the key (.)"},
    {'f', "force", NULL, "--psk: replace that file if it exists"},
    {0},
};
const char xt_text_rotate[] =
    "\nGenerates a private key, puts it in the place of the one in the file of NAME, or in its\n"
    "PrivateKeyFile, lets NAME reload if it runs, and prints the line that each peer has to have in\n"
    "its section of NAME. Until a peer has it, it does not reach NAME: sessions end at once.\n"
    "\n"
    "With --psk the pre-shared key with PEER (its Name or public key) is replaced, and written into\n"
    "DIR/PEER.psk (mode 0600), whose path is printed: for PresharedKeyFile at the peer. A session\n"
    "goes on until its next handshake, which comes within 2 minutes.\n"
    "\n"
    "All or nothing: when a step fails, files and instance are as before. No secret is printed. The\n"
    "exit status is 0; 2 when no peer has that name; 4 when the file is refused; 1 when a step\n"
    "failed, or a PrivateKeyCommand makes the key.\n";

static void steps_print(const struct xt_hub *hub, const struct xt_public *before,
			const struct xt_public *now)
{
	char text[XT_KEY_BASE64];
	const char *comma = "";

	xt_key_to_base64(text, now->b);
	printf("PublicKey = %s\n", text);
	fflush(stdout);
	xt_key_to_base64(text, before->b);
	xt_message("%s has a new key: each peer needs the line above in place of PublicKey = %s",
		   hub->conf.name, text);
	if (!hub->conf.n_peers && !hub->disabled.n_peers)
		return;
	fputs("  peers:", stderr);
	for (size_t i = 0; i < hub->conf.n_peers + hub->disabled.n_peers; i++, comma = ",") {
		const struct xt_conf_peer *peer = i < hub->conf.n_peers
						      ? &hub->conf.peers[i]
						      : &hub->disabled.peers[i - hub->conf.n_peers];
		char name[XT_NAME_MAX + 1];

		xt_key_to_base64(text, peer->key.b);
		snprintf(name, sizeof(name), "%s", *peer->name ? peer->name : text);
		xt_text_clean(name);
		fprintf(stderr, "%s %s", comma, name);
	}
	fputc('\n', stderr);
}

/* Replace the value of a key in the file of the hub. */
static int value_write(struct xt_hub *hub, const struct xt_public *peer, const char *word,
		       const uint8_t key[32], xt_hub_finish *finish, void *ctx)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char base64[XT_KEY_BASE64];
	int rc, status;

	xt_key_to_base64(base64, key);
	rc = xt_edit_set(&hub->edit, peer, word, base64, &text);
	xt_wipe(base64, sizeof(base64));
	status = rc < 0
		     ? xt_fail(XT_EXIT_FAILURE, "%s: %s: %s", hub->conf.path, word, xt_strerror(rc))
		     : xt_hub_commit(hub, &text, finish, ctx);
	xt_secbuf_clear(&text);
	return status;
}

static int private_key_rotate(struct xt_hub *hub)
{
	struct xt_private key;
	struct xt_public before, now;
	int status;

	if (hub->conf.private_key_command)
		return xt_fail(XT_EXIT_FAILURE,
			       "%s: PrivateKeyCommand makes the key: change it there, and reload",
			       hub->conf.path);
	if (!xt_conf_public_key(&before, &hub->conf))
		return xt_fail(XT_EXIT_CONFIG, "%s has no PrivateKey", hub->conf.path);
	xt_new_keys(&key, &now);
	if (hub->conf.private_key_file)
		status = xt_hub_commit_key(hub, hub->conf.private_key_file, key.b, NULL, NULL);
	else
		status = value_write(hub, NULL, "PrivateKey", key.b, NULL, NULL);
	xt_wipe(&key, sizeof(key));
	if (status == XT_EXIT_OK)
		steps_print(hub, &before, &now);
	return status;
}

static bool file_keep(void *file)
{
	return xt_private_file_keep(file);
}

static int psk_write(struct xt_hub *hub, const struct xt_conf_peer *peer, const struct xt_psk *psk,
		     struct xt_private_file *file, bool force)
{
	char text[XT_KEY_BASE64 + 1];
	sigset_t before;
	int status = XT_EXIT_FAILURE;

	xt_key_to_base64(text, psk->b);
	text[XT_KEY_BASE64 - 1] = '\n';
	xt_private_file_hold(&before);
	if (!xt_private_file_write(file, text, XT_KEY_BASE64, force))
		status = XT_EXIT_FAILURE;
	else if (peer->psk_file)
		status = xt_hub_commit_key(hub, peer->psk_file, psk->b, file_keep, file);
	else
		status = value_write(hub, &peer->key, "PresharedKey", psk->b, file_keep, file);
	xt_wipe(text, sizeof(text));
	xt_private_file_drop(file);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static int psk_rotate(struct xt_hub *hub, const struct xt_args *args)
{
	const char *word = args->value[PSK];
	bool disabled;
	const struct xt_conf_peer *peer = xt_hub_peer(hub, word, &disabled);
	struct xt_private_file file;
	struct xt_psk psk;
	char name[16];
	int status;

	if (!peer)
		return XT_EXIT_USAGE;
	if (disabled)
		return xt_fail(XT_EXIT_USAGE, "%s: %s is disabled: enable it first", hub->conf.path,
			       word);
	xt_hubconf_interface(*peer->name ? peer->name : "peer", name);
	if (!xt_private_file_init(&file, args->value[DIR], name, ".psk"))
		return XT_EXIT_USAGE;
	randombytes_buf(psk.b, sizeof(psk.b));
	status = psk_write(hub, peer, &psk, &file, args->given[FORCE]);
	xt_wipe(&psk, sizeof(psk));
	if (status != XT_EXIT_OK)
		return status;
	printf("%s\n", file.path);
	fflush(stdout);
	xt_message("%s has a new pre-shared key with %s, which the file holds", hub->conf.name,
		   word);
	xt_hint(
	    "copy it to the peer as /etc/xtunnel/%s.psk (mode 0600), write there, in its [Peer] "
	    "section of %s, PresharedKeyFile = %s.psk in place of PresharedKey, and reload",
	    hub->conf.name, hub->conf.name, hub->conf.name);
	return status;
}

int xt_cmd_rotate(const struct xt_args *args)
{
	struct xt_hub hub;
	int status;

	if ((args->given[DIR] || args->given[FORCE]) && !args->given[PSK])
		return xt_fail(XT_EXIT_USAGE, "rotate: --dir and --force are for --psk");
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	status = xt_hub_open(&hub, args->operands[0], true);
	if (status == XT_EXIT_OK)
		status = args->given[PSK] ? psk_rotate(&hub, args) : private_key_rotate(&hub);
	xt_hub_close(&hub);
	return status;
}
