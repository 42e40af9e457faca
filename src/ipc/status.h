/* SPDX-License-Identifier: MIT */
/* The state of a running instance for people and programs: report -> JSON (made by the instance) ->
 * text (made by the program that requested it). status.def lists the facts. Holds no secret. */
#ifndef XT_IPC_STATUS_H
#define XT_IPC_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include <xtunnel/report.h>

#define XT_STATUS_SCHEMA 1 /* raised when a key is removed or changes its meaning */

/* What the tunnel knows beside the device's report: one field for each GIVEN row of status.def.
 * Strings are borrowed; NULL is left out. */
struct xt_status_name {
	char name[288]; /* HOST:PORT */
	char state[128];
};
/* Totals of what this host lost, and of the packets that passed. */
struct xt_status_losses {
	uint64_t udp_overruns, tun_drops, passed;
};
/* text  "taken", "unused", or why it is missing. An array ends with name NULL. */
struct xt_status_lock {
	const char *name, *text;
};
struct xt_status {
	/* The name that the peer's Endpoint has in the configuration, and how far its resolution
	 * is; false: it has none. May be NULL. */
	bool (*endpoint_name)(const void *ctx, const struct xt_public *peer,
			      struct xt_status_name *out);
	/* The same of one entry of its Endpoint; name "": that is an address. false: there are not
	 * so many. May be NULL. */
	bool (*endpoint_entry)(const void *ctx, const struct xt_public *peer, size_t entry,
			       struct xt_status_name *out);
	const void *ctx;
	/* The way of the host to an endpoint; false: it has none. Source and link are 0 when they
	 * are not known. May be NULL. */
	bool (*way)(const struct xt_endpoint *to, uint32_t mark, struct xt_ip *source,
		    uint32_t *ifindex);
	/* Of peers only what metrics need (ipc/metrics.h), without numbers that are 0 and flags
	 * that are false; "brief" is set. */
	bool brief;
	uint64_t now_s;			/* wall clock, for the age of handshakes; 0: not known */
	uint64_t clock_behind_ns;	/* this host's clock, by its files; 0: it seems right */
	struct xt_status_losses before; /* two to three minutes ago; 0: before the start */
#define XT_STATUS_C_TEXT		     const char *
#define XT_STATUS_C_NUMBER		     uint64_t
#define XT_STATUS_C_LOCKS		     const struct xt_status_lock *
#define GIVEN(object, key, type, field, ...) XT_STATUS_C_##type field;
#define REPORT(object, key, type, value, ...)
#include "ipc/status.def"
#undef GIVEN
#undef REPORT
};

/* The caller's reference; NULL: no memory. */
json_t *xt_status_json(const struct xt_status *status, const struct xt_report *report);
/* The same in parts for ipc/chunks.h, so that the JSON of many peers is never there as a whole: n
 * peers from there on; the first part, with from 0, also has all the rest. */
json_t *xt_status_json_part(const struct xt_status *status, const struct xt_report *report,
			    size_t from, size_t n);

struct xt_status_style {
	bool colour;
	uint64_t now_s; /* wall clock, for "ago" */
};
/* WG_COLOR_MODE (always, never, auto), NO_COLOR, TERM=dumb, and whether out is a terminal. */
bool xt_status_colour(FILE *out);
/* Print as `wg show` does, and more. Prints what it knows of an object of another version. */
void xt_status_print(FILE *out, const json_t *status, const struct xt_status_style *style);

#endif
