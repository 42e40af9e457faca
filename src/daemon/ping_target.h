/* Whom a ping is for: a word becomes a peer and an address behind it. */
#ifndef XT_DAEMON_PING_TARGET_H
#define XT_DAEMON_PING_TARGET_H

#include <xtunnel/report.h>

struct xt_ping_target {
	const struct xt_peer_report *peer; /* in the report */
	struct xt_ip address;
};

/* word  the peer's Name, its public key as base64, or an inner address
 * local4, local6: which families this endpoint can ask from. Without an address in word, the peer's
 * first AllowedIPs that are one host, of such a family.
 * NULL, or a sentence that says why not. */
const char *xt_ping_target(struct xt_ping_target *out, const struct xt_report *report,
			   const char *word, bool local4, bool local6);

#endif
