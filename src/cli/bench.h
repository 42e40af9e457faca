/* SPDX-License-Identifier: MIT */
/* What bench measures: rows, filled in part by part. */
#ifndef XT_CLI_BENCH_H
#define XT_CLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/progress.h"

#define XT_BENCH_ROWS 16

enum xt_bench_part { XT_BENCH_AEAD, XT_BENCH_MEMORY, XT_BENCH_HOSTS };

/* name    of the backend
 * bytes   of a packet inside the tunnel; 0: a TCP stream
 * tx_ns, rx_ns  of a packet, one thread: AEAD: sealing and opening; memory: all that a device does
 * gbit    a second: what the slower of both carries, or what the stream had
 * reason  why it was not measured; "": it was */
struct xt_bench_row {
	enum xt_bench_part part;
	const char *name;
	unsigned bytes;
	double tx_ns, rx_ns, gbit;
	char reason[96];
};

/* span_ns  of a measurement of each packet size
 * done     nanoseconds of measurements so far, for progress */
struct xt_bench {
	uint64_t span_ns, done;
	struct xt_progress progress;
	struct xt_bench_row rows[XT_BENCH_ROWS];
	size_t n;
};

extern const char *const xt_bench_part_names[3]; /* as in JSON */

/* The next row; its reason is "" and its figures are 0. */
struct xt_bench_row *xt_bench_row_add(struct xt_bench *bench, enum xt_bench_part part,
				      const char *name, unsigned bytes);
/* Set gbit by the times. */
void xt_bench_row_finish(struct xt_bench_row *row);
/* So much more time was measured. */
void xt_bench_advance(struct xt_bench *bench, uint64_t ns, const char *detail);

/* Each adds its rows; one that could not be measured says why. */
void xt_bench_aead(struct xt_bench *bench);
void xt_bench_memory(struct xt_bench *bench);
void xt_bench_hosts(struct xt_bench *bench);

void xt_bench_print(const struct xt_bench *bench);
void xt_bench_print_json(const struct xt_bench *bench);
/* The SVG picture of the rows; false: not written, errno. */
bool xt_bench_write_svg(const struct xt_bench *bench, const char *path);

#endif
