/* SPDX-License-Identifier: MIT */
/* How each key is compared: keys.def demands a function of every one. What the device holds is
 * compared with the device, so that what a program has set by wg(8) shows; the rest with the file
 * as it was last applied. */
#include "config/conf_differ.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/text.h"
#include "crypto/dh.h"

/* --- [Interface] --- */

void xt_diff_private_key(struct xt_differ *d)
{
	const struct xt_report *report = d->report;
	struct xt_private file = d->file->private_key, now = report->private_key;

	/* A file without a key, as in wg-quick(8)'s manual: a PostUp has set it. */
	if (d->file->has_key) {
		xt_dh_clamp(&file);
		xt_dh_clamp(&now);
		if (!report->has_key || sodium_memcmp(file.b, now.b, sizeof(file.b)) != 0) {
			xt_differ_secret(d, report->has_key, true, false);
			d->out->change.set |= XT_SET_PRIVATE_KEY;
			d->out->change.private_key = d->file->private_key;
		}
	}
	xt_wipe(&file, sizeof(file));
	xt_wipe(&now, sizeof(now));
}

/* The key that it holds was compared as PrivateKey. */
void xt_diff_private_key_file(struct xt_differ *d)
{
	(void)d;
}

/* Likewise what the command printed. */
void xt_diff_private_key_command(struct xt_differ *d)
{
	(void)d;
}

static void number_put(struct xt_secbuf *text, uint32_t number)
{
	if (number)
		xt_secbuf_printf(text, "%u", (unsigned)number);
}

static uint16_t port_of(const struct xt_conf *conf)
{
	return conf->has_port ? conf->listen_port : 0;
}

/* Without ListenPort any port will do: the present one stays. */
void xt_diff_listen_port(struct xt_differ *d)
{
	uint16_t old = port_of(d->old), file = port_of(d->file), now = d->report->listen_port;
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;

	if (file && (old || now != file))
		old = now;
	number_put(&was, old);
	number_put(&is, file);
	xt_differ_texts(d, &was, &is, port_of(d->old) && port_of(d->old) != now);
}

static void mark_put(struct xt_secbuf *text, uint32_t mark)
{
	if (mark)
		xt_secbuf_printf(text, "0x%x", (unsigned)mark);
}

void xt_diff_fwmark(struct xt_differ *d)
{
	uint32_t now = d->report->fwmark, of_old = d->old->fwmark ? d->old->fwmark : d->auto_mark;
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;

	mark_put(&was, now == d->auto_mark ? 0 : now);
	mark_put(&is, d->file->fwmark);
	xt_differ_texts(d, &was, &is, now != of_old);
}

static void addresses_put(struct xt_secbuf *text, const struct xt_conf *conf)
{
	char local[XT_CIDR_TEXT], peer[XT_IP_TEXT];

	for (size_t i = 0; i < conf->n_addresses; i++) {
		const struct xt_link_address *address = &conf->addresses[i];

		xt_secbuf_printf(text, "%s%s", i ? ", " : "", xt_cidr_print(&address->cidr, local));
		if (address->peer.family)
			xt_secbuf_printf(text, " -> %s", xt_ip_print(&address->peer, peer));
	}
}

static void cidrs_put(struct xt_secbuf *text, const struct xt_cidr *v, size_t n)
{
	char cidr[XT_CIDR_TEXT];

	for (size_t i = 0; i < n; i++)
		xt_secbuf_printf(text, "%s%s", i ? ", " : "", xt_cidr_print(&v[i], cidr));
}

static void dns_put(struct xt_secbuf *text, const struct xt_conf *conf)
{
	for (size_t i = 0; i < conf->n_dns; i++)
		xt_secbuf_printf(text, "%s%s", i ? ", " : "", conf->dns[i]);
}

static void table_put(struct xt_secbuf *text, const struct xt_conf *conf)
{
	if (conf->table == XT_TABLE_OFF)
		xt_secbuf_puts(text, "off");
	else if (*conf->table_name)
		xt_secbuf_puts(text, conf->table_name);
	else if (conf->table == XT_TABLE_NUMBER)
		xt_secbuf_printf(text, "%u", (unsigned)conf->table_number);
}

static void hooks_put(struct xt_secbuf *text, const struct xt_conf_hooks *hooks)
{
	for (size_t i = 0; i < hooks->n; i++)
		xt_secbuf_printf(text, "%s%s", i ? "; " : "", hooks->v[i].command);
}

static void owner_put(struct xt_secbuf *text, const struct xt_conf *conf)
{
	if (conf->owner_user)
		xt_secbuf_puts(text, conf->owner_user);
	if (conf->owner_group)
		xt_secbuf_printf(text, ":%s", conf->owner_group);
}

static void echo_put(struct xt_secbuf *text, const struct xt_conf *conf)
{
	static const char *const modes[] = {"", "host", "peer", "both"};

	xt_secbuf_puts(text, modes[conf->echo & 3]);
}

/* The two values of a key in [Interface], each put by a statement. */
#define COMPARE(parser, put_old, put_file)                                                         \
	void xt_diff_##parser(struct xt_differ *d)                                                 \
	{                                                                                          \
		struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;                        \
		const struct xt_conf *old = d->old, *file = d->file;                               \
                                                                                                   \
		put_old;                                                                           \
		put_file;                                                                          \
		xt_differ_texts(d, &was, &is, false);                                              \
	}
#define COMPARE_BY(parser, put) COMPARE(parser, put(&was, old), put(&is, file))

COMPARE_BY(address, addresses_put)
COMPARE_BY(dns, dns_put)
COMPARE_BY(table, table_put)
COMPARE_BY(owner, owner_put)
COMPARE(sandbox, xt_secbuf_puts(&was, xt_sandbox_mode_text(old->sandbox)),
	xt_secbuf_puts(&is, xt_sandbox_mode_text(file->sandbox)))
COMPARE(user, xt_secbuf_puts(&was, old->user ? old->user : ""),
	xt_secbuf_puts(&is, file->user ? file->user : ""))
COMPARE_BY(echo, echo_put)
COMPARE(mtu, number_put(&was, old->mtu), number_put(&is, file->mtu))
COMPARE(pre_up, hooks_put(&was, &old->pre_up), hooks_put(&is, &file->pre_up))
COMPARE(post_up, hooks_put(&was, &old->post_up), hooks_put(&is, &file->post_up))
COMPARE(pre_down, hooks_put(&was, &old->pre_down), hooks_put(&is, &file->pre_down))
COMPARE(post_down, hooks_put(&was, &old->post_down), hooks_put(&is, &file->post_down))
COMPARE(save_config, xt_secbuf_puts(&was, old->save_config ? "true" : ""),
	xt_secbuf_puts(&is, file->save_config ? "true" : ""))
COMPARE(echo_addresses, cidrs_put(&was, old->echo_addresses, old->n_echo_addresses),
	cidrs_put(&is, file->echo_addresses, file->n_echo_addresses))
COMPARE(echo_rate, number_put(&was, old->echo_rate), number_put(&is, file->echo_rate))
COMPARE(aead, xt_secbuf_puts(&was, old->aead ? old->aead : ""),
	xt_secbuf_puts(&is, file->aead ? file->aead : ""))
COMPARE(threads, number_put(&was, old->threads), number_put(&is, file->threads))
COMPARE(offload, xt_secbuf_puts(&was, old->offload_off ? "off" : ""),
	xt_secbuf_puts(&is, file->offload_off ? "off" : ""))

COMPARE(log_level,
	xt_secbuf_puts(&was, old->has_log_level ? xt_log_level_text(old->log_level) : ""),
	xt_secbuf_puts(&is, file->has_log_level ? xt_log_level_text(file->log_level) : ""))

/* --- [Peer], which is in the device --- */

/* Peers are found by it. */
void xt_diff_public_key(struct xt_differ *d)
{
	(void)d;
}

void xt_diff_preshared_key(struct xt_differ *d)
{
	const struct xt_psk none = {{0}}, *file = d->peer->has_psk ? &d->peer->psk : &none;
	bool had = sodium_is_zero(d->now->psk.b, sizeof(d->now->psk.b)) == 0;
	bool has = sodium_is_zero(file->b, sizeof(file->b)) == 0;
	struct xt_peer_change *entry;

	if (sodium_memcmp(file->b, d->now->psk.b, sizeof(file->b)) == 0)
		return;
	xt_differ_secret(d, had, has, d->old_peer && d->old_peer->has_psk != had);
	entry = xt_differ_entry(d, XT_PEER_PSK);
	if (entry)
		entry->psk = *file;
}

void xt_diff_preshared_key_file(struct xt_differ *d)
{
	(void)d;
}

/* The device has not what the file said last. A network that two peers listed was the later one's,
 * and makes this true by mistake. */
static bool allowed_overridden(struct xt_differ *d)
{
	const struct xt_conf_peer *old = d->old_peer;
	bool differ = !old || old->n_allowed != d->n_running;
	struct xt_cidr *v;

	if (differ || d->n_running == 0)
		return differ;
	v = calloc(old->n_allowed, sizeof(*v));
	if (!v) {
		d->failed = XT_E_NOMEM;
		return false;
	}
	memcpy(v, old->allowed, old->n_allowed * sizeof(*v));
	qsort(v, old->n_allowed, sizeof(*v), xt_cidr_order);
	for (size_t i = 0; i < d->n_running && !differ; i++)
		differ = xt_cidr_order(&v[i], &d->running[i]) != 0;
	free(v);
	return differ;
}

void xt_diff_allowed_ips(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	bool same = d->n_allowed == d->n_running;

	for (size_t i = 0; same && i < d->n_allowed; i++)
		same = xt_cidr_order(&d->allowed[i], &d->running[i]) == 0;
	if (same)
		return;
	cidrs_put(&was, d->running, d->n_running);
	cidrs_put(&is, d->allowed, d->n_allowed);
	xt_differ_texts(d, &was, &is, allowed_overridden(d));
	xt_differ_entry_allowed(d);
}

static void endpoints_put(struct xt_secbuf *text, const struct xt_conf_peer *peer)
{
	for (size_t i = 0; peer && i < xt_conf_endpoints(peer); i++) {
		struct xt_conf_endpoint entry = xt_conf_endpoint_at(peer, i);
		bool v6 = strchr(entry.host, ':') != NULL;

		xt_secbuf_printf(text, v6 ? "%s[%s]:%u" : "%s%s:%u", i ? ", " : "", entry.host,
				 (unsigned)entry.port);
	}
}

static bool endpoints_equal(const struct xt_conf_peer *a, const struct xt_conf_peer *b)
{
	bool equal = xt_conf_endpoints(a) == xt_conf_endpoints(b);

	for (size_t i = 0; equal && i < xt_conf_endpoints(a); i++) {
		struct xt_conf_endpoint x = xt_conf_endpoint_at(a, i),
					y = xt_conf_endpoint_at(b, i);

		equal = x.port == y.port && strcmp(x.host, y.host) == 0;
	}
	return equal;
}

/* Of an endpoint that was set: is it what the file says? */
static bool endpoint_is(const struct xt_differ *d)
{
	struct xt_endpoint endpoint;

	return xt_conf_endpoints(d->peer) == 1 && xt_conf_endpoint(&endpoint, d->peer) &&
	       (d->now->endpoint_learned || xt_endpoint_equal(&endpoint, &d->now->endpoint));
}

/* Where the peer is stays as long as the file says the same as before and no endpoint was set
 * since. The caller gives the device the list; the change only has an address that takes effect at
 * once. */
void xt_diff_endpoint(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	bool stays = d->old_peer && endpoints_equal(d->old_peer, d->peer);
	char text[XT_ENDPOINT_TEXT];
	struct xt_endpoint endpoint;
	bool literal = xt_conf_endpoint(&endpoint, d->peer);
	bool overrides = stays || !d->old_peer;

	if (stays && (!d->peer->endpoint_host || !d->now->endpoint_set || endpoint_is(d)))
		return;
	if (!stays && d->old_peer)
		endpoints_put(&was, d->old_peer);
	else if (d->now->endpoint.ip.family)
		xt_secbuf_puts(&was, xt_endpoint_print(&d->now->endpoint, text));
	endpoints_put(&is, d->peer);
	if (!is.len && !d->old_peer) { /* the file never had one: it is learned */
		xt_secbuf_clear(&was);
		return;
	}
	if (xt_differ_texts(d, &was, &is, overrides) && literal) {
		struct xt_peer_change *entry = xt_differ_entry(d, XT_PEER_ENDPOINT);

		if (entry)
			entry->endpoint = endpoint;
	}
}

static uint32_t hold_s(const struct xt_conf_peer *peer)
{
	return peer->endpoint_hold_s ? peer->endpoint_hold_s : XT_ENDPOINT_HOLD_S;
}

/* It goes to the device with the list. */
void xt_diff_endpoint_hold(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;

	if (!d->old_peer || hold_s(d->old_peer) == hold_s(d->peer))
		return;
	number_put(&was, hold_s(d->old_peer));
	number_put(&is, hold_s(d->peer));
	(void)xt_differ_texts(d, &was, &is, false);
}

void xt_diff_keepalive(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	const struct xt_conf_peer *old = d->old_peer;
	struct xt_peer_change *entry;

	number_put(&was, d->now->keepalive_s);
	number_put(&is, d->peer->keepalive_s);
	if (!xt_differ_texts(d, &was, &is, !old || old->keepalive_s != d->now->keepalive_s))
		return;
	entry = xt_differ_entry(d, XT_PEER_KEEPALIVE);
	if (entry)
		entry->keepalive_s = d->peer->keepalive_s;
}

void xt_diff_name(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	struct xt_peer_change *entry;

	xt_secbuf_puts(&was, d->now->name);
	xt_secbuf_puts(&is, d->peer->name);
	if (!xt_differ_texts(d, &was, &is, false))
		return;
	entry = xt_differ_entry(d, XT_PEER_NAME);
	if (entry)
		memcpy(entry->name, d->peer->name, sizeof(entry->name));
}

void xt_diff_critical(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	struct xt_peer_change *entry;

	if (d->old_peer)
		xt_secbuf_puts(&was, d->old_peer->critical ? "yes" : "no");
	xt_secbuf_puts(&is, d->peer->critical ? "yes" : "no");
	if (!xt_differ_texts(d, &was, &is, false))
		return;
	entry = xt_differ_entry(d, XT_PEER_CRITICAL);
	if (entry)
		entry->critical = d->peer->critical;
}

/* The device tells no other value than the file's. */
void xt_diff_probe_address(struct xt_differ *d)
{
	struct xt_secbuf was = XT_DIFFER_TEXT, is = XT_DIFFER_TEXT;
	char text[XT_IP_TEXT];
	struct xt_peer_change *entry;

	if (d->old_peer && d->old_peer->probe_address.family)
		xt_secbuf_puts(&was, xt_ip_print(&d->old_peer->probe_address, text));
	if (d->peer->probe_address.family)
		xt_secbuf_puts(&is, xt_ip_print(&d->peer->probe_address, text));
	if (!xt_differ_texts(d, &was, &is, false))
		return;
	entry = xt_differ_entry(d, XT_PEER_PROBE_ADDRESS);
	if (entry)
		entry->probe_address = d->peer->probe_address;
}
