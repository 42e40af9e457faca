/* Numbered packets: each can be told from any other, and comes out at most once, unaltered, where
 * it was meant to. */
#ifndef XT_SIM_FLOW_H
#define XT_SIM_FLOW_H

#include "sim/world.h"

#define SIM_LEAST4 44 /* the smallest numbered packets */
#define SIM_LEAST6 64

enum sim_kind {
	SIM_V4 = 0,
	SIM_V6 = 1,
	SIM_FORGED = 2, /* must never come out */
};

struct sim_packet {
	const struct sim_node *from, *to; /* from: whose address is the source */
	uint64_t sent, got;		  /* when; got 0: not yet */
	uint32_t len;
	uint8_t flags, ecn, ecn_got;
};

struct sim_flow {
	struct sim *sim;
	struct sim_packet *packets;
	uint32_t n, cap;
	uint64_t n_got;
	uint64_t unreachable; /* ICMP errors that came out of TUNs */
};

struct sim_flow *sim_flow_new(struct sim *sim);
void sim_flow_free(struct sim_flow *flow);
void sim_flow_reserve(struct sim_flow *flow, uint32_t n); /* so that memory does not grow later */

/* One packet of len bytes (0: a random length) into a's TUN for b. Returns its number. */
uint32_t sim_send(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t len);
/* Likewise with all there is to choose; source: whose inner address it bears. */
uint32_t sim_send_as(struct sim *sim, struct sim_node *a, const struct sim_node *source,
		     struct sim_node *b, uint32_t len, unsigned flags, uint8_t ecn);
bool sim_got(const struct sim *sim, uint32_t number);
/* n packets, one each gap; returns the first number. Only planned: run the world. */
uint32_t sim_stream(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t n,
		    uint64_t gap, uint32_t len);
uint32_t sim_lost(const struct sim *sim, uint32_t first, uint32_t n); /* of these, not arrived */
/* Run until number is out at the other side, ns at most; fails the case otherwise. */
void sim_arrives(struct sim *sim, uint32_t number, uint64_t ns);

/* What a TUN gave out: judged. */
void sim_flow_out(struct sim_flow *flow, struct sim_node *node, const uint8_t *data, size_t len);

#endif
