/* SPDX-License-Identifier: MIT */
/* sim [CASE|FILE]...: runs the cases, each in a simulation of its own, once for each seed: XT_SEED,
 * or without it a fixed seed and a random one. A failure prints its seed. */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/random.h"

#define CASES_MAX  256
#define FIXED_SEED 20261123

static struct sim_case *case_list;
static struct sim_case *cases[CASES_MAX];
static struct CMUnitTest tests[CASES_MAX];
static uint64_t seed;

void sim_register(struct sim_case *entry)
{
	struct sim_case **at = &case_list;

	while (*at)
		at = &(*at)->next;
	*at = entry;
}

static void case_run(void **state)
{
	struct sim_case *entry = ((void **)*state)[0];
	struct sim *sim = sim_new(seed);

	((void **)*state)[1] = sim;
	entry->run(sim);
}

static int case_setup(void **state)
{
	void **pair = calloc(2, sizeof(*pair));

	pair[0] = *state;
	*state = pair;
	return 0;
}

static int case_teardown(void **state)
{
	sim_free(((void **)*state)[1]);
	free(*state);
	return 0;
}

/* By its name, or by the name of its file: "roaming" stands for tests/sim/case_roaming.c. */
static bool case_is_requested(const struct sim_case *entry, int argc, char **argv)
{
	const char *file = strrchr(entry->file, '/');
	size_t len;

	file = file ? file + 1 : entry->file;
	file = strncmp(file, "case_", 5) == 0 ? file + 5 : file;
	len = strcspn(file, ".");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], entry->name) == 0 ||
		    (strlen(argv[i]) == len && strncmp(argv[i], file, len) == 0))
			return true;
	return argc < 2;
}

static int cases_run(size_t n)
{
	char name[40];

	snprintf(name, sizeof(name), "sim with XT_SEED=%llu", (unsigned long long)seed);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){cases[i]->name, case_run, case_setup, case_teardown,
					       cases[i]};
	return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

int main(int argc, char **argv)
{
	const char *given = getenv("XT_SEED");
	size_t n = 0;
	int failed;

	for (struct sim_case *entry = case_list; entry; entry = entry->next)
		if (case_is_requested(entry, argc, argv) && n < CASES_MAX)
			cases[n++] = entry;
	if (!n) {
		fprintf(stderr, "no such case; choose from:\n");
		for (struct sim_case *entry = case_list; entry; entry = entry->next)
			fprintf(stderr, "  %s\n", entry->name);
		return 2;
	}
	if (given) {
		seed = strtoull(given, NULL, 10);
		return cases_run(n) != 0;
	}
	seed = FIXED_SEED;
	failed = cases_run(n);
	if (!xt_random_bytes(&seed, sizeof(seed)))
		return 1;
	seed >>= 16;
	return (cases_run(n) | failed) != 0;
}
