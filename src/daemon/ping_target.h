/* SPDX-License-Identifier: MIT */
/* The target of a ping: a word becomes a peer and an address behind it. */
#ifndef XT_DAEMON_PING_TARGET_H
#define XT_DAEMON_PING_TARGET_H

#include <xtunnel/report.h>

struct xt_ping_target {
	const struct xt_peer_report *peer; /* in the report */
	struct xt_ip address;
};

/* The peer that word names, in *out: its Name, its public key as base64 or what it begins with
 * (four characters or more), or an inner address. NULL, or a sentence that says why there is
 * none. */
const char *xt_ping_peer(const struct xt_peer_report **out, const struct xt_report *report,
			 const char *word);

/* word  as of xt_ping_peer
 * local4, local6: the families that this interface has an Address of. When word is not an address,
 * the target is the first of the peer's AllowedIPs that is a single host of such a family, else the
 * inner address that the peer was heard from.
 * NULL, or a sentence that says why not. */
const char *xt_ping_target(struct xt_ping_target *out, const struct xt_report *report,
			   const char *word, bool local4, bool local6);

#endif
