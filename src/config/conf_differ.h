/* SPDX-License-Identifier: MIT */
/* The state of one xt_conf_diff, which the functions of the keys share. */
#ifndef XT_CONFIG_CONF_DIFFER_H
#define XT_CONFIG_CONF_DIFFER_H

#include "base/secbuf.h"
#include "config/conf_diff.h"

/* key       that is compared
 * old, file, report, auto_mark  as in struct xt_conf_running
 * now       the peer in the device, while keys of [Peer] are compared; old_peer: in the file as it
 *           was last applied, NULL: not there; peer: in the file
 * allowed   the peer's AllowedIPs but those that a later peer of the file takes, sorted
 * running   those of the device, sorted
 * entry     the peer's in the change, NULL: none yet
 * failed    XT_E_NOMEM */
struct xt_differ {
	struct xt_conf_diff *out;
	enum xt_conf_key_id key;
	const struct xt_conf *old, *file;
	const struct xt_report *report;
	uint32_t auto_mark;
	const struct xt_peer_report *now;
	const struct xt_conf_peer *old_peer, *peer;
	struct xt_cidr *allowed, *running;
	size_t n_allowed, n_running;
	struct xt_peer_change *entry;
	int failed;
};

#define XT_DIFFER_TEXT XT_SECBUF_INIT(XT_SECBUF_MAX)

/* Append a row for the present key; of a value that is long the beginning is kept. */
void xt_differ_row(struct xt_differ *d, enum xt_difference_kind kind, const char *old,
		   const char *now, bool overrides);
/* The same when the texts differ; an empty one stands for no value. Both are cleared. true: they
 * do. */
bool xt_differ_texts(struct xt_differ *d, struct xt_secbuf *old, struct xt_secbuf *now,
		     bool overrides);
/* A secret that is there or not, and not to be shown. */
void xt_differ_secret(struct xt_differ *d, bool had, bool has, bool overrides);
/* The peer's entry in the change; what it sets is added to flags. NULL: no memory. */
struct xt_peer_change *xt_differ_entry(struct xt_differ *d, uint32_t flags);

/* Set the device's AllowedIPs to d->allowed. */
void xt_differ_entry_allowed(struct xt_differ *d);

int xt_cidr_order(const void *a, const void *b);

#define X(id, section, key, repeat, parser, reload, since)                                         \
	void xt_diff_##parser(struct xt_differ *d);
#include "config/keys.def"
#undef X

#endif
