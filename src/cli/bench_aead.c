/* SPDX-License-Identifier: MIT */
/* bench: the AEAD backends of this machine, sealing and opening. */
#include <stdlib.h>
#include <stdio.h>

#include <xtunnel/aead.h>

#include "base/bytes.h"
#include "cli/bench.h"
#include "platform/clock.h"
#include "tunnel/cipher.h"

#define BATCH	64
#define LARGEST 1420
#define SLOT	(LARGEST + XT_TAG_LEN + 4)
#define ROUNDS	10

static const unsigned sizes[] = {1420, 96};

struct buffers {
	uint8_t *plain, *sealed, *opened;
};

static double round_measure(struct xt_aead *aead, const struct buffers *buffers, bool seal,
			    uint32_t len, uint64_t span)
{
	static const uint8_t key[32] = {1, 2, 3};
	uint64_t start, now, n = 0;
	struct xt_job jobs[BATCH];

	for (size_t i = 0; i < BATCH; i++)
		jobs[i] =
		    (struct xt_job){.key = key,
				    .src = (seal ? buffers->plain : buffers->sealed) + i * SLOT,
				    .dst = (seal ? buffers->sealed : buffers->opened) + i * SLOT,
				    .counter = i,
				    .len = len};
	start = xt_clock_now().mono;
	do {
		if (seal)
			xt_aead_seal(aead, jobs, BATCH);
		else
			xt_aead_open(aead, jobs, BATCH);
		n += BATCH;
		now = xt_clock_now().mono;
	} while (now - start < span);
	return (double)(now - start) / (double)n;
}

/* The best round: what this machine can do while nothing else needs it. */
static void size_measure(struct xt_bench *bench, struct xt_aead *aead,
			 const struct buffers *buffers, struct xt_bench_row *row)
{
	uint64_t span = bench->span_ns / (2 * ROUNDS);

	for (unsigned i = 0; i < ROUNDS; i++) {
		double tx = round_measure(aead, buffers, true, row->bytes, span);
		double rx = round_measure(aead, buffers, false, row->bytes, span);

		if (i == 0 || tx < row->tx_ns)
			row->tx_ns = tx;
		if (i == 0 || rx < row->rx_ns)
			row->rx_ns = rx;
		xt_bench_advance(bench, 2 * span, row->name);
	}
	xt_bench_row_finish(row);
}

static void backend_measure(struct xt_bench *bench, const char *name, const struct buffers *buffers)
{
	struct xt_aead_report report;
	struct xt_aead *aead = NULL;
	int rc = xt_aead_choose(&aead, name, &xt_cipher_host, &report);

	for (size_t i = 0; i < XT_LEN(sizes) && rc == 0; i++)
		size_measure(bench, aead, buffers,
			     xt_bench_row_add(bench, XT_BENCH_AEAD, xt_aead_name(aead), sizes[i]));
	if (rc < 0) {
		struct xt_bench_row *row = xt_bench_row_add(bench, XT_BENCH_AEAD, name, sizes[0]);

		snprintf(row->reason, sizeof(row->reason), "%.95s", report.reason);
		xt_bench_advance(bench, XT_LEN(sizes) * bench->span_ns, name);
	}
	xt_aead_free(aead);
}

void xt_bench_aead(struct xt_bench *bench)
{
	struct buffers buffers = {calloc(BATCH, SLOT), calloc(BATCH, SLOT), calloc(BATCH, SLOT)};
	const char *name;

	for (size_t i = 0; buffers.plain && buffers.sealed && buffers.opened &&
			   (name = xt_aead_backend(i)) != NULL;
	     i++)
		backend_measure(bench, name, &buffers);
	free(buffers.plain);
	free(buffers.sealed);
	free(buffers.opened);
}
