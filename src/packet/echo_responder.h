/* SPDX-License-Identifier: MIT */
/* The echo responder of one tunnel: takes the requests that it answers out of a batch. */
#ifndef XT_PACKET_ECHO_RESPONDER_H
#define XT_PACKET_ECHO_RESPONDER_H

#include <xtunnel/batch.h>

#include "packet/echo_rules.h"
#include "packet/reassemble.h"

/* All lists are copied.
 * sides         bits 1 << side; the values of `Echo =`: 1 host, 2 peer, 3 both
 * local         local addresses; with n_addresses 0 the defaults of the sides derive from them
 * addresses     EchoAddresses: the exact set, for both sides
 * covered       see echo_rules.h; NULL: no AllowedIPs
 * rate          answered requests per second and source; 0: no limit
 * mtu           replies to reassembled requests are fragmented to it; 0: 1420
 * exclusive     packets that are not answered are dropped (the TUN has no other reader)
 * swap_only     swap addresses and change nothing else, of echo requests and echo replies
 * observe       NULL, or called for each answer, with whole datagrams; must not call back */
struct xt_echo_config {
	unsigned sides;
	const struct xt_echo_local *local;
	size_t n_local;
	const struct xt_cidr *addresses;
	size_t n_addresses;
	bool (*covered)(void *ctx, const struct xt_ip *ip);
	void *covered_ctx;
	uint32_t rate;
	uint32_t mtu;
	bool exclusive, swap_only;
	void (*observe)(void *ctx, enum xt_echo_side side, const uint8_t *request,
			uint32_t request_len, const uint8_t *reply, uint32_t reply_len);
	void *observe_ctx;
};

/* Counters of requests, unless stated otherwise.
 * rate      not answered, over the rate limit
 * other     packets dropped because of exclusive, or from the TUN with a source route or extension
 *           headers
 * full      no room for the reply, or for released fragments
 * released  datagrams that were no echo request and were passed on as their fragments */
struct xt_echo_counters {
	uint64_t answered[XT_ECHO_SIDES];
	uint64_t rate, other, full, released;
	struct xt_reassemble_counters fragments;
};

struct xt_echo;

int xt_echo_new(struct xt_echo **out, const struct xt_echo_config *config); /* XT_E_NOMEM */
void xt_echo_free(struct xt_echo *echo);				    /* NULL is fine */
void xt_echo_set_mtu(struct xt_echo *echo, uint32_t mtu);

/* Process each packet of in whose verdict is XT_PASS. It stays so, unchanged, or gets
 *   XT_TAKEN_ECHO      answered: the reply is appended to replies, in the same bytes when these
 *                      have the room that sending needs, else copied. For the last fragment of a
 *                      request: copies of the fragments of its reply
 *   XT_TAKEN_FRAGMENT  kept. If it completes a datagram that is no echo request, copies of all its
 *                      fragments are appended to released
 *   XT_DROP_...        ECHO_RATE, ECHO_FULL, FRAGMENT, ECHO_OTHER
 * Appended packets have the peer of the packet that completed the datagram.
 * in         must outlive the use of replies. No super-packets
 * replies, released  may be one batch, but not in
 * Allocates nothing. */
void xt_echo_process(struct xt_echo *echo, enum xt_echo_side side, uint64_t now_mono,
		     struct xt_batch *in, struct xt_batch *replies, struct xt_batch *released);

/* When kept fragments expire; XT_NEVER: there are none. */
uint64_t xt_echo_deadline(const struct xt_echo *echo);
void xt_echo_tick(struct xt_echo *echo, uint64_t now_mono);
/* Drop the fragments of a peer that is about to be freed. */
void xt_echo_forget(struct xt_echo *echo, const struct xt_peer *peer);

void xt_echo_count(const struct xt_echo *echo, struct xt_echo_counters *out);

/* Is dst answered by the rules in force? For reports and warnings. */
bool xt_echo_answers(const struct xt_echo *echo, enum xt_echo_side side, const struct xt_ip *dst);

#endif
