/* The network between the nodes: delay, jitter, loss, reordering, duplicates, damage, size limits,
 * a cut cable, NAT; and rules that pick out single messages. */
#ifndef XT_SIM_NET_H
#define XT_SIM_NET_H

#include <xtunnel/types.h>

#include "sim/world.h"

enum sim_type { SIM_ANY = 0, SIM_INITIATION = 1, SIM_RESPONSE = 2, SIM_COOKIE = 3, SIM_DATA = 4 };

/* One direction of one pair, or all of them. Chances are per mille. */
struct sim_link {
	uint64_t delay, jitter;
	uint32_t loss, reorder, duplicate, corrupt,
	    ce;	      /* ce: congestion mark on what can bear it */
	uint32_t mtu; /* of the outer IP packet; 0: any */
	bool cut;
};

struct sim_dgram {
	struct sim_node *from, *to;  /* to: NULL when nobody lives there */
	struct xt_endpoint src, dst; /* as on the wire, behind any NAT */
	uint8_t ecn;
	bool altered, foreign; /* foreign: not sent by a device just now */
	uint32_t len;
	uint8_t data[];
};

enum sim_action {
	SIM_PASS,
	SIM_DROP,
	SIM_HOLD,  /* kept in the bag, not delivered */
	SIM_COPY,  /* kept in the bag, and delivered */
	SIM_ALTER, /* one bit turned over */
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
	struct sim_dgram **bag; /* held and copied */
	size_t n_bag;
	struct sim_nat **nats;
	size_t n_nats;
	struct sim_dgram *sending; /* freed here when the watch ends the case */
	uint64_t sent, delivered, lost;
};

struct sim_net *sim_net_new(struct sim *sim);
void sim_net_free(struct sim_net *net);

/* The link from a to b, to be changed; a copy of `all` at first. */
struct sim_link *sim_link_of(struct sim *sim, const struct sim_node *a, const struct sim_node *b);
void sim_cut(struct sim *sim, struct sim_node *a, struct sim_node *b, bool cut); /* both ways */

/* From now on: of the messages of type from a to b (NULL: any) the k-th (from 0) and n - 1 more
 * behind it (n 0: all from there) meet action. The first rule that fits decides. */
void sim_rule(struct sim *sim, const struct sim_node *a, const struct sim_node *b,
	      enum sim_type type, uint32_t k, uint32_t n, enum sim_action action);
void sim_rules_clear(struct sim *sim);
/* Put what the bag holds at i on the wire again (it stays in the bag). */
void sim_again(struct sim *sim, size_t i);
void sim_again_from(struct sim *sim, size_t i, const struct xt_endpoint *src);
void sim_bag_clear(struct sim *sim);

struct sim_nat *sim_nat(struct sim *sim, uint64_t idle);   /* mappings end after idle */
void sim_nat_rebind(struct sim *sim, struct sim_nat *nat); /* all mappings get new ports */

/* A datagram that a node's socket sends; one that nobody's device made. */
void sim_net_send(struct sim *sim, struct sim_node *node, const struct xt_path *path, uint8_t ecn,
		  const uint8_t *data, size_t len);
void sim_net_forge(struct sim *sim, const struct xt_endpoint *src, const struct xt_endpoint *dst,
		   const void *data, size_t len);

#endif
