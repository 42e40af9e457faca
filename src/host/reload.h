/* SPDX-License-Identifier: MIT */
/* A reload as data: what the file says now, and what that changes. */
#ifndef XT_HOST_RELOAD_H
#define XT_HOST_RELOAD_H

#include "config/conf_diff.h"
#include "platform/link.h"

/* Steps on the host, each with its inverse, in the order in which they are asked for. */
enum xt_reload_step {
	XT_RELOAD_FIREWALL, /* before the link, as on the way up */
	XT_RELOAD_LINK,	    /* what the file has more: addresses, routes, rules */
	XT_RELOAD_DNS,
	XT_RELOAD_RETIRE, /* addresses, routes and rules that it has no more */
	XT_RELOAD_STEPS,
};

/* file       as read; the receiver may take it, and leaves a zeroed one
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

#endif
