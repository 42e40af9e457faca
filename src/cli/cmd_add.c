/* SPDX-License-Identifier: MIT */
/* add: a new peer of a hub: keys, addresses, its file, its section in the hub's file, reload. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/hub.h"
#include "cli/hub_endpoint.h"
#include "cli/new_files.h"
#include "cli/private_file.h"
#include "cli/qr_output.h"
#include "cli/term.h"
#include "config/conf_value.h"
#include "config/hubconf.h"
#include "crypto/init.h"

enum { ENDPOINT, DIR, DNS, ALLOWED, FORCE, QR, DRY_RUN, JSON };
const struct xt_option xt_add_options[] = {
    {'e', "endpoint", "HOST[:PORT]", "where the peer reaches HUB (as for the last peer)"},
    {'o', "dir", "DIR", "directory of the peer's file (.)"},
    {'d', "dns", "LIST", "name servers and search domains of the peer: 10.7.0.1,example.org"},
    {'r', "allowed-ips", "NETWORKS", "what the peer sends to HUB (HUB's networks): 0.0.0.0/0,::/0"},
    {'f', "force", NULL, "replace the peer's file, and the image, if it exists"},
    {'q', "qr", "[=FILE]", "show a QR code for a phone, or write it into FILE: .png or .svg"},
    {'n', "dry-run", NULL, "print what would be done, and change nothing"},
    {'j', "json", NULL, "print one JSON object"},
    {0},
};
const char xt_text_add[] =
    "\nGenerates the peer's keys and a pre-shared key, takes the next free address of each network in\n"
    "HUB's Address, writes DIR/PEERNAME.conf (mode 0600, ready for the peer's host) and prints its\n"
    "path, appends a [Peer] section to HUB's file, where all else stays as it is, and lets HUB\n"
    "reload if it runs. All or nothing: when a step fails, files and instance are as before.\n"
    "Addresses in AllowedIPs of other peers are in use, also of disabled ones.\n"
    "\n"
    "Without --endpoint the peer gets the one of the peer that was added last, else an address of\n"
    "this host. Without a port it is HUB's ListenPort.\n"
    "\n"
    "The QR code holds the same as the file, for the WireGuard applications: who sees it has the\n"
    "keys. An image has mode 0600.\n"
    "\n"
    "--dry-run judges all of it and makes nothing: no key, no file. --json names the peer's public\n"
    "key, addresses and file; secrets are in that file alone. With --qr it needs a file for the image.\n"
    "\n"
    "The exit status is 0; 2 for a name that a peer has, and other wrong arguments; 4 when HUB's file\n"
    "is refused; 1 when no address is free or a step failed.\n";

/* The public key of the hub; its PrivateKeyCommand runs for it. */
static int hub_key_read(const struct xt_hub *hub, struct xt_public *key)
{
	struct xt_conf conf;
	int status = XT_EXIT_OK;

	if (xt_conf_public_key(key, &hub->conf))
		return status;
	if (!hub->conf.private_key_command)
		return xt_fail(XT_EXIT_CONFIG, "%s has no PrivateKey, so peers have no PublicKey",
			       hub->conf.path);
	status = xt_conf_open(&conf, hub->conf.path, stderr);
	if (status == XT_EXIT_OK)
		(void)xt_conf_public_key(key, &conf);
	xt_conf_clear(&conf);
	return status;
}

static int addresses_choose(struct xt_hubconf *peer, const struct xt_hub *hub)
{
	struct xt_cidr *used, full;
	char text[XT_CIDR_TEXT];
	size_t n;
	int rc = xt_hubconf_used(&hub->conf, &hub->disabled, &used, &n);

	if (rc == 0)
		rc = xt_hubconf_choose(peer, &hub->conf, used, n, &full);
	free(used);
	if (rc == XT_E_FULL && full.ip.family)
		return xt_fail(XT_EXIT_FAILURE,
			       "%s: all addresses of %s are in use: remove a peer, "
			       "or widen the network in Address",
			       hub->conf.path, xt_cidr_print(&full, text));
	if (rc == XT_E_FULL) {
		xt_message("%s: no Address is one of a network, from which peers get theirs",
			   hub->conf.path);
		xt_hint("expected for example Address = 10.7.0.1/24, fd07::1/64");
		return XT_EXIT_CONFIG;
	}
	return rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc)) : XT_EXIT_OK;
}

/* "A/B,C/D" replaces what the peer sends to the hub. */
static bool allowed_set(struct xt_hubconf *peer, const char *text)
{
	struct xt_span rest = {text, strlen(text), 1}, entry;
	size_t n = 1;

	for (const char *c = text; *c; c++)
		n += *c == ',';
	free(peer->allowed);
	peer->n_allowed = 0;
	peer->allowed = calloc(n, sizeof(*peer->allowed));
	while (peer->allowed && xt_value_next(&rest, &entry, true)) {
		struct xt_cidr *cidr = &peer->allowed[peer->n_allowed];

		if (peer->n_allowed == n || xt_value_cidr(cidr, &entry))
			return false;
		xt_cidr_mask(cidr);
		peer->n_allowed++;
	}
	return peer->n_allowed > 0;
}

static bool dns_is_valid(const char *text)
{
	struct xt_span rest = {text, strlen(text), 1}, entry;
	bool any = false;
	char word[256];

	if (rest.len > 1000 || !xt_text_is_printable(text) || strchr(text, '#'))
		return false;
	for (; xt_value_next(&rest, &entry, true); any = true)
		if (!xt_span_squeeze(&entry, word, sizeof(word)) ||
		    xt_conf_word(word) == XT_WORD_OTHER)
			return false;
	return any;
}

static int arguments_judge(const struct xt_args *args)
{
	const char *why = xt_hubconf_name_judge(args->operands[1]);

	if (why)
		return xt_fail(XT_EXIT_USAGE, "%.80s: %s", args->operands[1], why);
	if (args->given[DNS] && !dns_is_valid(args->value[DNS]))
		return xt_fail(
		    XT_EXIT_USAGE,
		    "add --dns %.80s: expected addresses and domains with commas between",
		    args->value[DNS]);
	if (args->given[QR] && !args->value[QR] && args->given[JSON])
		return xt_fail(XT_EXIT_USAGE, "add --json: --qr needs a file: --qr=FILE");
	return args->given[QR] ? xt_qr_output_judge(args->value[QR]) : XT_EXIT_OK;
}

/* All of the peer but keys. */
static int peer_fill(struct xt_hubconf *peer, const struct xt_hub *hub, const struct xt_args *args,
		     char endpoint[XT_HUBCONF_ENDPOINT])
{
	int status;

	peer->name = args->operands[1];
	peer->hub_name = hub->conf.name;
	peer->dns = args->value[DNS];
	peer->mtu = hub->conf.mtu;
	peer->reached = "";
	peer->endpoint = endpoint;
	if (xt_hub_has_name(hub, peer->name)) {
		xt_message("%s: a peer is named %s", hub->conf.path, peer->name);
		xt_hint("choose another name, or remove that one: xtunnel remove %s %s",
			args->operands[0], peer->name);
		return XT_EXIT_USAGE;
	}
	status = hub_key_read(hub, &peer->hub_key);
	if (status == XT_EXIT_OK)
		status = addresses_choose(peer, hub);
	if (status != XT_EXIT_OK)
		return status;
	if (args->given[ALLOWED] && !allowed_set(peer, args->value[ALLOWED]))
		return xt_fail(XT_EXIT_USAGE, "add --allowed-ips %.80s: not a list of networks",
			       args->value[ALLOWED]);
	return xt_hub_endpoint(hub, args->value[ENDPOINT], endpoint);
}

/* What is written for the peer. */
struct outputs {
	struct xt_private_file file;
	struct xt_qr_output qr;
};

static bool outputs_keep(void *ctx)
{
	struct outputs *outputs = ctx;

	return xt_private_file_keep(&outputs->file) && xt_qr_output_keep(&outputs->qr);
}

/* The peer's file, and the code of what is in it. */
static int outputs_write(struct outputs *outputs, const struct xt_hubconf *peer,
			 const struct xt_args *args)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX), phone = text;
	bool force = args->given[FORCE];
	int status = XT_EXIT_FAILURE;

	if (xt_hubconf_file(peer, false, &text) < 0 || xt_hubconf_file(peer, true, &phone) < 0)
		xt_message("%s", xt_strerror(XT_E_NOMEM));
	else if (xt_private_file_write(&outputs->file, text.p, text.len, force))
		status =
		    args->given[QR] ? xt_qr_output_make(&outputs->qr, &phone, force) : XT_EXIT_OK;
	xt_secbuf_clear(&text);
	xt_secbuf_clear(&phone);
	return status;
}

static void steps_print(const struct xt_hub *hub, const struct xt_hubconf *peer)
{
	char name[16], text[XT_IP_TEXT];

	xt_hubconf_interface(peer->name, name);
	fflush(stdout);
	xt_message("%s: %s is %s there; the file holds its private key", hub->conf.name, peer->name,
		   xt_ip_print(&peer->addresses[0].ip, text));
	xt_hint("copy it to its host as /etc/xtunnel/%s.conf (mode 0600) and run there: sudo "
		"xtunnel up %s",
		name, name);
}

static json_t *addresses_json(const struct xt_hubconf *peer)
{
	json_t *list = json_array();
	char text[XT_CIDR_TEXT];

	for (size_t i = 0; i < peer->n_addresses; i++)
		json_array_append_new(list, json_string(xt_cidr_print(&peer->addresses[i], text)));
	return list;
}

static void done_print_json(const struct xt_hub *hub, const struct xt_hubconf *peer,
			    const char *path, const struct xt_args *args)
{
	char key[XT_KEY_BASE64];
	json_t *out = json_pack(
	    "{s:i,s:b,s:s,s:s,s:s,s:o,s:s,s:s}", "schema", 1, "dry_run", (int)args->given[DRY_RUN],
	    "hub", hub->conf.name, "file", hub->conf.path, "name", peer->name, "addresses",
	    addresses_json(peer), "endpoint", peer->endpoint, "peer_file", path);

	xt_key_to_base64(key, peer->public_key.b);
	if (!args->given[DRY_RUN])
		json_object_set_new(out, "public_key", json_string(key));
	if (args->value[QR])
		json_object_set_new(out, "image", json_string(args->value[QR]));
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

static void done_print(const struct xt_hub *hub, const struct xt_hubconf *peer,
		       const struct outputs *outputs, const struct xt_args *args)
{
	char text[XT_IP_TEXT];

	if (args->given[JSON]) {
		done_print_json(hub, peer, outputs->file.path, args);
	} else if (args->given[DRY_RUN]) {
		printf("%s\n", outputs->file.path);
		fflush(stdout);
		xt_message("%s: %s would be %s there, and reach %s at %s; nothing was changed",
			   hub->conf.name, peer->name, xt_ip_print(&peer->addresses[0].ip, text),
			   hub->conf.name, peer->endpoint);
	} else {
		printf("%s\n", outputs->file.path);
		if (args->given[QR])
			xt_qr_output_print(&outputs->qr);
		steps_print(hub, peer);
	}
}

/* As peer_commit, up to the first step that would change something. */
static int peer_judge(struct xt_hub *hub, const struct xt_secbuf *text, struct outputs *outputs,
		      const struct xt_args *args)
{
	struct xt_private_file image = {0};
	bool force = args->given[FORCE];

	snprintf(image.path, sizeof(image.path), "%s", args->value[QR] ? args->value[QR] : "");
	if (!xt_private_file_judge(&outputs->file, force) ||
	    (args->value[QR] && !xt_private_file_judge(&image, force)))
		return XT_EXIT_FAILURE;
	return xt_hub_judge(hub, text);
}

/* The peer's file, then the hub's. */
static int peer_commit(struct xt_hub *hub, const struct xt_hubconf *peer,
		       const struct xt_secbuf *text, struct outputs *outputs,
		       const struct xt_args *args)
{
	int status = outputs_write(outputs, peer, args);

	return status == XT_EXIT_OK ? xt_hub_commit(hub, text, outputs_keep, outputs) : status;
}

static int peer_write(struct xt_hub *hub, const struct xt_hubconf *peer, const struct xt_args *args)
{
	struct xt_secbuf section = XT_SECBUF_INIT(XT_SECBUF_MAX), text = section;
	struct outputs outputs = {.qr = {.path = args->value[QR]}};
	char name[16];
	sigset_t before;
	int status;

	xt_hubconf_interface(peer->name, name);
	if (!xt_private_file_init(&outputs.file, args->value[DIR], name, ".conf"))
		return XT_EXIT_USAGE;
	xt_private_file_hold(&before);
	if (xt_hubconf_section(peer, &section) < 0 ||
	    xt_edit_append(&hub->edit, section.p, &text) < 0)
		status = xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(XT_E_NOMEM));
	else if (args->given[DRY_RUN])
		status = peer_judge(hub, &text, &outputs, args);
	else
		status = peer_commit(hub, peer, &text, &outputs, args);
	xt_secbuf_clear(&section);
	xt_secbuf_clear(&text);
	if (status == XT_EXIT_OK)
		done_print(hub, peer, &outputs, args);
	xt_private_file_drop(&outputs.file);
	xt_qr_output_clear(&outputs.qr);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int xt_cmd_add(const struct xt_args *args)
{
	char endpoint[XT_HUBCONF_ENDPOINT];
	struct xt_hubconf peer = {0};
	struct xt_hub hub;
	int status = arguments_judge(args);

	if (status != XT_EXIT_OK)
		return status;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	status = xt_hub_open(&hub, args->operands[0], true);
	if (status == XT_EXIT_OK)
		status = peer_fill(&peer, &hub, args, endpoint);
	if (status == XT_EXIT_OK) {
		xt_new_keys(&peer.private_key, &peer.public_key);
		randombytes_buf(peer.psk.b, sizeof(peer.psk.b));
		status = peer_write(&hub, &peer, args);
	}
	xt_hubconf_clear(&peer);
	xt_hub_close(&hub);
	return status;
}
