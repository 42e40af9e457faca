/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* parses: src/config/conf_edit.c src/config/conf_edit_lines.c src/config/hubconf.c
 * src/config/address_pool.c */
/* Any file, which add, remove, disable, enable and rotate change: what is changed is a file again
 * that has the peer or has it no more, each change can be taken back, and a new peer gets an
 * address that no other one has. */
#include <xtunnel/error.h>

#include "base/addr.h"
#include "config/conf.h"
#include "config/conf_edit.h"
#include "config/hubconf.h"
#include "fuzz/input.h"

static bool conf_read(struct xt_conf *conf, const char *text, size_t len)
{
	struct xt_conf_diagnostics diagnostics = {0};
	bool read = xt_conf_parse(conf, "wg0", text, len, &diagnostics) == 0;

	xt_conf_diagnostics_clear(&diagnostics);
	return read;
}

static bool conf_has(const struct xt_conf *conf, const struct xt_public *key)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		if (memcmp(&conf->peers[i].key, key, sizeof(*key)) == 0)
			return true;
	return false;
}

typedef int change(const struct xt_edit *edit, const struct xt_public *key, struct xt_secbuf *out);

/* The text that the change makes of that one. false: the change does not apply. */
static bool text_change(change *make, const struct xt_public *key, const struct xt_secbuf *text,
			struct xt_secbuf *out)
{
	struct xt_edit edit;
	int rc;

	check(xt_edit_open(&edit, text->p ? text->p : "", text->len) == 0);
	rc = make(&edit, key, out);
	check(rc == 0 || rc == XT_E_NOPEER);
	xt_edit_clear(&edit);
	return rc == 0;
}

/* Is text a file that has the peer, or has it not? */
static void text_judge(const struct xt_secbuf *text, const struct xt_public *key, bool has)
{
	struct xt_conf conf;

	check(conf_read(&conf, text->p ? text->p : "", text->len));
	check(conf_has(&conf, key) == has);
	xt_conf_clear(&conf);
}

static void peer_change(const struct xt_edit *edit, const struct xt_secbuf *text,
			const struct xt_public *key)
{
	struct xt_secbuf off = XT_SECBUF_INIT(XT_SECBUF_MAX), on = off, without = off, set = off;

	if (text_change(xt_edit_remove, key, text, &without))
		text_judge(&without, key, false);
	if (text_change(xt_edit_disable, key, text, &off)) {
		text_judge(&off, key, false);
		check(text_change(xt_edit_enable, key, &off, &on));
		text_judge(&on, key, true);
		if (!xt_edit_has(edit, key, true))
			check(on.len == text->len && memcmp(on.p, text->p, on.len) == 0);
	}
	if (xt_edit_set(edit, key, "PersistentKeepalive", "25", &set) == 0)
		text_judge(&set, key, true);
	xt_secbuf_clear(&without);
	xt_secbuf_clear(&off);
	xt_secbuf_clear(&on);
	xt_secbuf_clear(&set);
}

/* A peer that the hub would get. false: there is no address for it. */
static bool peer_choose(struct xt_hubconf *peer, const struct xt_conf *conf,
			const struct xt_conf *disabled)
{
	struct xt_cidr *used, full;
	size_t n;
	int rc;

	check(xt_hubconf_used(conf, disabled, &used, &n) == 0);
	rc = xt_hubconf_choose(peer, conf, used, n, &full);
	check(rc == 0 || rc == XT_E_FULL);
	for (size_t i = 0; rc == 0 && i < peer->n_addresses; i++)
		for (size_t k = 0; k < n; k++)
			check(used[k].bits != (used[k].ip.family == 4 ? 32 : 128) ||
			      !xt_ip_equal(&used[k].ip, &peer->addresses[i].ip));
	free(used);
	return rc == 0;
}

/* add, and remove of what was added. */
static void peer_add(const struct xt_edit *edit, const struct xt_conf *conf,
		     const struct xt_conf *disabled)
{
	struct xt_hubconf peer = {.name = "new", .hub_name = "hub", .endpoint = "", .reached = ""};
	struct xt_secbuf section = XT_SECBUF_INIT(XT_SECBUF_MAX), with = section, without = section;

	memset(&peer.public_key, 5, sizeof(peer.public_key));
	if (!conf_has(conf, &peer.public_key) && !conf_has(disabled, &peer.public_key) &&
	    peer_choose(&peer, conf, disabled)) {
		check(xt_hubconf_section(&peer, &section) == 0);
		check(xt_edit_append(edit, section.p, &with) == 0);
		text_judge(&with, &peer.public_key, true);
		check(text_change(xt_edit_remove, &peer.public_key, &with, &without));
		text_judge(&without, &peer.public_key, false);
	}
	xt_hubconf_clear(&peer);
	xt_secbuf_clear(&section);
	xt_secbuf_clear(&with);
	xt_secbuf_clear(&without);
}

static void file_change(const struct xt_secbuf *text, const struct xt_conf *conf)
{
	struct xt_secbuf disabled_text = XT_SECBUF_INIT(XT_SECBUF_MAX), kept = disabled_text;
	struct xt_conf disabled;
	struct xt_edit edit;
	char endpoint[64];

	check(xt_edit_open(&edit, text->p, text->len) == 0);
	check(xt_edit_disabled(&edit, &disabled_text) == 0);
	check(xt_edit_keep_disabled(text->p, text->len, &kept) == 0);
	(void)xt_edit_endpoint(&edit, endpoint, sizeof(endpoint));
	if (conf_read(&disabled, disabled_text.p ? disabled_text.p : "", disabled_text.len)) {
		peer_add(&edit, conf, &disabled);
		for (size_t i = 0; i < conf->n_peers && i < 3; i++)
			peer_change(&edit, text, &conf->peers[i].key);
		for (size_t i = 0; i < disabled.n_peers && i < 3; i++)
			if (!conf_has(conf, &disabled.peers[i].key))
				check(xt_edit_has(&edit, &disabled.peers[i].key, true));
	}
	xt_conf_clear(&disabled);
	xt_edit_clear(&edit);
	xt_secbuf_clear(&disabled_text);
	xt_secbuf_clear(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_conf conf;

	if (len == 0 || len > 65536)
		return 0;
	check(xt_secbuf_append(&text, (const char *)data, len) == 0);
	if (conf_read(&conf, text.p, text.len))
		file_change(&text, &conf);
	xt_conf_clear(&conf);
	xt_secbuf_clear(&text);
	return 0;
}
