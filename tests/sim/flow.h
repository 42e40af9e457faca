/* SPDX-License-Identifier: MIT */
/* Numbered packets: each differs from all others and must arrive at most once, unaltered, and at
 * its destination. */
#ifndef XT_SIM_FLOW_H
#define XT_SIM_FLOW_H

#include "sim/world.h"

#define SIM_MIN4 44 /* lengths of the smallest numbered packets */
#define SIM_MIN6 64

enum sim_kind {
	SIM_V4 = 0,
	SIM_V6 = 1,
	SIM_FORGED = 2, /* must never arrive */
};

struct sim_packet {
	const struct sim_node *from, *to; /* from: the owner of the source address */
	uint64_t sent, got;		  /* times; got is 0 until it arrives */
	uint32_t len;
	uint8_t flags, ecn, ecn_got;
};

struct sim_flow {
	struct sim *sim;
	struct sim_packet *packets;
	uint32_t n, cap;
	uint64_t n_got;
	uint64_t unreachable; /* ICMP errors that TUNs delivered */
};

struct sim_flow *sim_flow_new(struct sim *sim);
void sim_flow_free(struct sim_flow *flow);
void sim_flow_reserve(struct sim_flow *flow, uint32_t n); /* so that memory does not grow later */

/* One packet of len bytes (0: a random length) into a's TUN for b. Returns its number. */
uint32_t sim_packet_send(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t len);
/* The same with every choice; source: the owner of the inner source address. */
uint32_t sim_packet_send_as(struct sim *sim, struct sim_node *a, const struct sim_node *source,
			    struct sim_node *b, uint32_t len, unsigned flags, uint8_t ecn);
bool sim_packet_arrived(const struct sim *sim, uint32_t number);
/* The same, but the network holds the next data message from a to b, which carries the packet. */
uint32_t sim_packet_send_held(struct sim *sim, struct sim_node *a, struct sim_node *b);
/* n packets, one each gap ns; returns the first number. They are sent as sim_run advances. */
uint32_t sim_stream_start(struct sim *sim, struct sim_node *a, struct sim_node *b, uint32_t n,
			  uint64_t gap, uint32_t len);
uint32_t sim_stream_lost(const struct sim *sim, uint32_t first,
			 uint32_t n); /* of these, how many have not arrived */

/* A stream of n packets each way, and how many of both have not arrived. */
struct sim_streams {
	uint32_t first[2], n;
};
struct sim_streams sim_streams_start(struct sim *sim, struct sim_node *a, struct sim_node *b,
				     uint32_t n, uint64_t gap);
uint32_t sim_streams_lost(const struct sim *sim, const struct sim_streams *streams);

/* Run until packet number has arrived, at most ns; otherwise the case fails. */
void sim_packet_await(struct sim *sim, uint32_t number, uint64_t ns);

/* Checks a packet that a TUN delivered. */
void sim_flow_check(struct sim_flow *flow, struct sim_node *node, const uint8_t *data, size_t len);

#endif
