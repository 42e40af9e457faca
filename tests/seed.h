/* SPDX-License-Identifier: MIT */
/* Random tests: a seed that is printed and can be repeated (XT_SEED), and numbers from it. */
#ifndef XT_TESTS_SEED_H
#define XT_TESTS_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t xt_seed(void)
{
	const char *given = getenv("XT_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	fprintf(stderr, "XT_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* SplitMix64. */
static inline uint64_t xt_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t xt_below(uint64_t *state, uint64_t n)
{
	return xt_next(state) % n;
}

/* As a length or an index. */
static inline size_t xt_pick(uint64_t *state, size_t n)
{
	return (size_t)xt_below(state, n);
}

#endif
