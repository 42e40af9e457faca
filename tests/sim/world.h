/* A world with a clock of its own: an event heap, a seed, a ladder of what happened. Nothing in it
 * depends on the machine, so a seed tells the whole story again. */
#ifndef XT_SIM_WORLD_H
#define XT_SIM_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>
#include <cmocka.h>

#define SIM_US	  1000ull
#define SIM_MS	  (1000 * SIM_US)
#define SIM_S	  (1000 * SIM_MS)
#define SIM_START (1000 * SIM_S)	 /* of the monotonic clock */
#define SIM_WALL  1800000000000000000ull /* what the wall clocks show at SIM_START */

struct sim_node;
struct sim_net;
struct sim_flow;
struct sim_watch;
struct sim;

/* what happens; drop, when not NULL, gets rid of ctx when it never does */
typedef void sim_act(struct sim *sim, void *ctx, uint64_t arg);

struct sim_event {
	uint64_t when, order;
	sim_act *act;
	void *ctx;
	uint64_t arg;
	void (*drop)(void *ctx);
};

/* One rung of the ladder: a datagram (type 1..4), or a remark (type 0). */
struct sim_rung {
	uint64_t when, order;
	const struct sim_node *from, *to;
	uint32_t type, len, sender, receiver;
	uint64_t counter;
	char note[72];
};
#define SIM_RUNGS 200 /* kept of data, and as many of all else */

struct sim {
	uint64_t seed, rng;
	uint64_t now; /* monotonic, of every node */
	struct sim_event *heap;
	size_t n_heap, cap_heap;
	uint64_t order;
	struct sim_node **nodes;
	unsigned n_nodes, cap_nodes;
	struct sim_net *net;
	struct sim_flow *flow;
	struct sim_watch *watch;
	uint64_t timer_late;	   /* timers fire up to so much after their time */
	struct sim_rung *rungs[2]; /* all else, data */
	uint64_t n_rungs[2];
	bool failed;
};

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);

uint64_t sim_random(struct sim *sim);		 /* 64 bits */
uint64_t sim_below(struct sim *sim, uint64_t n); /* 0..n-1; n 0: 0 */
bool sim_chance(struct sim *sim, uint32_t per_mille);
uint64_t sim_split(uint64_t *state); /* the generator itself: one more number of a stream */

void sim_at(struct sim *sim, uint64_t when, sim_act *act, void *ctx, uint64_t arg);
void sim_at_or(struct sim *sim, uint64_t when, sim_act *act, void *ctx, uint64_t arg,
	       void (*drop)(void *ctx));
/* Let so much time pass. until: stops as soon as cond holds, and tells whether it did. */
void sim_run(struct sim *sim, uint64_t ns);
bool sim_until(struct sim *sim, uint64_t ns, bool (*cond)(struct sim *sim, void *ctx), void *ctx);

struct sim_rung *sim_rung(struct sim *sim, bool data); /* the next one, to be filled in */
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints seed, ladder and message, then fails the case. */
void sim_fail(struct sim *sim, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5), noreturn));
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

/* A case: SIM_CASE(sentence) { ... sim is there ... } It is given a fresh world, whose invariants
 * are looked at once more when it ends. */
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
