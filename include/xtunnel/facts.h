/* SPDX-License-Identifier: MIT */
/* What a device has seen of the links to its peers, for a diagnosis: counts and ages, no judgement.
 * All of it is words for people: nothing here changes what the device does. */
#ifndef XTUNNEL_FACTS_H
#define XTUNNEL_FACTS_H

#include <xtunnel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ages are nanoseconds from the event to the report; XT_NEVER: it has not happened. */

/* What an ICMP error said of a datagram. */
enum xt_unreachable {
	XT_UNREACHABLE_NETWORK, /* unreachable */
	XT_UNREACHABLE_HOST,	/* unreachable */
	XT_UNREACHABLE_PORT,	/* unreachable: no socket is bound there */
	XT_UNREACHABLE_ADMIN,	/* prohibited by a filter */
	XT_UNREACHABLE_HOPS,	/* time exceeded: a routing loop, or too far */
	XT_UNREACHABLE_OTHER,
	XT_UNREACHABLES,
};

/* The verdicts that are counted for each peer too: X(verdict). */
#define XT_PEER_VERDICTS(X)                                                                        \
	X(XT_STAGED)                                                                               \
	X(XT_TAKEN_KEEPALIVE)                                                                      \
	X(XT_TAKEN_HANDSHAKE)                                                                      \
	X(XT_DROP_NO_ENDPOINT)                                                                     \
	X(XT_DROP_LOOP)                                                                            \
	X(XT_DROP_STAGED_FULL)                                                                     \
	X(XT_DROP_STAGED_LOST)                                                                     \
	X(XT_DROP_TOO_BIG)                                                                         \
	X(XT_DROP_MTU)                                                                             \
	X(XT_DROP_EXPIRED)                                                                         \
	X(XT_DROP_AUTH)                                                                            \
	X(XT_DROP_REPLAY)                                                                          \
	X(XT_DROP_INNER)                                                                           \
	X(XT_DROP_SOURCE)                                                                          \
	X(XT_DROP_HANDSHAKE)                                                                       \
	X(XT_DROP_HANDSHAKE_OLD)
enum xt_peer_verdict {
#define X(verdict) XT_PEER_##verdict,
	XT_PEER_VERDICTS(X)
#undef X
	    XT_PEER_VERDICT_COUNT,
};

/* Packets of data, keepalives not counted, of the last 10 and 60 seconds (at most ten more). */
struct xt_traffic {
	uint64_t sent_10s, received_10s, sent_60s, received_60s;
};

/* One peer.
 *
 * Handshakes of this device, of the present attempt (since the last session, or since something had
 * to be sent after it gave up):
 * initiations        sent and not answered; initiations_heard: those of them that were sent
 *                    after the peer was heard again
 * first_initiation   age of the first of them; last_initiation: of the latest
 * gave_up            age of the end of REKEY_ATTEMPT_TIME without an answer; XT_NEVER after a
 *                    session
 * response_bad       responses to them whose authentication failed; response_bad_age
 * cookies            cookie replies to this device, since the last session; cookie_age
 * rtt_ns             from an initiation to its response, of the latest session that this device
 *                    initiated; 0: not known
 *
 * Handshakes of the peer, since the last session:
 * answered           initiations accepted, whose session was not confirmed; answered_age: of the
 *                    latest, answered_from: where it came from
 * old                initiations whose timestamp is below the greatest so far; old_age,
 *                    old_back_ns: by how much the latest; a copy of one that was accepted is not
 *                    counted
 * clock_ns           the timestamp of its latest initiation, less this device's clock at that
 *                    time: the difference of the clocks, if delays are short; has_clock
 *
 * Since ever:
 * heard              age of the latest authenticated message of any kind
 * data_sent, data_received   age of the latest packet with content; received: that passed
 * unknown_sessions   data from its endpoint for a session that does not exist, since the last
 *                    session; unknown_age
 *
 * Inside a session:
 * source_refused     packets dropped because AllowedIPs do not have their inner source;
 *                    source_age, source: of the latest. 0 once they have that source
 * requests           packets sent that ask for an answer (echo request, SYN, DNS query), as far as
 *                    they were noted, since a packet with content last came from the peer and
 *                    passed; requests_age: of the first of them
 * too_large          packets larger than path_mtu, dropped or sent in fragments, since it is
 *                    known; too_large_age, too_large_len: of the latest
 * received, expected data messages of the present session: received, and up to its greatest
 *                    counter
 *
 * Of the network, which anybody can forge:
 * icmp_kind, icmp_from, icmp_count, icmp_age    ICMP errors for datagrams to its endpoint, since it
 *                    was last heard
 * send_error         what the host said when a datagram was not sent: a positive errno; 0: none
 *                    since one was sent. send_error_count, send_error_age
 *
 * Counts of packets by verdict stop at 2^32 - 1. */
struct xt_peer_facts {
	uint64_t initiations, initiations_heard, first_initiation, last_initiation, gave_up;
	uint64_t response_bad, response_bad_age;
	uint64_t cookies, cookie_age;
	uint64_t rtt_ns;
	uint64_t answered, answered_age;
	struct xt_endpoint answered_from;
	uint64_t old, old_age, old_back_ns;
	int64_t clock_ns;
	bool has_clock;
	uint64_t heard, data_sent, data_received;
	uint64_t unknown_sessions, unknown_age;
	uint64_t source_refused, source_age;
	struct xt_ip source;
	uint64_t requests, requests_age;
	uint64_t too_large, too_large_age;
	uint32_t too_large_len;
	uint64_t received, expected;
	enum xt_unreachable icmp_kind;
	struct xt_ip icmp_from;
	uint64_t icmp_count, icmp_age;
	int send_error;
	uint64_t send_error_count, send_error_age;
	struct xt_traffic traffic;
	uint64_t verdicts[XT_PEER_VERDICT_COUNT];
};

/* A destination of this host that no peer's AllowedIPs cover, neither then nor now. */
struct xt_no_route {
	struct xt_ip to;
	uint64_t packets, age;
};

/* A caller that belongs to no peer. It is none any more when its key becomes a peer's, or a session
 * with a peer at its address is established.
 * unknown_key  its initiation is for this device, and its key is no peer's; else its handshake
 *              message is for another device's key, and key says nothing */
struct xt_stranger {
	bool unknown_key;
	struct xt_public key;
	struct xt_endpoint from;
	uint64_t messages, age;
};

/* The latest of each, in order of age; bounded, so that strangers cost nothing. Half of them are
 * kept for those whose key is known. under_load_age: 0 while it is; XT_NEVER: it was not yet. */
#define XT_NO_ROUTES 5
#define XT_STRANGERS 8
struct xt_device_facts {
	struct xt_no_route no_routes[XT_NO_ROUTES];
	size_t n_no_routes;
	struct xt_stranger strangers[XT_STRANGERS];
	size_t n_strangers;
	uint64_t under_load_age;
};

#ifdef __cplusplus
}
#endif

#endif
