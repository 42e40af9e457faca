/* A node: a whole tunnel on a TUN and a UDP socket in memory, driven through the real pump. */
#ifndef XT_SIM_NODE_H
#define XT_SIM_NODE_H

#include <xtunnel/device.h>

#include "sim/world.h"
#include "tunnel/scheduler.h"

#define SIM_EVENTS (XT_EVENT_KEYS_ERASED + 1)

/* What a node's configuration says about another one. */
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
	uint32_t full; /* per mille: how often the UDP socket takes no more, for a millisecond */
	bool stuffed;

	struct xt_device *dev; /* NULL: switched off */
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_aead *aead;
	struct xt_worker_pool *crew; /* NULL, but with WG_THREADS > 1 */
	struct xt_scheduler *scheduler;
	bool turn_planned, in_turn;
	uint64_t timer_at; /* when the planned timer event fires; XT_NEVER: none */

	uint64_t events[SIM_EVENTS], last_event[SIM_EVENTS];
	uint64_t sent[5], last_sent[5], received[5]; /* messages by type; when */
	uint64_t keepalives, last_keepalive;	     /* of sent data messages: empty ones */
	uint64_t wakes;				     /* by a timer */
	uint64_t spin_at, spins;
};

/* A node that runs, with addresses and keys of its own. */
struct sim_node *sim_node(struct sim *sim, const char *name);
void sim_node_free(struct sim_node *node);

enum { SIM_KNOWS = 1, SIM_OVER6 = 2 };
/* Make b a peer of a; how: SIM_KNOWS a's file names b's endpoint (SIM_OVER6: its IPv6 one). */
struct sim_peer *sim_peer(struct sim_node *a, struct sim_node *b, unsigned how);
/* Both of each other, both with endpoints. */
void sim_pair(struct sim_node *a, struct sim_node *b);
struct sim_peer *sim_peer_of(struct sim_node *a, const struct sim_node *b);
/* Two nodes, alice and bob, that are a pair; with a session that both have used. */
void sim_two(struct sim *sim, struct sim_node **a, struct sim_node **b);
void sim_meet(struct sim *sim, struct sim_node *a, struct sim_node *b);
/* Change what a's configuration says about its peer, and apply that. */
void sim_set_psk(struct sim_node *a, struct sim_node *b, uint8_t fill);
void sim_set_keepalive(struct sim_node *a, struct sim_node *b, uint16_t seconds);
void sim_set_endpoint(struct sim_node *a, struct sim_node *b, const struct xt_endpoint *endpoint);
void sim_remove(struct sim_node *a, struct sim_node *b);

struct xt_endpoint sim_endpoint(const struct sim_node *node, bool v6);
void sim_move(struct sim_node *node); /* to new outer addresses */

void sim_off(struct sim_node *node);	 /* kill -9 */
void sim_on(struct sim_node *node);	 /* started afresh from its configuration */
void sim_suspend(struct sim_node *node); /* hears and does nothing, its clock runs on */
void sim_wake(struct sim_node *node, bool timer_first);

struct xt_time sim_time(const struct sim_node *node);
struct xt_report *sim_report(const struct sim_node *node); /* the caller's */
uint64_t sim_count(const struct sim_node *node, enum xt_verdict verdict);
struct xt_peer_report sim_about(const struct sim_node *a, const struct sim_node *b);

uint32_t sim_keypairs(const struct sim_node *node); /* alive */

/* Input; the node takes its turn within 100 us. */
void sim_node_tun(struct sim_node *node, const uint8_t *data, size_t len);
void sim_node_udp(struct sim_node *node, const struct xt_path *from, uint8_t ecn,
		  const uint8_t *data, size_t len);

#endif
