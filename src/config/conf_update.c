/* SPDX-License-Identifier: MIT */
/* The running state, put into a configuration that was loaded from its file. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/table.h"
#include "base/text.h"
#include "config/conf_reader.h"
#include "config/conf_write.h"
#include "crypto/dh.h"

static bool key_equal(const uint8_t a[32], const uint8_t b[32])
{
	return sodium_memcmp(a, b, 32) == 0;
}

/* The device's key is clamped, the one in the file need not be. */
static bool private_key_equal(const struct xt_private *a, const struct xt_private *b)
{
	struct xt_private x = *a, y = *b;
	bool equal;

	xt_dh_clamp(&x);
	xt_dh_clamp(&y);
	equal = key_equal(x.b, y.b);
	xt_wipe(&x, sizeof(x));
	xt_wipe(&y, sizeof(y));
	return equal;
}

/* The file's peers by their keys. */
struct entry {
	const struct xt_conf_peer *peer;
	UT_hash_handle hh;
};

struct table {
	struct entry *entries; /* as many as the file has peers */
	struct entry *head;
};

static void table_clear(struct table *table)
{
	HASH_CLEAR(hh, table->head);
	free(table->entries);
}

/* Of peers with one key the first counts. */
static int table_fill(struct table *table, const struct xt_conf *conf)
{
	table->entries = calloc(conf->n_peers + 1, sizeof(*table->entries));
	if (!table->entries)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_peers; i++) {
		struct entry *entry = &table->entries[i], *old;

		entry->peer = &conf->peers[i];
		HASH_FIND(hh, table->head, &entry->peer->key, sizeof(entry->peer->key), old);
		if (old)
			continue;
		HASH_ADD_KEYPTR(hh, table->head, &entry->peer->key, sizeof(entry->peer->key),
				entry);
		if (!xt_table_has(hh, entry))
			return XT_E_NOMEM;
	}
	return 0;
}

static const struct xt_conf_peer *table_find(const struct table *table, const struct xt_public *key)
{
	struct entry *entry;

	HASH_FIND(hh, table->head, key, sizeof(*key), entry);
	return entry ? entry->peer : NULL;
}

static int peer_set_endpoint(struct xt_conf_peer *out, const struct xt_peer_report *now,
			     const struct xt_conf_peer *old)
{
	char host[XT_IP_TEXT + 1 + IF_NAMESIZE], link[IF_NAMESIZE];

	/* A name or a list says more than the address that is in use at the moment. */
	if (old && (xt_conf_endpoints(old) > 1 || xt_conf_endpoint_named(old)))
		return xt_conf_endpoints_copy(out, old);
	if (now->endpoint.ip.family == 0)
		return 0;
	xt_ip_print(&now->endpoint.ip, host);
	/* By name: the index is another one after the next boot. */
	if (now->endpoint.scope && if_indextoname(now->endpoint.scope, link))
		snprintf(host + strlen(host), sizeof(link) + 1, "%%%s", link);
	else if (now->endpoint.scope)
		snprintf(host + strlen(host), 16, "%%%u", now->endpoint.scope);
	out->endpoint_host = strdup(host);
	out->endpoint_port = now->endpoint.port;
	return out->endpoint_host ? 0 : XT_E_NOMEM;
}

static int peer_set(struct xt_conf_peer *out, const struct xt_report *report,
		    const struct xt_peer_report *now, const struct xt_conf_peer *old)
{
	const char *name = *now->name ? now->name : old ? old->name : "";

	memset(out, 0, sizeof(*out));
	out->key = now->key;
	out->psk = now->psk;
	out->has_psk = sodium_is_zero(now->psk.b, sizeof(now->psk.b)) == 0;
	out->keepalive_s = now->keepalive_s;
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->endpoint_hold_s = old ? old->endpoint_hold_s : 0;
	if (old) {
		out->probe_address = old->probe_address;
		out->critical = old->critical;
	}
	if (old && old->psk_file && old->has_psk && key_equal(old->psk.b, now->psk.b)) {
		out->psk_file = strdup(old->psk_file);
		if (!out->psk_file)
			return XT_E_NOMEM;
	}
	out->allowed = calloc(now->n_allowed + 1, sizeof(*out->allowed));
	out->allowed_lines = calloc(now->n_allowed + 1, sizeof(*out->allowed_lines));
	if (!out->allowed || !out->allowed_lines)
		return XT_E_NOMEM;
	out->n_allowed = now->n_allowed;
	for (size_t i = 0; i < now->n_allowed; i++)
		out->allowed[i] = report->allowed[now->first_allowed + i];
	return peer_set_endpoint(out, now, old);
}

static void conf_swap_peers(struct xt_conf *a, struct xt_conf *b)
{
	struct xt_conf_peer *peers = a->peers;
	size_t n = a->n_peers;

	a->peers = b->peers;
	a->n_peers = b->n_peers;
	b->peers = peers;
	b->n_peers = n;
}

/* Nothing runs the command for a save: the public key says whether the device still has its key. */
static bool command_is_kept(const struct xt_conf *conf, const struct xt_conf_force *force)
{
	const struct xt_report *report = force->report;

	return conf->private_key_command && report->has_key && force->command_key &&
	       key_equal(force->command_key->b, report->public_key.b);
}

static void conf_set_interface(struct xt_conf *conf, const struct xt_conf_force *force)
{
	const struct xt_report *report = force->report;

	if (!command_is_kept(conf, force) &&
	    (!report->has_key || !conf->has_key ||
	     !private_key_equal(&conf->private_key, &report->private_key))) {
		free(conf->private_key_file);
		free(conf->private_key_command);
		conf->private_key_file = NULL;
		conf->private_key_command = NULL;
		conf->private_key = report->private_key;
	}
	conf->has_key = report->has_key;
	conf->has_port = report->listen_port != 0;
	conf->listen_port = report->listen_port;
	if (report->fwmark != force->auto_mark || report->fwmark == 0 || conf->fwmark != 0)
		conf->fwmark = report->fwmark;
	if (conf->mtu)
		conf->mtu = force->mtu;
}

int xt_conf_update(struct xt_conf *conf, const struct xt_conf_force *force)
{
	const struct xt_report *report = force->report;
	struct xt_conf fresh = {0}; /* new peers, and after conf_swap_peers the old ones */
	struct xt_link_address *addresses = calloc(force->n_addresses + 1, sizeof(*addresses));
	struct table table = {0};
	int rc = addresses ? table_fill(&table, conf) : XT_E_NOMEM;

	fresh.peers = calloc(report->n_peers + 1, sizeof(*fresh.peers));
	if (!fresh.peers)
		rc = XT_E_NOMEM;
	for (size_t i = 0; rc == 0 && i < report->n_peers; i++) {
		const struct xt_peer_report *now = &report->peers[i];

		fresh.n_peers = i + 1;
		rc = peer_set(&fresh.peers[i], report, now, table_find(&table, &now->key));
	}
	table_clear(&table);
	if (rc == 0) {
		if (force->n_addresses)
			memcpy(addresses, force->addresses,
			       force->n_addresses * sizeof(*addresses));
		free(conf->addresses);
		conf->addresses = addresses;
		conf->n_addresses = force->n_addresses;
		conf_swap_peers(conf, &fresh);
		conf_set_interface(conf, force);
	} else {
		free(addresses);
	}
	xt_conf_clear(&fresh);
	return rc;
}
