/* SPDX-License-Identifier: MIT */
/* new --hub: the files of a hub and its peers. Each peer is what `add` would make of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/new_files.h"
#include "cli/term.h"
#include "config/hubconf.h"

/* files, ends: of the hub and its peers; used: their addresses */
struct hub {
	struct xt_new_file *files;
	struct xt_newconf_end *ends;
	struct xt_cidr *used;
	size_t n, n_used;
	struct xt_conf conf;
	struct xt_link_address addresses[2];
};

static void endpoint_print(const struct xt_newconf_end *end, char out[XT_HUBCONF_ENDPOINT])
{
	const char *bracket = strchr(end->host, ':') ? "[" : "";

	out[0] = '\0';
	if (end->reachable)
		snprintf(out, XT_HUBCONF_ENDPOINT, "%s%s%s:%u", bracket, end->host,
			 *bracket ? "]" : "", (unsigned)end->port);
}

static void hub_put_interface(struct hub *hub)
{
	struct xt_secbuf *out = &hub->files[0].text;
	char text[XT_KEY_BASE64], address[XT_CIDR_TEXT];

	xt_secbuf_printf(out,
			 "# %s: a hub with %zu peers. Holds secrets: mode 0600.\n\n[Interface]\n",
			 hub->ends[0].host, hub->n - 1);
	xt_key_to_base64(text, hub->ends[0].private_key.b);
	xt_secbuf_printf(out, "PrivateKey = %s\nListenPort = %u\nAddress = ", text,
			 (unsigned)hub->ends[0].port);
	xt_wipe(text, sizeof(text));
	for (size_t i = 0; i < hub->conf.n_addresses; i++)
		xt_secbuf_printf(out, "%s%s", i ? ", " : "",
				 xt_cidr_print(&hub->addresses[i].cidr, address));
	xt_secbuf_puts(out, "\n#: Echo = peer\n");
}

static int peer_put(struct hub *hub, size_t at)
{
	char endpoint[XT_HUBCONF_ENDPOINT], reached[XT_HUBCONF_ENDPOINT], text[XT_CIDR_TEXT];
	struct xt_newconf_end *end = &hub->ends[at];
	struct xt_hubconf peer = {.name = hub->files[at].name,
				  .hub_name = hub->files[0].name,
				  .endpoint = endpoint,
				  .reached = reached,
				  .hub_key = hub->ends[0].public_key};
	struct xt_cidr full;
	int rc = xt_hubconf_choose(&peer, &hub->conf, hub->used, hub->n_used, &full);

	endpoint_print(&hub->ends[0], endpoint);
	endpoint_print(end, reached);
	peer.listen = end->reachable ? end->port : 0;
	xt_new_keys(&peer.private_key, &peer.public_key);
	randombytes_buf(peer.psk.b, sizeof(peer.psk.b));
	for (size_t i = 0; i < peer.n_addresses && rc == 0; i++)
		hub->used[hub->n_used++] = (struct xt_cidr){
		    peer.addresses[i].ip, (uint8_t)xt_ip_bits(&peer.addresses[i].ip)};
	if (rc == 0)
		rc = xt_secbuf_puts(&hub->files[0].text, "\n");
	if (rc == 0)
		rc = xt_hubconf_section(&peer, &hub->files[0].text);
	if (rc == 0)
		rc = xt_hubconf_file(&peer, false, &hub->files[at].text);
	xt_hubconf_clear(&peer);
	if (rc == XT_E_FULL && full.ip.family)
		return xt_fail(XT_EXIT_USAGE, "new --hub: %s has no room for %zu peers",
			       xt_cidr_print(&full, text), hub->n - 1);
	return rc < 0 ? xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc)) : XT_EXIT_OK;
}

/* Peers need names that differ, from the hub's too. */
static bool names_differ(const struct hub *hub, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(hub->files[i].name, hub->files[at].name) == 0) {
			xt_message("two interfaces would be named %s: use another name for one "
				   "host",
				   hub->files[at].name);
			return false;
		}
	return true;
}

static int hosts_set(struct hub *hub, const struct xt_newconf *new, const char *const *hosts,
		     uint16_t port, const char *dir)
{
	hub->ends[0] = new->end[0];
	for (size_t i = 0; i < hub->n; i++) {
		hub->files[i].text = XT_SECBUF_INIT(XT_SECBUF_MAX);
		if (i && !xt_newconf_host(&hub->ends[i], hosts[i], port)) {
			xt_message("%.100s: not a host", hosts[i]);
			xt_hint("expected NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT");
			return XT_EXIT_USAGE;
		}
		hub->ends[i].reachable = xt_newconf_reachable(hub->ends[i].host);
		if (!xt_new_file_name(&hub->files[i], &hub->ends[i], dir) || !names_differ(hub, i))
			return XT_EXIT_USAGE;
	}
	if (new->end[0].ipv4.ip.family)
		hub->addresses[hub->conf.n_addresses++].cidr = new->end[0].ipv4;
	if (new->end[0].ipv6.ip.family)
		hub->addresses[hub->conf.n_addresses++].cidr = new->end[0].ipv6;
	hub->conf.addresses = hub->addresses;
	return XT_EXIT_OK;
}

static void steps_print(const struct hub *hub)
{
	const struct xt_newconf_end *end = &hub->ends[0];

	for (size_t i = 0; i < hub->n; i++)
		printf("%s\n", hub->files[i].file.path);
	fflush(stdout);
	xt_message("each file holds the private key of its end; next steps:");
	xt_hint("copy each to its host as /etc/xtunnel/NAME.conf (mode 0600) and run there: sudo "
		"xtunnel up NAME");
	if (end->reachable)
		xt_hint("open UDP port %u at %s; peers reach each other when it forwards: sysctl "
			"net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
			(unsigned)end->port, end->host);
	else
		xt_hint("%s is a bare name: write an Endpoint into the files of its peers",
			end->host);
	xt_hint("one more peer, at the hub: xtunnel add %s NAME", hub->files[0].name);
}

static int hub_make(struct hub *hub)
{
	int status = XT_EXIT_OK;

	xt_new_keys(&hub->ends[0].private_key, &hub->ends[0].public_key);
	hub_put_interface(hub);
	for (size_t i = 1; i < hub->n && status == XT_EXIT_OK; i++)
		status = peer_put(hub, i);
	if (status == XT_EXIT_OK && !xt_new_files_write(hub->files, hub->n))
		status = XT_EXIT_FAILURE;
	if (status == XT_EXIT_OK)
		steps_print(hub);
	return status;
}

int xt_new_hub(const struct xt_newconf *new, const char *const *hosts, size_t n, uint16_t port,
	       const char *dir)
{
	struct hub hub = {.n = n};
	int status = XT_EXIT_FAILURE;

	hub.files = calloc(n, sizeof(*hub.files));
	hub.ends = calloc(n, sizeof(*hub.ends));
	hub.used = calloc(2 * n, sizeof(*hub.used));
	if (hub.files && hub.ends && hub.used)
		status = hosts_set(&hub, new, hosts, port, dir);
	else
		xt_message("%s", xt_strerror(XT_E_NOMEM));
	if (status == XT_EXIT_OK)
		status = hub_make(&hub);
	if (hub.files)
		xt_new_files_clear(hub.files, n);
	if (hub.ends)
		xt_wipe(hub.ends, n * sizeof(*hub.ends));
	free(hub.files);
	free(hub.ends);
	free(hub.used);
	return status;
}
