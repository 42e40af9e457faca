/* SPDX-License-Identifier: MIT */
/* A reload as data: what the file says now, and what that changes. */
#ifndef XT_HOST_RELOAD_H
#define XT_HOST_RELOAD_H

#include "config/conf_diff.h"
#include "host/key_command.h"
#include "platform/link.h"

/* Steps on the host, each with its inverse, in the order in which they are asked for. */
enum xt_reload_step {
	XT_RELOAD_FIREWALL, /* before the link, as on the way up */
	XT_RELOAD_LINK,	    /* what the file has more: addresses, routes, rules */
	XT_RELOAD_DNS,
	XT_RELOAD_RETIRE, /* addresses, routes and rules that it has no more */
	XT_RELOAD_STEPS,
};

/* What the steps need to know of a comparison: which keys differ, and whether a whole [Peer] does.
 * They only say which steps have something to do: what is done is what the file says. */
struct xt_reload_hints {
	bool keys[XT_KEYS];
	bool peers;
};
void xt_reload_hints_set(struct xt_reload_hints *hints, const struct xt_conf_diff *diff);

/* The file is read by the process that may open it, and compared by the one that runs the device:
 * file, accepted, policy, mark, without_ipv6, findings and path are of the first half, the others
 * of the second.
 *
 * file       as read; the receiver may take it, and leaves a zeroed one
 * accepted   the file is without fault
 * diff       to what is in force
 * policy, mark, without_ipv6  of the file
 * prepared   what the instance's own function made of the file; the receiver may take it
 * findings   lines for the user: errors and warnings of the file; NULL: none
 * path       of the file, without links; NULL: not known
 * same       it says what it said when it was last applied; keys are not compared */
struct xt_reload {
	struct xt_conf file;
	bool accepted;
	struct xt_conf_diff diff;
	struct xt_link_policy policy;
	uint32_t mark;
	bool without_ipv6;
	void *prepared;
	char *findings, *path;
	bool same;
};

/* The first half, on a worker thread. path: of the file; now: the policy in force.
 * run, ctx  as for xt_key_command_load
 * text     a sentence, "" if none
 * returns  0; XT_E_SYNTAX or -errno: of the file; XT_E_NOMEM; with accepted: of the policy */
int xt_reload_file_read(struct xt_reload *out, const char *path, const struct xt_link_policy *now,
			xt_key_command_fn *run, void *ctx, char *text, size_t len);
/* The keys of the file; later only the change for the device has them. */
void xt_reload_file_wipe(struct xt_reload *reload);

/* What is in force, as in struct xt_conf_running, and the instance's functions of struct
 * xt_requests_options. */
struct xt_reload_running {
	const struct xt_conf *conf;
	const struct xt_report *report;
	uint32_t auto_mark;
	int (*prepare)(void **out, const struct xt_conf *file);
};
/* The second half, on a worker thread; it wipes the keys of the file.
 * error    what reading has returned
 * returns  it, or else XT_E_NOMEM */
int xt_reload_compare(struct xt_reload *reload, const struct xt_reload_running *running, int error);
/* All of it. drop: as in struct xt_requests_options, for what was prepared. */
void xt_reload_clear(struct xt_reload *reload, void (*drop)(void *prepared));

#endif
