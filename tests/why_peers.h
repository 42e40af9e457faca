/* SPDX-License-Identifier: MIT */
/* Peers whose link is in a known state, as the reports of a device describe them. */
#ifndef XT_TESTS_WHY_PEERS_H
#define XT_TESTS_WHY_PEERS_H

#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "ipc/why.h"

#define S  1000000000ull
#define MS 1000000ull

static struct xt_peer_report peer;
static struct xt_cidr allowed[2];
static struct xt_report report;
static struct xt_status status;

/* A peer with an endpoint to which nothing was sent. */
static inline struct xt_peer_facts *peer_new(void)
{
	struct xt_peer_facts *f = &peer.facts;

	memset(&peer, 0, sizeof(peer));
	memset(&report, 0, sizeof(report));
	memset(&status, 0, sizeof(status));
	status.name = "wg0";
	status.mtu = 1420;
	status.now_s = 1000000;
	status.udp_port = 51820;
	report.has_key = true;
	memset(&report.public_key, 1, sizeof(report.public_key));
	report.peers = &peer;
	report.n_peers = 1;
	report.allowed = allowed;
	report.n_allowed = 1;
	xt_cidr_parse(&allowed[0], "10.9.0.2/32");
	memset(&peer.key, 2, sizeof(peer.key));
	strcpy(peer.name, "left");
	xt_endpoint_parse(&peer.endpoint, "192.0.2.1:51820");
	peer.n_allowed = 1;
	f->first_initiation = f->last_initiation = f->gave_up = XT_NEVER;
	f->response_bad_age = f->cookie_age = f->answered_age = f->old_age = XT_NEVER;
	f->heard = f->data_sent = f->data_received = f->unknown_age = XT_NEVER;
	f->source_age = f->requests_age = f->too_large_age = XT_NEVER;
	f->icmp_age = f->send_error_age = XT_NEVER;
	return f;
}

/* Traffic in both directions over a session of 30 seconds. */
static inline struct xt_peer_facts *peer_up(void)
{
	struct xt_peer_facts *f = peer_new();

	peer.session = true;
	peer.last_handshake_wall_ns = (status.now_s - 30) * S;
	xt_ip_parse(&peer.local, "192.0.2.2");
	f->heard = f->data_received = 20 * MS;
	f->data_sent = 40 * MS;
	f->rtt_ns = 400000;
	f->received = 99;
	f->expected = 100;
	return f;
}

/* n initiations, each 5 s after the one before, and the latest 2 s ago. */
static inline struct xt_peer_facts *peer_calling(uint64_t n)
{
	struct xt_peer_facts *f = peer_new();

	f->initiations = n;
	f->last_initiation = 2 * S;
	f->first_initiation = 2 * S + (n - 1) * 5 * S;
	peer.handshaking = true;
	return f;
}

/* A session whose peer has fallen silent: after 15 s without an answer initiations began, n of
 * them. */
static inline struct xt_peer_facts *peer_lost(uint64_t n)
{
	struct xt_peer_facts *f = peer_up();

	f->initiations = n;
	f->last_initiation = 1 * S;
	f->first_initiation = 1 * S + (n - 1) * 5 * S;
	f->heard = f->data_received = f->first_initiation + 16 * S;
	f->data_sent = 500 * MS;
	peer.handshaking = true;
	return f;
}

static inline bool name_is_looked_up(const void *ctx, const struct xt_public *key,
				     struct xt_status_name *out)
{
	(void)ctx;
	(void)key;
	strcpy(out->name, "left.example:51820");
	strcpy(out->state, "resolving, next try in 5 s: no such host");
	return true;
}

#define assert_code(code)                                                                          \
	assert_string_equal(xt_why_word(xt_why_judge(&status, &report, &peer)), xt_why_word(code))

#endif
