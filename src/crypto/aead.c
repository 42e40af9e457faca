/* SPDX-License-Identifier: MIT */
/* The AEAD backends by name, each tested before it is used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "crypto/aead_benchmark.h"
#include "crypto/init.h"
#include "crypto/secret.h"

/* The first is the default and the reference; those from LARGE on cost memory. */
#define LARGE 3
static const struct xt_aead_ops *const backends[XT_AEAD_BACKENDS] = {
    &xt_aead_sodium, &xt_aead_ipsecmb, &xt_aead_boringssl, &xt_aead_openssl};

static const struct xt_aead_host no_host;

const char *xt_aead_backend(size_t n)
{
	return n < XT_LEN(backends) ? backends[n]->name : NULL;
}

/* detail: XT_AEAD_DETAIL bytes */
static int backend_open(struct xt_aead **out, const struct xt_aead_ops *ops,
			const struct xt_aead_host *host, char *detail)
{
	struct xt_aead *aead = calloc(1, sizeof(*aead));
	int err;

	if (aead == NULL)
		return XT_E_NOMEM;
	aead->ops = ops;
	aead->host = *host;
	err = ops->new (&aead->self, &aead->host, detail);
	if (err != 0) {
		if (*detail == '\0')
			snprintf(detail, XT_AEAD_DETAIL, "%s", xt_strerror(err));
		free(aead);
		return err;
	}
	if (!xt_aead_works(aead)) {
		snprintf(detail, XT_AEAD_DETAIL, "its self-test failed");
		xt_aead_free(aead);
		return XT_E_CRYPTO;
	}
	*out = aead;
	return 0;
}

static int backend_choose(struct xt_aead **out, size_t i, const struct xt_aead_host *host,
			  struct xt_aead_report *report)
{
	struct xt_aead_candidate *candidate = &report->candidates[i];
	int err = backend_open(out, backends[i], host, candidate->detail);

	if (err != 0) {
		snprintf(report->reason, sizeof(report->reason), "%s: %s", candidate->name,
			 candidate->detail);
		return err;
	}
	candidate->fit = true;
	report->name = candidate->name;
	snprintf(report->reason, sizeof(report->reason), "as requested, %s", candidate->detail);
	return 0;
}

/* Benchmark the backends of [from, to) that open against open[0]; the fastest stays open at [0].
 * best  the backend at open[0], before and after */
static int backends_benchmark(struct xt_aead **open, size_t from, size_t to,
			      const struct xt_aead_host *host, struct xt_aead_report *report,
			      size_t *best)
{
	struct xt_aead_candidate *candidates = report->candidates;
	bool any = false;
	int err = 0;

	for (size_t i = from; i < to; i++) {
		candidates[i].fit =
		    backend_open(&open[i], backends[i], host, candidates[i].detail) == 0;
		any = any || candidates[i].fit;
	}
	if (any)
		err = xt_aead_benchmark(open, host, candidates);
	for (size_t i = from; i < to; i++) {
		if (open[i] != NULL && err == 0 &&
		    xt_aead_faster(&candidates[i], &candidates[*best])) {
			xt_aead_free(open[0]);
			open[0] = open[i];
			*best = i;
		} else {
			xt_aead_free(open[i]);
		}
		open[i] = NULL;
	}
	return err;
}

/* libcrypto is large and stays in memory once loaded: it is tried last, and only when no smaller
 * backend beat libsodium. */
static int fastest_choose(struct xt_aead **out, const struct xt_aead_host *host,
			  struct xt_aead_report *report)
{
	const bool more = host->now != NULL && host->load != NULL;
	struct xt_aead *open[XT_AEAD_BACKENDS] = {0};
	size_t best = 0;
	int err = backend_open(&open[0], backends[0], host, report->candidates[0].detail);

	report->candidates[0].fit = err == 0;
	if (err == 0 && more)
		err = backends_benchmark(open, 1, LARGE, host, report, &best);
	if (err == 0 && more && best == 0)
		err = backends_benchmark(open, LARGE, XT_LEN(backends), host, report, &best);
	if (err != 0) {
		xt_aead_free(open[0]);
		return err;
	}
	*out = open[0];
	report->name = report->candidates[best].name;
	xt_aead_explain(report, best);
	return 0;
}

int xt_aead_choose(struct xt_aead **out, const char *name, const struct xt_aead_host *host,
		   struct xt_aead_report *report)
{
	struct xt_aead_report unused;
	int err = xt_crypto_init();

	if (report == NULL)
		report = &unused;
	if (host == NULL)
		host = &no_host;
	memset(report, 0, sizeof(*report));
	for (size_t i = 0; i < XT_LEN(backends); i++)
		report->candidates[i].name = backends[i]->name;
	if (err != 0)
		return err;
	if (name == NULL || strcmp(name, "auto") == 0)
		return fastest_choose(out, host, report);
	for (size_t i = 0; i < XT_LEN(backends); i++) {
		if (strcmp(backends[i]->name, name) == 0)
			return backend_choose(out, i, host, report);
	}
	snprintf(report->reason, sizeof(report->reason),
		 "there is no such backend: auto, sodium, ipsec-mb, boringssl, openssl");
	return XT_E_INVALID;
}

int xt_aead_new(struct xt_aead **out, const char *name)
{
	int err = xt_aead_choose(out, name != NULL ? name : "sodium", NULL, NULL);

	return err == XT_E_INVALID ? XT_E_UNSUPPORTED : err;
}

int xt_aead_clone(struct xt_aead **out, const struct xt_aead *aead)
{
	char detail[XT_AEAD_DETAIL];

	return backend_open(out, aead->ops, &aead->host, detail);
}

void xt_aead_free(struct xt_aead *aead)
{
	if (aead == NULL)
		return;
	aead->ops->free(aead->self);
	free(aead);
}

const char *xt_aead_name(const struct xt_aead *aead)
{
	return aead->ops->name;
}

void xt_aead_seal(struct xt_aead *aead, struct xt_job *jobs, size_t n)
{
	aead->ops->seal(aead->self, jobs, n);
	xt_registers_wipe();
}

void xt_aead_open(struct xt_aead *aead, struct xt_job *jobs, size_t n)
{
	aead->ops->open(aead->self, jobs, n);
	xt_registers_wipe();
}
