/* SPDX-License-Identifier: MIT */
/* The endpoints of a configuration: its peers' entries, the names among them, each name once, and
 * the addresses that are known. Pure: no name server and no device is known here. */
#ifndef XT_DAEMON_ENDPOINT_TABLE_H
#define XT_DAEMON_ENDPOINT_TABLE_H

#include <xtunnel/device.h>

#include "config/conf.h"

/* ASKING: it was never answered. FAILED: it has no address. FOUND: it has, perhaps from an earlier
 * answer than the latest. */
enum xt_name_state { XT_NAME_ASKING, XT_NAME_FAILED, XT_NAME_FOUND };

/* v, n       its addresses, ports 0
 * open       it is being asked for; again: ask once more after that
 * limit_ns   not before that for a peer's silence, since there was one
 * start_limit_ns  likewise since the start, until the peer was reached
 * next_ns    when it is to be asked again; XT_NEVER: when a peer is silent
 * again_s    the delay that led to it
 * why        of the latest answer, "" if that had an address */
struct xt_endpoint_name {
	char *host;
	enum xt_name_state state;
	bool useless; /* neither an address nor a domain */
	bool open, again;
	uint64_t limit_ns, start_limit_ns, next_ns;
	unsigned again_s;
	char why[64];
	struct xt_endpoint *v;
	size_t n;
	uint32_t first_use, n_uses; /* in uses: the entries that it stands in */
};

#define XT_NO_NAME UINT32_MAX
struct xt_endpoint_entry {
	uint32_t name; /* XT_NO_NAME: endpoint is complete; otherwise it has the port only */
	uint32_t peer;
	struct xt_endpoint endpoint;
};

struct xt_endpoint_peer {
	struct xt_public key;
	uint32_t first, n; /* of its entries */
	uint32_t hold_s;
	bool named;
	bool fresh; /* its entries are not those of the former table */
};

struct xt_endpoint_table {
	struct xt_endpoint_name *names; /* by host */
	struct xt_endpoint_entry *entries;
	struct xt_endpoint_peer *peers; /* by key: those that have an Endpoint */
	uint32_t *uses;			/* entries, by name */
	uint32_t n_names, n_entries, n_peers;
};

/* XT_E_NOMEM. */
int xt_endpoint_table_new(struct xt_endpoint_table **out, const struct xt_conf *conf);
void xt_endpoint_table_free(struct xt_endpoint_table *table); /* NULL is fine */
/* What old knows of names that table has too goes over to it. */
void xt_endpoint_table_adopt(struct xt_endpoint_table *table, struct xt_endpoint_table *old);

/* The next peer of former, from i on, that table does not have; i and at start at 0. NULL: there is
 * no other. */
const struct xt_endpoint_peer *xt_endpoint_table_lost(const struct xt_endpoint_table *former,
						      uint32_t *i,
						      const struct xt_endpoint_table *table,
						      uint32_t *at);

/* NULL: it has no Endpoint. */
struct xt_endpoint_peer *xt_endpoint_table_find(const struct xt_endpoint_table *table,
						const struct xt_public *key);
/* The addresses of a peer that are known, in order. defer: without those of entries behind a name
 * that was never answered. Returns how many. */
size_t xt_endpoint_table_list(const struct xt_endpoint_table *table,
			      const struct xt_endpoint_peer *peer, bool defer,
			      struct xt_candidate out[XT_CANDIDATES_MAX]);
/* Entry i of the peer with that key, counted from 0; named: the first one from there that is a
 * name. NULL: there is none. table may be NULL. */
const struct xt_endpoint_entry *xt_endpoint_table_entry(const struct xt_endpoint_table *table,
							const struct xt_public *key, size_t i,
							bool named);
/* How many names have no address; *first: one of them, better one that was not found. */
size_t xt_endpoint_table_missing(const struct xt_endpoint_table *table,
				 const struct xt_endpoint_name **first);
/* What is missing: "resolving, next try in 8 s: no such host"; "": it was found. */
void xt_endpoint_name_text(const struct xt_endpoint_name *name, uint64_t now, char *buf,
			   size_t len);
/* A name was answered: why NULL, or there is no address; those of before are kept then. false: the
 * lists are as they were, also for want of memory. */
bool xt_endpoint_name_answer(struct xt_endpoint_name *name, const char *why,
			     const struct xt_endpoint *v, size_t n);

#endif
