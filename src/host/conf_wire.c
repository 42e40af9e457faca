/* SPDX-License-Identifier: MIT */
/* See conf_wire.h. */
#include "host/conf_wire.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/aead.h>

#include "base/text.h"

/* The least bytes of each in a message: counts are checked against what is left of it. */
#define PEER_LEAST     110u
#define HOOK_LEAST     5u
#define ENDPOINT_LEAST 5u
#define ADDRESS_LEAST  3u
#define PLACE_LEAST    5u

/* A line of a file is not longer than the file. */
#define LINE_MAX_LEN ((size_t)XT_CONF_FILE_MAX)
#define PATH_MAX_LEN 4096u

static void lines_wire(struct xt_wire *w, unsigned **lines, size_t n)
{
	bool present = *lines != NULL;

	xt_wire_bool(w, &present);
	if (xt_wire_reads(w)) {
		xt_wire_expect(w, !present || n <= w->in->len / 4);
		*lines = present && w->in->error == 0 ? calloc(n + 1, sizeof(**lines)) : NULL;
		if (present && w->in->error == 0 && !*lines)
			w->in->error = XT_E_NOMEM;
	}
	for (size_t i = 0; *lines && i < n; i++)
		xt_wire_unsigned(w, &(*lines)[i]);
}

static void hooks_wire(struct xt_wire *w, struct xt_conf_hooks *hooks)
{
	hooks->v = xt_wire_array(w, hooks->v, &hooks->n, sizeof(*hooks->v), HOOK_LEAST);
	for (size_t i = 0; i < hooks->n; i++) {
		xt_wire_line(w, &hooks->v[i].command, LINE_MAX_LEN);
		xt_wire_expect(w, hooks->v[i].command != NULL);
		xt_wire_unsigned(w, &hooks->v[i].line);
	}
}

static void cidrs_wire(struct xt_wire *w, struct xt_cidr **v, size_t *n)
{
	*v = xt_wire_array(w, *v, n, sizeof(**v), XT_WIRE_CIDR_LEAST);
	for (size_t i = 0; i < *n; i++)
		xt_wire_cidr(w, &(*v)[i]);
}

/* --- [Peer] --- */

static void endpoints_wire(struct xt_wire *w, struct xt_conf_peer *peer)
{
	struct xt_conf_endpoint *more;

	xt_wire_line(w, &peer->endpoint_host, LINE_MAX_LEN);
	xt_wire_u16(w, &peer->endpoint_port);
	xt_wire_text(w, peer->endpoint_service, sizeof(peer->endpoint_service));
	peer->endpoints_more = xt_wire_array(w, peer->endpoints_more, &peer->n_endpoints_more,
					     sizeof(*peer->endpoints_more), ENDPOINT_LEAST);
	more = peer->endpoints_more;
	xt_wire_expect(w, peer->n_endpoints_more < XT_CONF_ENDPOINTS_MAX);
	xt_wire_expect(w, peer->endpoint_host || peer->n_endpoints_more == 0);
	for (size_t i = 0; i < peer->n_endpoints_more; i++) {
		xt_wire_line(w, &more[i].host, LINE_MAX_LEN);
		xt_wire_expect(w, more[i].host != NULL);
		xt_wire_u16(w, &more[i].port);
		xt_wire_text(w, more[i].service, sizeof(more[i].service));
	}
	xt_wire_u32(w, &peer->endpoint_hold_s);
}

static void peer_wire(struct xt_wire *w, struct xt_conf_peer *peer)
{
	xt_wire_unsigned(w, &peer->line);
	xt_wire_bytes(w, peer->key.b, sizeof(peer->key.b));
	xt_wire_bytes(w, peer->psk.b, sizeof(peer->psk.b));
	xt_wire_bool(w, &peer->has_psk);
	xt_wire_line(w, &peer->psk_file, LINE_MAX_LEN);
	xt_wire_text(w, peer->name, sizeof(peer->name));
	cidrs_wire(w, &peer->allowed, &peer->n_allowed);
	lines_wire(w, &peer->allowed_lines, peer->n_allowed);
	endpoints_wire(w, peer);
	xt_wire_u16(w, &peer->keepalive_s);
	xt_wire_bool(w, &peer->has_keepalive);
	xt_wire_unsigned(w, &peer->endpoint_line);
	xt_wire_unsigned(w, &peer->psk_line);
	xt_wire_unsigned(w, &peer->probe_line);
	xt_wire_unsigned(w, &peer->key_line);
	xt_wire_unsigned(w, &peer->bare);
	xt_wire_ip(w, &peer->probe_address);
	xt_wire_bool(w, &peer->critical);
	xt_wire_bool(w, &peer->has_critical);
}

/* --- [Interface] --- */

/* The name of a backend is static text. */
static void aead_wire(struct xt_wire *w, const char **aead)
{
	char text[32] = "";
	const char *name;

	for (size_t i = 0; *aead && i + 1 < sizeof(text) && (*aead)[i]; i++)
		text[i] = (*aead)[i];
	xt_wire_text(w, text, sizeof(text));
	if (!xt_wire_reads(w))
		return;
	*aead = NULL;
	for (size_t i = 0; (name = xt_aead_backend(i)) != NULL; i++)
		if (strcmp(name, text) == 0)
			*aead = name;
	xt_wire_expect(w, *aead || !*text);
}

static void addresses_wire(struct xt_wire *w, struct xt_conf *conf)
{
	bool placed = conf->address_places != NULL;
	size_t n;

	conf->addresses = xt_wire_array(w, conf->addresses, &conf->n_addresses,
					sizeof(*conf->addresses), ADDRESS_LEAST);
	for (size_t i = 0; i < conf->n_addresses; i++) {
		xt_wire_cidr(w, &conf->addresses[i].cidr);
		xt_wire_ip(w, &conf->addresses[i].peer);
	}
	n = placed ? conf->n_addresses : 0;
	conf->address_places =
	    xt_wire_array(w, conf->address_places, &n, sizeof(*conf->address_places), PLACE_LEAST);
	xt_wire_expect(w, n == 0 || n == conf->n_addresses);
	for (size_t i = 0; i < n; i++) {
		xt_wire_unsigned(w, &conf->address_places[i].line);
		xt_wire_bool(w, &conf->address_places[i].bare);
	}
}

static void dns_wire(struct xt_wire *w, struct xt_conf *conf)
{
	conf->dns = xt_wire_array(w, conf->dns, &conf->n_dns, sizeof(*conf->dns), HOOK_LEAST);
	for (size_t i = 0; i < conf->n_dns; i++) {
		xt_wire_line(w, &conf->dns[i], LINE_MAX_LEN);
		xt_wire_expect(w, conf->dns[i] != NULL);
	}
}

static void lines_of_keys_wire(struct xt_wire *w, struct xt_conf *conf)
{
	unsigned *const lines[] = {
	    &conf->interface_line,	&conf->dns_line,  &conf->save_line,  &conf->key_line,
	    &conf->address_line,	&conf->mtu_line,  &conf->table_line, &conf->echo_line,
	    &conf->echo_addresses_line, &conf->port_line,
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		xt_wire_unsigned(w, lines[i]);
}

static void network_wire(struct xt_wire *w, struct xt_conf *conf)
{
	xt_wire_bool(w, &conf->has_port);
	xt_wire_u16(w, &conf->listen_port);
	xt_wire_u32(w, &conf->fwmark);
	addresses_wire(w, conf);
	xt_wire_u32(w, &conf->mtu);
	XT_WIRE_BELOW(w, conf->table, XT_TABLE_NUMBER + 1);
	xt_wire_u32(w, &conf->table_number);
	xt_wire_text(w, conf->table_name, sizeof(conf->table_name));
	dns_wire(w, conf);
}

static void interface_wire(struct xt_wire *w, struct xt_conf *conf)
{
	xt_wire_text(w, conf->name, sizeof(conf->name));
	xt_wire_string(w, &conf->path, PATH_MAX_LEN);
	xt_wire_bool(w, &conf->has_key);
	xt_wire_bytes(w, conf->private_key.b, sizeof(conf->private_key.b));
	xt_wire_line(w, &conf->private_key_file, LINE_MAX_LEN);
	xt_wire_line(w, &conf->private_key_command, LINE_MAX_LEN);
	xt_wire_bytes(w, conf->command_key.b, sizeof(conf->command_key.b));
	network_wire(w, conf);
	lines_of_keys_wire(w, conf);
	xt_wire_bool(w, &conf->save_config);
	hooks_wire(w, &conf->pre_up);
	hooks_wire(w, &conf->post_up);
	hooks_wire(w, &conf->pre_down);
	hooks_wire(w, &conf->post_down);
	XT_WIRE_BELOW(w, conf->echo, XT_ECHO_BOTH + 1);
	cidrs_wire(w, &conf->echo_addresses, &conf->n_echo_addresses);
	xt_wire_u32(w, &conf->echo_rate);
	aead_wire(w, &conf->aead);
	xt_wire_u32(w, &conf->threads);
	xt_wire_bool(w, &conf->offload_off);
	xt_wire_bool(w, &conf->has_log_level);
	XT_WIRE_BELOW(w, conf->log_level, XT_LOG_LEVELS);
	xt_wire_line(w, &conf->owner_user, LINE_MAX_LEN);
	xt_wire_line(w, &conf->owner_group, LINE_MAX_LEN);
	XT_WIRE_BELOW(w, conf->sandbox, XT_SANDBOX_MODE_STRICT + 1);
	xt_wire_line(w, &conf->user, LINE_MAX_LEN);
}

/* --- all of it --- */

void xt_conf_wire(struct xt_wire *w, struct xt_conf *conf)
{
	if (xt_wire_reads(w))
		memset(conf, 0, sizeof(*conf));
	interface_wire(w, conf);
	conf->peers =
	    xt_wire_array(w, conf->peers, &conf->n_peers, sizeof(*conf->peers), PEER_LEAST);
	for (size_t i = 0; i < conf->n_peers; i++)
		peer_wire(w, &conf->peers[i]);
	if (xt_wire_reads(w) && w->in->error < 0)
		xt_conf_clear(conf);
}

int xt_conf_encode(struct xt_secbuf *out, const struct xt_conf *conf)
{
	struct xt_wire w = {.out = out};
	struct xt_conf view = *conf; /* nothing is written to what it points to */

	xt_conf_wire(&w, &view);
	xt_wipe(&view, sizeof(view));
	return out->error;
}

int xt_conf_decode(struct xt_conf *out, struct xt_wire_in *in)
{
	struct xt_wire w = {.in = in};

	xt_conf_wire(&w, out);
	return in->error;
}
