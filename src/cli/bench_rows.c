/* SPDX-License-Identifier: MIT */
#include "cli/bench.h"

const char *const xt_bench_part_names[3] = {"aead", "memory", "hosts"};

struct xt_bench_row *xt_bench_row_add(struct xt_bench *bench, enum xt_bench_part part,
				      const char *name, unsigned bytes)
{
	struct xt_bench_row *row =
	    &bench->rows[bench->n < XT_BENCH_ROWS - 1 ? bench->n++ : bench->n];

	*row = (struct xt_bench_row){.part = part, .name = name, .bytes = bytes};
	return row;
}

void xt_bench_row_finish(struct xt_bench_row *row)
{
	double slower = row->tx_ns > row->rx_ns ? row->tx_ns : row->rx_ns;

	row->gbit = slower > 0 ? row->bytes * 8 / slower : 0;
}

void xt_bench_advance(struct xt_bench *bench, uint64_t ns, const char *detail)
{
	bench->done += ns;
	xt_progress_update(&bench->progress, bench->done, detail);
}
