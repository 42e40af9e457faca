/* SPDX-License-Identifier: MIT */
/* layers: tunnel platform core crypto packet base */
/* Nanoseconds a packet, by backend and size; JSON on standard output, no pass or fail.
 *
 *	bench_aead [BACKEND…]
 *
 * The backends alternate, round by round. Each reports its best round (what the code can do) and
 * the median (what this machine allowed). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/aead.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/clock.h"
#include "tunnel/cipher.h"

static const uint32_t sizes[] = {0, 32, 96, 192, 576, 1360, 1420, 8920, 65472};
#define SIZES	XT_LEN(sizes)
#define BATCH	45
#define ROUNDS	51
#define SPAN_NS 300000u /* of one round */
#define SLOT	(65472 + XT_TAG_LEN + 64)

struct result {
	double ns[ROUNDS];
};

static struct {
	const char *name;
	struct xt_aead *aead;
	struct xt_aead_report report;
	struct result seal[SIZES], open[SIZES];
} lanes[XT_AEAD_BACKENDS];

static uint8_t key[32];
static uint8_t *plain, *sealed, *opened;

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double round_ns(struct xt_aead *aead, bool seal, uint32_t len)
{
	struct xt_job jobs[BATCH];
	uint64_t start = xt_clock_now().mono, now, n = 0;

	for (size_t i = 0; i < BATCH; i++)
		jobs[i] = (struct xt_job){.key = key,
					  .src = (seal ? plain : sealed) + i * SLOT,
					  .dst = (seal ? sealed : opened) + i * SLOT,
					  .counter = i,
					  .len = len};
	do {
		if (seal)
			xt_aead_seal(aead, jobs, BATCH);
		else
			xt_aead_open(aead, jobs, BATCH);
		n += BATCH;
		now = xt_clock_now().mono;
	} while (now - start < SPAN_NS);
	if (!jobs[0].ok || !jobs[BATCH - 1].ok)
		abort();
	return (double)(now - start) / (double)n;
}

static void print_one(const char *name, struct result *result)
{
	qsort(result->ns, ROUNDS, sizeof(result->ns[0]), ascending);
	printf(", \"%s_ns\": %.1f, \"%s_median_ns\": %.1f", name, result->ns[0], name,
	       result->ns[ROUNDS / 2]);
}

static bool wanted(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc < 2;
}

static void measure(void)
{
	for (size_t s = 0; s < SIZES; s++) {
		for (size_t r = 0; r < ROUNDS; r++) {
			for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
				if (lanes[i].aead == NULL)
					continue;
				lanes[i].seal[s].ns[r] = round_ns(lanes[i].aead, true, sizes[s]);
				lanes[i].open[s].ns[r] = round_ns(lanes[i].aead, false, sizes[s]);
			}
		}
	}
}

static void print_lane(size_t i)
{
	printf("{\"backend\": \"%s\", \"detail\": \"%s\", \"sizes\": [", lanes[i].name,
	       lanes[i].report.reason);
	for (size_t s = 0; lanes[i].aead != NULL && s < SIZES; s++) {
		printf("%s\n  {\"bytes\": %u", s == 0 ? "" : ",", sizes[s]);
		print_one("seal", &lanes[i].seal[s]);
		print_one("open", &lanes[i].open[s]);
		printf("}");
	}
	printf("]}");
}

int main(int argc, char **argv)
{
	struct xt_aead_report report;
	struct xt_aead *chosen = NULL;
	const char *comma = "";

	plain = calloc(BATCH, SLOT);
	sealed = calloc(BATCH, SLOT);
	opened = calloc(BATCH, SLOT);
	if (plain == NULL || sealed == NULL || opened == NULL)
		return 1;
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		lanes[i].name = xt_aead_backend(i);
		if (wanted(argc, argv, lanes[i].name))
			(void)xt_aead_choose(&lanes[i].aead, lanes[i].name, &xt_cipher_host,
					     &lanes[i].report);
	}
	measure();
	printf("{\"bench\": \"aead\", \"batch\": %d, \"backends\": [", BATCH);
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (!wanted(argc, argv, lanes[i].name))
			continue;
		printf("%s\n ", comma);
		print_lane(i);
		comma = ",";
		xt_aead_free(lanes[i].aead);
	}
	if (xt_cipher_open(&chosen, NULL, &report) == 0)
		printf("],\n \"auto\": {\"name\": \"%s\", \"reason\": \"%s\"}}\n", report.name,
		       report.reason);
	else
		printf("],\n \"auto\": null}\n");
	xt_aead_free(chosen);
	free(plain);
	free(sealed);
	free(opened);
	return 0;
}
