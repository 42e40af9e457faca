/* SPDX-License-Identifier: MIT */
/* new: write the configuration files of both ends of a new tunnel. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/networks.h"
#include "cli/new_files.h"
#include "cli/term.h"
#include "config/newconf.h"
#include "crypto/init.h"

enum { DIR, PORT, ADDRESS, HUB };
const struct xt_option xt_new_options[] = {
    {'o', "dir", "DIR", "directory of the files (.)"},
    {'p', "port", "N", "UDP port of both ends (51820); HOST:N sets it for one"},
    {'a', "address", "NETWORKS", "inner networks (free ones on this host): 10.9.0.0/24,fd09::/64"},
    {'u', "hub", NULL, "A is a hub, and all other hosts are its peers"},
    {0},
};
const char xt_text_new[] =
    "\nA and B are the hosts as the ends reach each other: NAME, NAME:PORT, ADDRESS or\n"
    "[ADDRESS]:PORT. Private keys, a pre-shared key and inner addresses are generated. File and\n"
    "interface are named after the first label of the host. Existing files are never overwritten.\n"
    "A bare name, without a dot, is an end that the other one cannot reach: it gets no Endpoint, and\n"
    "keeps the way open by PersistentKeepalive.\n"
    "With --hub A is a hub for any number of peers, which get addresses in its networks and reach\n"
    "each other through it. `add` adds more of them later.\n";

static void next_steps_print(const struct xt_newconf *new, const struct xt_new_file files[2])
{
	printf("%s\n%s\n", files[0].file.path, files[1].file.path);
	fflush(stdout);
	xt_message("each file holds the private key of its end; next steps:");
	for (int i = 0; i < 2; i++) {
		char port[32] = "";

		if (new->end[i].reachable)
			snprintf(port, sizeof(port), ", open UDP port %u",
				 (unsigned)new->end[i].port);
		xt_hint("copy %s to %s as /etc/xtunnel/%s.conf (mode 0600)%s and run there: sudo "
			"xtunnel up %s",
			files[i].file.path, new->end[i].host, files[i].name, port, files[i].name);
	}
	if (!new->end[0].reachable && !new->end[1].reachable)
		xt_hint("%s and %s are bare names: write an Endpoint into one of the files",
			new->end[0].host, new->end[1].host);
}

static int tunnel_make(struct xt_newconf *new, const char *dir)
{
	struct xt_new_file files[2] = {0};
	char *texts[2] = {NULL, NULL};
	int rc;
	bool written;

	if (!xt_new_file_name(&files[0], &new->end[0], dir) ||
	    !xt_new_file_name(&files[1], &new->end[1], dir))
		return XT_EXIT_USAGE;
	if (strcmp(files[0].name, files[1].name) == 0)
		return xt_fail(XT_EXIT_USAGE,
			       "both interfaces would be named %s: use another name for one host",
			       files[0].name);
	for (int i = 0; i < 2; i++)
		xt_new_keys(&new->end[i].private_key, &new->end[i].public_key);
	randombytes_buf(new->psk.b, sizeof(new->psk.b));
	rc = xt_newconf_text(new, texts);
	for (int i = 0; i < 2 && texts[i]; i++) {
		files[i].text = XT_SECBUF_INIT(XT_SECBUF_MAX);
		xt_secbuf_puts(&files[i].text, texts[i]);
		xt_wipe(texts[i], strlen(texts[i]));
		free(texts[i]);
		rc = rc ? rc : files[i].text.error;
	}
	written = rc == 0 && xt_new_files_write(files, 2);
	if (rc < 0)
		xt_message("%s", xt_strerror(rc));
	xt_new_files_clear(files, 2);
	if (written)
		next_steps_print(new, files);
	return written ? XT_EXIT_OK : XT_EXIT_FAILURE;
}

static bool network_used(void *networks, const struct xt_cidr *net)
{
	return xt_networks_overlap(networks, net);
}

/* The inner networks: those of --address, else free ones. */
static int networks_set(struct xt_newconf *new, const struct xt_args *args)
{
	struct xt_networks networks;
	const char *why = NULL;
	int rc;

	if (args->given[ADDRESS]) {
		why = xt_newconf_address(new, args->value[ADDRESS]);
		if (!why)
			return XT_EXIT_OK;
		xt_message("new --address %.80s: %s", args->value[ADDRESS], why);
		xt_hint("expected for example 10.9.0.0/24 or 10.9.0.0/24,fd09::/64");
		return XT_EXIT_USAGE;
	}
	rc = xt_networks_read(&networks);
	if (rc == 0)
		rc = xt_newconf_choose(new, network_used, &networks);
	xt_networks_clear(&networks);
	if (rc == XT_E_FULL)
		return xt_fail(XT_EXIT_FAILURE, "no inner network is free on this host: choose one "
						"with --address");
	return rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc)) : XT_EXIT_OK;
}

int xt_cmd_new(const struct xt_args *args)
{
	struct xt_newconf new;
	uint64_t port;
	int bad = 0, rc, status;

	if (args->n > 2 && !args->given[HUB])
		return xt_fail(XT_EXIT_USAGE, "new: two hosts, or a hub and its peers with --hub");
	if (!xt_args_number(args, PORT, 1, 65535, 0, &port))
		return XT_EXIT_USAGE;
	rc = xt_newconf_init(&new, args->operands[0], args->operands[1], &bad);
	if (rc == XT_E_EXISTS)
		return xt_fail(XT_EXIT_USAGE, "both ends are the same host");
	if (rc < 0) {
		xt_message("%.100s: not a host", args->operands[bad]);
		xt_hint("expected NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT");
		return XT_EXIT_USAGE;
	}
	rc = networks_set(&new, args);
	if (rc != XT_EXIT_OK)
		return rc;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	if (args->given[HUB] && port && new.end[0].port == XT_NEWCONF_PORT)
		new.end[0].port = (uint16_t)port;
	if (args->given[HUB])
		return xt_new_hub(&new, args->operands, (size_t)args->n,
				  port ? (uint16_t)port : XT_NEWCONF_PORT, args->value[DIR]);
	for (int i = 0; i < 2 && port; i++) {
		if (new.end[i].port == XT_NEWCONF_PORT)
			new.end[i].port = (uint16_t)port;
	}
	status = tunnel_make(&new, args->given[DIR] ? args->value[DIR] : NULL);
	xt_wipe(&new, sizeof(new));
	return status;
}
