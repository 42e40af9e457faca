/* SPDX-License-Identifier: MIT */
/* What a configuration file would change in a running instance: the difference for a person, by
 * section and key, and the change for its device. Pure. */
#ifndef XT_CONFIG_CONF_DIFF_H
#define XT_CONFIG_CONF_DIFF_H

#include <xtunnel/report.h>

#include "config/conf_reader.h"

/* What is in force.
 * conf       the file as it was last applied; its keys may be wiped
 * report     of the device
 * auto_mark  the mark that the program chose itself, 0: none */
struct xt_conf_running {
	const struct xt_conf *conf;
	const struct xt_report *report;
	uint32_t auto_mark;
};

enum xt_difference_kind { XT_DIFFERENCE_ADDED, XT_DIFFERENCE_REMOVED, XT_DIFFERENCE_CHANGED };

/* One row.
 * key        XT_KEYS: the whole [Peer]
 * has_peer   peer and name say which
 * old, now   values as text, perhaps cut; NULL: none, or a secret
 * overrides  the old value is not the one that the file had: a program set it by wg(8) */
struct xt_difference {
	enum xt_difference_kind kind;
	enum xt_conf_key_id key;
	bool has_peer, overrides;
	struct xt_public peer;
	char name[XT_NAME_MAX + 1];
	char *old, *now;
};

/* v        rows, in the order of keys.def, then peers in the order of the file
 * keys     which keys have a row
 * change   for the device, without the interface's port and mark. It touches only the peers that
 *          differ, and of them only what differs: sessions live on. Peers that the file lacks come
 *          first. Names of hosts are left out */
struct xt_conf_diff {
	struct xt_difference *v;
	size_t n, cap;
	bool keys[XT_KEYS];
	struct xt_change change;
};

/* XT_E_NOMEM: out is empty. */
int xt_conf_diff(struct xt_conf_diff *out, const struct xt_conf_running *running,
		 const struct xt_conf *file);
/* Wipes; diff may be zeroed. */
void xt_conf_diff_clear(struct xt_conf_diff *diff);

/* The first row that cannot be applied while the instance runs, or NULL. */
const struct xt_difference *xt_conf_diff_refused(const struct xt_conf_diff *diff);

#endif
