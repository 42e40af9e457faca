/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base platform */
/* What it costs to find the peer of an address: nanoseconds a lookup by number of AllowedIPs, and
 * to insert one.  JSON on standard output, no pass or fail. */
#include <stdio.h>
#include <stdlib.h>

#include "seed.h"
#include "base/bytes.h"
#include "core/allowedips.h"
#include "platform/clock.h"

#define ROUNDS	21
#define LOOKUPS 20000

struct xt_peer {
	struct xt_allowedips_list list;
};

static struct xt_peer peer;
static const uint32_t counts[] = {1, 10, 100, 1000, 10000, 100000};

static struct xt_allowedips_list *list_of(struct xt_peer *p)
{
	return &p->list;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Hosts of 10.0.0.0/8 or fd07::/48, in no order; one host a peer is the common case. */
static void address(struct xt_ip *ip, uint8_t family, uint32_t i)
{
	uint32_t h = i * 2654435761u;

	*ip = (struct xt_ip){.family = family};
	if (family == 6) {
		ip->b[0] = 0xfd;
		ip->b[1] = 7;
		for (size_t b = 0; b < 4; b++)
			ip->b[12 + b] = (uint8_t)(h >> 8 * b);
		return;
	}
	ip->b[0] = 10;
	for (size_t b = 0; b < 3; b++)
		ip->b[1 + b] = (uint8_t)(h >> (8 + 8 * b));
}

static double lookups(const struct xt_allowedips *table, uint8_t family, uint32_t n,
		      uint64_t *random)
{
	static struct xt_ip ips[LOOKUPS];
	uint64_t start, found = 0;

	for (size_t i = 0; i < LOOKUPS; i++)
		address(&ips[i], family, (uint32_t)xt_below(random, n));
	start = xt_clock_now().mono;
	for (size_t i = 0; i < LOOKUPS; i++)
		found += xt_allowedips_find(table, &ips[i]) == &peer;
	start = xt_clock_now().mono - start;
	if (found != LOOKUPS)
		abort();
	return (double)start / LOOKUPS;
}

static void bench(uint8_t family, uint32_t n, uint64_t *random, const char *comma)
{
	double ns[ROUNDS], insert;
	struct xt_allowedips table;
	struct xt_cidr cidr = {.bits = family == 6 ? 128 : 32};
	uint64_t start;

	peer.list = (struct xt_allowedips_list){0};
	xt_allowedips_init(&table, list_of);
	start = xt_clock_now().mono;
	for (uint32_t i = 0; i < n; i++) {
		address(&cidr.ip, family, i);
		if (xt_allowedips_insert(&table, &cidr, &peer))
			abort();
	}
	insert = (double)(xt_clock_now().mono - start) / n;
	for (int r = 0; r < ROUNDS; r++)
		ns[r] = lookups(&table, family, n, random);
	qsort(ns, ROUNDS, sizeof(ns[0]), ascending);
	printf("%s\n {\"family\": %u, \"networks\": %u, \"lookup_ns\": %.1f, "
	       "\"lookup_median_ns\": %.1f, \"insert_ns\": %.1f}",
	       comma, family, n, ns[0], ns[ROUNDS / 2], insert);
	xt_allowedips_clear(&table);
}

int main(void)
{
	uint64_t random = xt_seed();
	const char *comma = "";

	printf("{\"bench\": \"trie\", \"rows\": [");
	for (size_t i = 0; i < XT_LEN(counts); i++) {
		bench(4, counts[i], &random, comma);
		comma = ",";
		bench(6, counts[i], &random, comma);
	}
	printf("]}\n");
	return 0;
}
