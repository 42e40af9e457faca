/* SPDX-License-Identifier: MIT */
/* A benchmark of the AEAD backends: short interleaved rounds, of which each backend's best counts,
 * so that other load on the machine does not distort the result. */
#include "crypto/aead_benchmark.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/printf.h"

#define BULK	  1420
#define SMALL	  96 /* an acknowledgement, padded */
#define JOBS	  16
#define ROUNDS	  40
#define BUDGET_NS 10000000u

struct scratch {
	uint8_t key[32];
	uint8_t plain[BULK];
	uint8_t sealed[JOBS][BULK + XT_TAG_LEN];
	uint8_t opened[JOBS][BULK];
	struct xt_job seal[JOBS], open[JOBS];
};

static void jobs_fill(struct scratch *scratch, uint32_t len)
{
	for (size_t i = 0; i < JOBS; i++) {
		scratch->seal[i] = (struct xt_job){.key = scratch->key,
						   .src = scratch->plain,
						   .dst = scratch->sealed[i],
						   .counter = i,
						   .len = len};
		scratch->open[i] = scratch->seal[i];
		scratch->open[i].src = scratch->sealed[i];
		scratch->open[i].dst = scratch->opened[i];
	}
}

/* Measure the time of a packet; *best is the shortest so far. */
static void backend_time(struct scratch *scratch, struct xt_aead *aead,
			 const struct xt_aead_host *host, uint32_t len, uint32_t *best)
{
	uint64_t start, ns;

	jobs_fill(scratch, len);
	start = host->now(host->ctx);
	aead->ops->seal(aead->self, scratch->seal, JOBS);
	aead->ops->open(aead->self, scratch->open, JOBS);
	ns = (host->now(host->ctx) - start) / (2 * JOBS);
	if (ns == 0)
		ns = 1;
	if (ns < UINT32_MAX && (*best == 0 || ns < *best))
		*best = (uint32_t)ns;
}

/* The traffic of a download: two full packets for each acknowledgement. */
static uint64_t candidate_cost(const struct xt_aead_candidate *candidate)
{
	return 2 * (uint64_t)candidate->bulk_ns + candidate->small_ns;
}

/* A gain below a twentieth is noise. */
bool xt_aead_faster(const struct xt_aead_candidate *a, const struct xt_aead_candidate *b)
{
	return a->bulk_ns != 0 && b->bulk_ns != 0 &&
	       candidate_cost(a) * 20 <= candidate_cost(b) * 19;
}

XT_PRINTF(2, 3) static void reason_append(struct xt_aead_report *report, const char *format, ...)
{
	size_t at = strlen(report->reason);
	va_list args;

	va_start(args, format);
	vsnprintf(report->reason + at, sizeof(report->reason) - at, format, args);
	va_end(args);
}

void xt_aead_explain(struct xt_aead_report *report, size_t winner)
{
	const struct xt_aead_candidate *c = report->candidates;

	if (c[winner].bulk_ns != 0)
		reason_append(report, "%u ns a packet", c[winner].bulk_ns);
	else
		reason_append(report, "no other was looked for or could be had");
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (i == winner)
			continue;
		if (c[i].fit && c[i].bulk_ns != 0)
			reason_append(report, ", %s %u", c[i].name, c[i].bulk_ns);
		else if (*c[i].detail != '\0')
			reason_append(report, ", no %s: %s", c[i].name, c[i].detail);
	}
}

static void round_run(struct scratch *scratch, struct xt_aead *const *backends,
		      const struct xt_aead_host *host, struct xt_aead_candidate *candidates)
{
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (backends[i] != NULL)
			backend_time(scratch, backends[i], host, BULK, &candidates[i].bulk_ns);
	}
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (backends[i] != NULL)
			backend_time(scratch, backends[i], host, SMALL, &candidates[i].small_ns);
	}
}

int xt_aead_benchmark(struct xt_aead *const *backends, const struct xt_aead_host *host,
		      struct xt_aead_candidate *candidates)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));
	uint64_t start, before, now, longest = 0;

	if (scratch == NULL)
		return XT_E_NOMEM;
	start = before = host->now(host->ctx);
	/* Start a round only if one as long as the longest still fits. */
	for (unsigned round = 0; round < ROUNDS && before - start + longest < BUDGET_NS; round++) {
		round_run(scratch, backends, host, candidates);
		now = host->now(host->ctx);
		if (now - before > longest)
			longest = now - before;
		before = now;
	}
	free(scratch);
	return 0;
}
