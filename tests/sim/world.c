/* SPDX-License-Identifier: MIT */
/* Time, random numbers, events and the trace of a simulation; see world.h. */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/net.h"
#include "sim/node.h"
#include "sim/watch.h"

struct sim *sim_new(uint64_t seed)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	sim->seed = seed;
	sim->rng = seed * 0x9e3779b97f4a7c15ull + 1;
	sim->now = SIM_START;
	for (int i = 0; i < 2; i++)
		sim->trace[i] = calloc(SIM_TRACE_MAX, sizeof(*sim->trace[i]));
	sim->flow = sim_flow_new(sim);
	sim->watch = sim_watch_new(sim);
	sim->net = sim_net_new(sim);
	return sim;
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	for (size_t i = 0; i < sim->n_heap; i++)
		if (sim->heap[i].drop)
			sim->heap[i].drop(sim->heap[i].ctx);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		sim_node_free(sim->nodes[i]);
	sim_net_free(sim->net);
	sim_watch_free(sim->watch);
	sim_flow_free(sim->flow);
	free(sim->nodes);
	free(sim->heap);
	free(sim->trace[0]);
	free(sim->trace[1]);
	free(sim);
}

uint64_t sim_random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t sim_random(struct sim *sim)
{
	return sim_random_next(&sim->rng);
}

uint64_t sim_random_below(struct sim *sim, uint64_t n)
{
	return n ? sim_random(sim) % n : 0;
}

bool sim_random_chance(struct sim *sim, uint32_t per_mille)
{
	return per_mille && sim_random_below(sim, 1000) < per_mille;
}

static bool event_is_earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

void sim_event_add_owned(struct sim *sim, uint64_t when, sim_handler *handler, void *ctx,
			 uint64_t arg, void (*drop)(void *ctx))
{
	struct sim_event event = {
	    when < sim->now ? sim->now : when, sim->order++, handler, ctx, arg, drop};
	size_t i;

	if (sim->n_heap == sim->cap_heap) {
		sim->cap_heap = sim->cap_heap ? 2 * sim->cap_heap : 256;
		sim->heap = realloc(sim->heap, sim->cap_heap * sizeof(*sim->heap));
	}
	for (i = sim->n_heap++; i && event_is_earlier(&event, &sim->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = event;
}

void sim_event_add(struct sim *sim, uint64_t when, sim_handler *handler, void *ctx, uint64_t arg)
{
	sim_event_add_owned(sim, when, handler, ctx, arg, NULL);
}

static struct sim_event event_pop(struct sim *sim)
{
	struct sim_event first = sim->heap[0];
	struct sim_event last = sim->heap[--sim->n_heap];
	size_t i = 0;

	while (2 * i + 1 < sim->n_heap) {
		size_t child = 2 * i + 1;

		if (child + 1 < sim->n_heap &&
		    event_is_earlier(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!event_is_earlier(&sim->heap[child], &last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	if (sim->n_heap)
		sim->heap[i] = last;
	return first;
}

bool sim_run_until(struct sim *sim, uint64_t ns, bool (*cond)(struct sim *sim, void *ctx),
		   void *ctx)
{
	uint64_t end = sim->now + ns;

	if (cond && cond(sim, ctx))
		return true;
	while (sim->n_heap && sim->heap[0].when <= end) {
		struct sim_event event = event_pop(sim);

		sim->now = event.when;
		event.handler(sim, event.ctx, event.arg);
		if (cond && cond(sim, ctx))
			return true;
	}
	sim->now = end;
	return false;
}

void sim_run(struct sim *sim, uint64_t ns)
{
	sim_run_until(sim, ns, NULL, NULL);
}

struct sim_entry *sim_trace_entry(struct sim *sim, bool data)
{
	struct sim_entry *entry = &sim->trace[data][sim->n_trace[data]++ % SIM_TRACE_MAX];

	memset(entry, 0, sizeof(*entry));
	entry->when = sim->now;
	entry->order = sim->n_trace[0] + sim->n_trace[1];
	return entry;
}

void sim_trace_note(struct sim *sim, const char *format, ...)
{
	struct sim_entry *entry = sim_trace_entry(sim, false);
	va_list args;

	va_start(args, format);
	vsnprintf(entry->note, sizeof(entry->note), format, args);
	va_end(args);
}

static void entry_print(const struct sim_entry *r)
{
	static const char *const types[] = {"", "initiation", "response", "cookie reply", "data"};
	uint64_t t = r->when - SIM_START;

	fprintf(stderr, "%8llu.%06llu  ", (unsigned long long)(t / SIM_S),
		(unsigned long long)(t % SIM_S / SIM_US));
	if (!r->type) {
		fprintf(stderr, "-- %s\n", r->note);
		return;
	}
	fprintf(stderr, "%-9s -> %-9s %-12s ", r->from ? r->from->name : "?",
		r->to ? r->to->name : "?", r->type < 5 ? types[r->type] : "?");
	if (r->type == 1)
		fprintf(stderr, "%08x ", r->sender);
	else if (r->type == 2)
		fprintf(stderr, "%08x for %08x ", r->sender, r->receiver);
	else if (r->type == 3)
		fprintf(stderr, "for %08x ", r->receiver);
	else
		fprintf(stderr, "for %08x #%llu, %u bytes ", r->receiver,
			(unsigned long long)r->counter, r->len);
	fprintf(stderr, "%s\n", r->note);
}

/* Both rings, oldest entry first. */
static void trace_print(const struct sim *sim)
{
	uint64_t at[2];

	for (int i = 0; i < 2; i++)
		at[i] = sim->n_trace[i] > SIM_TRACE_MAX ? sim->n_trace[i] - SIM_TRACE_MAX : 0;
	fprintf(stderr, "--- trace (newest last)\n");
	while (at[0] < sim->n_trace[0] || at[1] < sim->n_trace[1]) {
		const struct sim_entry *a = &sim->trace[0][at[0] % SIM_TRACE_MAX];
		const struct sim_entry *b = &sim->trace[1][at[1] % SIM_TRACE_MAX];
		int i =
		    at[0] == sim->n_trace[0] || (at[1] < sim->n_trace[1] && b->order < a->order);

		entry_print(i ? b : a);
		at[i]++;
	}
}

void sim_fail(struct sim *sim, const char *file, int line, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!sim->failed) {
		sim->failed = true;
		trace_print(sim);
		fprintf(stderr, "--- at %llu.%06llu s: %s\n--- repeat with: XT_SEED=%llu\n",
			(unsigned long long)((sim->now - SIM_START) / SIM_S),
			(unsigned long long)((sim->now - SIM_START) % SIM_S / SIM_US), text,
			(unsigned long long)sim->seed);
	}
	print_error("%s\n", text);
	_fail(file, line);
	abort(); /* not reached: _fail does not return */
}
