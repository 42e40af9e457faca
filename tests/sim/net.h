/* SPDX-License-Identifier: MIT */
/* The network between the nodes: delay, jitter, loss, reordering, duplicates, damage, size limits,
 * cut links, NAT; and rules that select single messages. */
#ifndef XT_SIM_NET_H
#define XT_SIM_NET_H

#include <xtunnel/types.h>

#include "sim/world.h"

enum sim_type { SIM_ANY = 0, SIM_INITIATION = 1, SIM_RESPONSE = 2, SIM_COOKIE = 3, SIM_DATA = 4 };

/* One direction of one pair, or the default of all. Probabilities are per mille. */
struct sim_link {
	uint64_t delay, jitter;
	uint32_t loss, reorder, duplicate, corrupt,
	    ce;	      /* ce: congestion mark on ECN-capable datagrams */
	uint32_t mtu; /* of the outer IP packet; 0: any */
	bool cut;
};

struct sim_dgram {
	struct sim_node *from, *to;  /* to: NULL without a receiver */
	struct xt_endpoint src, dst; /* as on the wire, behind any NAT */
	uint8_t ecn;
	bool altered, foreign; /* foreign: forged or replayed */
	uint32_t len;
	uint8_t data[];
};

enum sim_action {
	SIM_PASS,
	SIM_DROP,
	SIM_HOLD,  /* kept in held, not delivered */
	SIM_COPY,  /* kept in held and delivered */
	SIM_ALTER, /* one bit inverted */
};

/* A NAT in front of nodes: one outer address per family, a port for each (inside, remote). */
struct sim_nat;

struct sim_net {
	struct sim *sim;
	struct sim_link all;
	struct sim_pair *pairs;
	size_t n_pairs;
	struct sim_rule *rules;
	size_t n_rules;
	struct sim_dgram **held; /* of SIM_HOLD and SIM_COPY */
	size_t n_held;
	struct sim_nat **nats;
	size_t n_nats;
	struct sim_dgram *sending; /* freed here when a check of watch.c ends the case */
	uint64_t sent, delivered, lost;
};

struct sim_net *sim_net_new(struct sim *sim);
void sim_net_free(struct sim_net *net);

/* The link from a to b, which the caller may change; initially a copy of `all`. */
struct sim_link *sim_link_get(struct sim *sim, const struct sim_node *a, const struct sim_node *b);
void sim_link_cut(struct sim *sim, struct sim_node *a, struct sim_node *b,
		  bool cut); /* both ways */

/* From now on action applies to n messages of type from a to b (NULL: any), beginning with the
 * k-th, counted from 0; n 0: to all from there. The first rule that matches decides. */
void sim_rule_add(struct sim *sim, const struct sim_node *a, const struct sim_node *b,
		  enum sim_type type, uint32_t k, uint32_t n, enum sim_action action);
void sim_rule_clear(struct sim *sim);
/* Send the held datagram i again; it stays held. */
void sim_held_resend(struct sim *sim, size_t i);
void sim_held_resend_from(struct sim *sim, size_t i, const struct xt_endpoint *src);
void sim_held_clear(struct sim *sim);

struct sim_nat *sim_nat_new(struct sim *sim, uint64_t idle); /* mappings end after idle */
void sim_nat_rebind(struct sim *sim, struct sim_nat *nat);   /* all mappings get new ports */

/* A datagram that the socket of a node sends; and a forged one. */
void sim_net_send(struct sim *sim, struct sim_node *node, const struct xt_path *path, uint8_t ecn,
		  const uint8_t *data, size_t len);
void sim_net_forge(struct sim *sim, const struct xt_endpoint *src, const struct xt_endpoint *dst,
		   const void *data, size_t len);

#endif
