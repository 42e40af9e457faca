/* SPDX-License-Identifier: MIT */
/* A node: a complete tunnel on a TUN and a UDP socket in memory, driven through the real data path.
 * */
#ifndef XT_SIM_NODE_H
#define XT_SIM_NODE_H

#include <xtunnel/device.h>

#include "sim/world.h"
#include "tunnel/scheduler.h"

#define SIM_EVENTS (XT_EVENT_ADDRESS_SILENT + 1)

/* The configuration of a peer. */
struct sim_peer {
	struct sim_node *other;
	struct xt_endpoint endpoint; /* as configured; family 0: none */
	struct xt_psk psk;
	uint16_t keepalive_s;
};

struct sim_node {
	struct sim *sim;
	char name[16];
	unsigned id;
	struct xt_private key;
	struct xt_public public;
	struct xt_ip outer4, outer6, inner4, inner6;
	uint16_t port;
	struct sim_nat *nat;
	struct sim_peer *peers;
	size_t n_peers;
	int64_t wall_shift; /* of this node's wall clock */
	uint64_t rng;
	bool asleep;
	bool cut_off;  /* its host has no route */
	uint32_t full; /* probability, per mille, that the UDP socket blocks for a millisecond */
	bool socket_full;

	struct xt_device *dev; /* NULL: not running */
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_aead *aead;
	struct xt_worker_pool *workers; /* only with WG_THREADS > 1 */
	struct xt_scheduler *scheduler;
	bool pass_planned, in_pass;
	uint64_t timer_at; /* of the next timer event; XT_NEVER: none */

	uint64_t events[SIM_EVENTS], last_event[SIM_EVENTS];
	uint64_t sent[5], last_sent[5], received[5]; /* messages by type; times */
	uint64_t keepalives, last_keepalive;	     /* empty data messages that it sent */
	uint64_t wakes;				     /* by the timer */
	uint64_t spin_at, spins;
};

/* A running node with addresses and keys of its own. */
struct sim_node *sim_node_new(struct sim *sim, const char *name);
void sim_node_free(struct sim_node *node);

enum { SIM_KNOWS = 1, SIM_OVER6 = 2 };
/* Makes b a peer of a. SIM_KNOWS: a has an endpoint for b, with SIM_OVER6 the IPv6 one. */
struct sim_peer *sim_peer_add(struct sim_node *a, struct sim_node *b, unsigned how);
/* Makes each a peer of the other, with an endpoint. */
void sim_pair_link(struct sim_node *a, struct sim_node *b);
struct sim_peer *sim_peer_find(struct sim_node *a, const struct sim_node *b);
/* Two linked nodes, alice and bob; sim_session_new also sends a packet each way, alice first. */
void sim_pair_new(struct sim *sim, struct sim_node **a, struct sim_node **b);
void sim_session_new(struct sim *sim, struct sim_node **alice, struct sim_node **bob);
/* A packet from a to b and one back, each within 100 ms. */
void sim_pair_exchange(struct sim *sim, struct sim_node *a, struct sim_node *b);
/* Change the configuration of a's peer b and apply it. */
void sim_peer_set_psk(struct sim_node *a, struct sim_node *b, uint8_t fill);
void sim_peer_set_keepalive(struct sim_node *a, struct sim_node *b, uint16_t seconds);
void sim_peer_set_endpoint(struct sim_node *a, struct sim_node *b,
			   const struct xt_endpoint *endpoint);
/* Give a's peer b a list of endpoints; configured: as from a's file. */
void sim_peer_set_list(struct sim_node *a, struct sim_node *b, const struct xt_candidate *v,
		       size_t n, bool configured);
void sim_peer_remove(struct sim_node *a, struct sim_node *b);

struct xt_endpoint sim_node_endpoint(const struct sim_node *node, bool v6);
void sim_node_move(struct sim_node *node); /* to new outer addresses */

void sim_node_off(struct sim_node *node); /* kill -9 */
void sim_node_on(struct sim_node *node);  /* starts again from its configuration */
/* Another process goes on with its snapshot, with the same sockets, and the caller's is gone. What
 * they hold unread stays there. */
void sim_node_upgrade(struct sim_node *node);
void sim_node_suspend(struct sim_node *node); /* receives and does nothing; its clock continues */
void sim_node_wake(struct sim_node *node, bool timer_first);
/* Its host reports a change of its network: after sim_node_move, cut_off, or none that matters.
 * suspended: also that it was suspended. */
void sim_node_network(struct sim_node *node, bool suspended);

struct xt_time sim_time(const struct sim_node *node);
struct xt_report *sim_node_report(const struct sim_node *node); /* owned by the caller */
uint64_t sim_node_verdict(const struct sim_node *node, enum xt_verdict verdict);
struct xt_peer_report sim_peer_state(const struct sim_node *a, const struct sim_node *b);

uint32_t sim_node_keypairs(const struct sim_node *node); /* in use */

/* Input; the node runs a pass within 100 us. */
void sim_node_inject(struct sim_node *node, const uint8_t *data, size_t len);
void sim_node_deliver(struct sim_node *node, const struct xt_path *from, uint8_t ecn,
		      const uint8_t *data, size_t len);

#endif
