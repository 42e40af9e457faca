/* SPDX-License-Identifier: MIT */
/* A change and a report in slices, for a device whose thread has packets to move as well. Between
 * two slices packets may be planned and finished. Serialise them: no other apply or report while
 * one is under way (xt_device_apply then returns XT_E_AGAIN).
 *
 * What packets see of a change: nothing until all that can fail has succeeded; then each peer
 * changes at one time, as a whole. A new identity is in force at one time for all peers: from then
 * on no session and no handshake of the former one sends, receives or completes. */
#ifndef XT_CORE_APPLY_H
#define XT_CORE_APPLY_H

#include <xtunnel/device.h>

struct xt_peer;

enum xt_apply_phase {
	XT_APPLY_PREPARE, /* entries: all that can fail; nothing is visible yet */
	XT_APPLY_FOLLOW,  /* peers, whose sessions end with the former identity: wipe them */
	XT_APPLY_REMOVE,  /* peers that a replacing change does not name */
	XT_APPLY_COMMIT,  /* entries, each whole */
	XT_APPLY_UNDO,	  /* after a failure: new peers */
	XT_APPLY_CLEAR,	  /* names that were not used */
	XT_APPLY_OVER,
};

/* State of one apply. Before the commit new peers are in the device's table of keys, but in no
 * list, and xt_peer_find does not find them. When the change replaces all peers, those that it adds
 * again are recreated in place, so that a hub that is given its peers once more needs no memory for
 * twice as many. */
struct xt_apply {
	struct xt_device *dev;
	const struct xt_change *change;
	enum xt_apply_phase phase;
	size_t at;	      /* next entry of the phase */
	struct xt_peer *next; /* XT_APPLY_FOLLOW, XT_APPLY_REMOVE */
	int error;
	size_t networks;
	bool replaces; /* all peers: an old one exists only once the change adds it again */
	struct xt_peer **added; /* new peers and those to recreate, in order */
	size_t n_added;
	char **names;	 /* per peer change, or NULL */
	bool *recreates; /* per peer change: it removes a peer that a later one adds again */
	struct xt_public local_key; /* after the change */
	bool has_local;
	bool switches; /* the change brings another identity */
	bool switched; /* and it is in force */
};

/* change and apply are borrowed until xt_apply_step returned false. */
void xt_apply_begin(struct xt_apply *apply, struct xt_device *dev, const struct xt_change *change);
/* Go on for n entries. false: it is over, apply->error is what xt_device_apply returns. All or
 * nothing: an error leaves the device as it was; without one each peer has changed at some time
 * in between, as a whole. */
bool xt_apply_step(struct xt_apply *apply, struct xt_time now, size_t n);

struct xt_report_walk {
	const struct xt_device *dev;
	const struct xt_peer *next;
	size_t cap_peers, cap_allowed, cap_candidates;
	struct xt_report *report;
};

/* XT_E_NOMEM */
int xt_report_begin(struct xt_report_walk *walk, const struct xt_device *dev, struct xt_time now);
/* Go on for n peers. 1: there are more; 0: walk->report is complete, the caller's; XT_E_NOMEM, and
 * it was freed. Each peer is as it was at one time. */
int xt_report_step(struct xt_report_walk *walk, struct xt_time now, size_t n);

#endif
