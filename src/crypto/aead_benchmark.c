/* A race of the AEAD backends: short rounds in turns, the best round of each counts, so that a
 * moment in which the machine had other work spoils nothing. */
#include "crypto/aead_benchmark.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#define BULK	  1420
#define SMALL	  96 /* an acknowledgement, padded */
#define JOBS	  16
#define ROUNDS	  40
#define BUDGET_NS 10000000u

struct track {
	uint8_t key[32];
	uint8_t plain[BULK];
	uint8_t sealed[JOBS][BULK + XT_TAG_LEN];
	uint8_t opened[JOBS][BULK];
	struct xt_job seal[JOBS], open[JOBS];
};

static void lay(struct track *track, uint32_t len)
{
	for (size_t i = 0; i < JOBS; i++) {
		track->seal[i] = (struct xt_job){.key = track->key,
						 .src = track->plain,
						 .dst = track->sealed[i],
						 .counter = i,
						 .len = len};
		track->open[i] = track->seal[i];
		track->open[i].src = track->sealed[i];
		track->open[i].dst = track->opened[i];
	}
}

/* The time of a packet, kept in best when it is the shortest so far. */
static void run(struct track *track, struct xt_aead *aead, const struct xt_aead_host *host,
		uint32_t len, uint32_t *best)
{
	uint64_t start, ns;

	lay(track, len);
	start = host->now(host->ctx);
	aead->ops->seal(aead->self, track->seal, JOBS);
	aead->ops->open(aead->self, track->open, JOBS);
	ns = (host->now(host->ctx) - start) / (2 * JOBS);
	if (ns == 0)
		ns = 1;
	if (ns < UINT32_MAX && (*best == 0 || ns < *best))
		*best = (uint32_t)ns;
}

/* A download is two full packets for an acknowledgement. */
static uint64_t mixture(const struct xt_aead_candidate *candidate)
{
	return 2 * (uint64_t)candidate->bulk_ns + candidate->small_ns;
}

/* Less than a twentieth is noise. */
bool xt_aead_faster(const struct xt_aead_candidate *a, const struct xt_aead_candidate *b)
{
	return a->bulk_ns != 0 && b->bulk_ns != 0 && mixture(a) * 20 <= mixture(b) * 19;
}

__attribute__((format(printf, 2, 3))) static void add(struct xt_aead_report *report,
						      const char *format, ...)
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
		add(report, "%u ns a packet", c[winner].bulk_ns);
	else
		add(report, "no other was looked for or could be had");
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (i == winner)
			continue;
		if (c[i].fit && c[i].bulk_ns != 0)
			add(report, ", %s %u", c[i].name, c[i].bulk_ns);
		else if (*c[i].detail != '\0')
			add(report, ", no %s: %s", c[i].name, c[i].detail);
	}
}

static void run_all(struct track *track, struct xt_aead *const *runners,
		    const struct xt_aead_host *host, struct xt_aead_candidate *candidates)
{
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (runners[i] != NULL)
			run(track, runners[i], host, BULK, &candidates[i].bulk_ns);
	}
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++) {
		if (runners[i] != NULL)
			run(track, runners[i], host, SMALL, &candidates[i].small_ns);
	}
}

int xt_aead_benchmark(struct xt_aead *const *runners, const struct xt_aead_host *host,
		      struct xt_aead_candidate *candidates)
{
	struct track *track = calloc(1, sizeof(*track));
	uint64_t start, before, now, longest = 0;

	if (track == NULL)
		return XT_E_NOMEM;
	start = before = host->now(host->ctx);
	/* Another round when one as long as the longest still fits. */
	for (unsigned round = 0; round < ROUNDS && before - start + longest < BUDGET_NS; round++) {
		run_all(track, runners, host, candidates);
		now = host->now(host->ctx);
		if (now - before > longest)
			longest = now - before;
		before = now;
	}
	free(track);
	return 0;
}
