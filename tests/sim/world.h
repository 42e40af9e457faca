/* SPDX-License-Identifier: MIT */
/* A simulation with a virtual clock: a heap of events, a seed, a trace. Nothing in it depends on
 * the machine, so the same seed gives the same run. */
#ifndef XT_SIM_WORLD_H
#define XT_SIM_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>
#include <cmocka.h>

#include "base/printf.h"

#define SIM_US	  1000ull
#define SIM_MS	  (1000 * SIM_US)
#define SIM_S	  (1000 * SIM_MS)
#define SIM_START (1000 * SIM_S)	 /* monotonic clock at the start */
#define SIM_WALL  1800000000000000000ull /* wall clocks at SIM_START, ns */

struct sim_node;
struct sim_net;
struct sim_flow;
struct sim_watch;
struct sim;

/* drop, if not NULL, frees ctx when the event never happens. */
typedef void sim_handler(struct sim *sim, void *ctx, uint64_t arg);

struct sim_event {
	uint64_t when, order;
	sim_handler *handler;
	void *ctx;
	uint64_t arg;
	void (*drop)(void *ctx);
};

/* An entry of the trace: a datagram (type 1..4) or a note (type 0). */
struct sim_entry {
	uint64_t when, order;
	const struct sim_node *from, *to;
	uint32_t type, len, sender, receiver;
	uint64_t counter;
	char note[72];
};
#define SIM_TRACE_MAX 200 /* kept entries of data messages, and as many of all others */

struct sim {
	uint64_t seed, rng;
	uint64_t now; /* monotonic clock of every node */
	struct sim_event *heap;
	size_t n_heap, cap_heap;
	uint64_t order;
	struct sim_node **nodes;
	unsigned n_nodes, cap_nodes;
	struct sim_net *net;
	struct sim_flow *flow;
	struct sim_watch *watch;
	uint64_t timer_late;	    /* timers fire up to this late, ns */
	struct sim_entry *trace[2]; /* others, data */
	uint64_t n_trace[2];
	bool failed;
};

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);

uint64_t sim_random(struct sim *sim);			/* 64 bits */
uint64_t sim_random_below(struct sim *sim, uint64_t n); /* 0..n-1; n 0: 0 */
bool sim_random_chance(struct sim *sim, uint32_t per_mille);
uint64_t sim_random_next(uint64_t *state); /* the generator: the next number of a stream */

void sim_event_add(struct sim *sim, uint64_t when, sim_handler *handler, void *ctx, uint64_t arg);
void sim_event_add_owned(struct sim *sim, uint64_t when, sim_handler *handler, void *ctx,
			 uint64_t arg, void (*drop)(void *ctx));
/* Advance the clock by ns. sim_run_until stops as soon as cond holds and returns whether it did. */
void sim_run(struct sim *sim, uint64_t ns);
bool sim_run_until(struct sim *sim, uint64_t ns, bool (*cond)(struct sim *sim, void *ctx),
		   void *ctx);

struct sim_entry *sim_trace_entry(struct sim *sim, bool data); /* a new one, to be filled in */
void sim_trace_note(struct sim *sim, const char *format, ...) XT_PRINTF(2, 3);

/* Prints trace, message and seed, then fails the case. */
void sim_fail(struct sim *sim, const char *file, int line, const char *format, ...) XT_PRINTF(4, 5)
    __attribute__((noreturn));
#define SIM_FAIL(sim, ...) sim_fail(sim, __FILE__, __LINE__, __VA_ARGS__)
#define SIM_CHECK(sim, cond)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			SIM_FAIL(sim, "%s", #cond);                                                \
	} while (0)
#define SIM_SAME(sim, a, b)                                                                        \
	do {                                                                                       \
		uint64_t sim_a_ = (uint64_t)(a), sim_b_ = (uint64_t)(b);                           \
		if (sim_a_ != sim_b_)                                                              \
			SIM_FAIL(sim, "%s is %llu, not %s = %llu", #a, (unsigned long long)sim_a_, \
				 #b, (unsigned long long)sim_b_);                                  \
	} while (0)
#define SIM_RANGE(sim, a, low, high)                                                               \
	do {                                                                                       \
		uint64_t sim_a_ = (uint64_t)(a), sim_l_ = (uint64_t)(low),                         \
			 sim_h_ = (uint64_t)(high);                                                \
		if (sim_a_ < sim_l_ || sim_a_ > sim_h_)                                            \
			SIM_FAIL(sim, "%s is %llu, not in %llu..%llu", #a,                         \
				 (unsigned long long)sim_a_, (unsigned long long)sim_l_,           \
				 (unsigned long long)sim_h_);                                      \
	} while (0)

/* SIM_CASE(sentence) { ... } defines a case; its body has a new simulation as `sim`. */
struct sim_case {
	const char *name;
	const char *file;
	void (*run)(struct sim *sim);
	struct sim_case *next;
};
void sim_register(struct sim_case *entry);
#define SIM_CASE(sentence)                                                                         \
	static void sentence(struct sim *sim);                                                     \
	__attribute__((constructor)) static void sentence##_register(void)                         \
	{                                                                                          \
		static struct sim_case entry = {#sentence, __FILE__, sentence, NULL};              \
		sim_register(&entry);                                                              \
	}                                                                                          \
	static void sentence(struct sim *sim)

#endif
