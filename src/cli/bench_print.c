/* SPDX-License-Identifier: MIT */
/* bench: its rows as a table and as JSON. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/bench.h"

static const char *const titles[] = {
    "AEAD backends, one thread",
    "Two devices in memory, all but the sockets, one thread",
    "Two hosts end to end, on this machine",
};

/* The processor as its vendor names it, or "". */
static void processor_read(char *out, size_t len)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	*out = '\0';
	while (file && !*out && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "model name", 10) == 0 && colon)
			snprintf(out, len, "%s", colon + 1 + strspn(colon + 1, " "));
	}
	if (file)
		fclose(file);
}

static void row_print(const struct xt_bench_row *row)
{
	char size[24] = "";

	if (row->bytes)
		snprintf(size, sizeof(size), "%u bytes", row->bytes);
	if (row->reason[0])
		printf("  %-14s %10s  %s\n", row->name, size, row->reason);
	else if (row->bytes)
		printf("  %-14s %10s %9.0f ns %9.0f ns %8.2f Gbit/s\n", row->name, size, row->tx_ns,
		       row->rx_ns, row->gbit);
	else
		printf("  %-14s %43.2f Gbit/s\n", row->name, row->gbit);
}

static void part_print(enum xt_bench_part part)
{
	printf("\n%s\n", titles[part]);
	if (part != XT_BENCH_HOSTS)
		printf("  %-14s %10s %12s %12s %15s\n", "backend", "packet",
		       part == XT_BENCH_AEAD ? "seal" : "send",
		       part == XT_BENCH_AEAD ? "open" : "receive", "carries");
}

void xt_bench_print(const struct xt_bench *bench)
{
	char processor[128];

	processor_read(processor, sizeof(processor));
	printf("%s%s%ld processors\n", processor, *processor ? ", " : "",
	       sysconf(_SC_NPROCESSORS_ONLN));
	for (size_t i = 0; i < bench->n; i++) {
		if (i == 0 || bench->rows[i].part != bench->rows[i - 1].part)
			part_print(bench->rows[i].part);
		row_print(&bench->rows[i]);
	}
}

static json_t *row_json(const struct xt_bench_row *row)
{
	json_t *out =
	    json_pack("{s:s, s:s}", "part", xt_bench_part_names[row->part], "name", row->name);

	if (row->bytes)
		json_object_set_new(out, "bytes", json_integer(row->bytes));
	if (row->reason[0]) {
		json_object_set_new(out, "reason", json_string(row->reason));
		return out;
	}
	if (row->bytes) {
		json_object_set_new(out, "tx_ns", json_real(row->tx_ns));
		json_object_set_new(out, "rx_ns", json_real(row->rx_ns));
	}
	json_object_set_new(out, "gbit_per_s", json_real(row->gbit));
	return out;
}

void xt_bench_print_json(const struct xt_bench *bench)
{
	json_t *rows = json_array(), *out;
	char processor[128];

	processor_read(processor, sizeof(processor));
	for (size_t i = 0; i < bench->n; i++)
		json_array_append_new(rows, row_json(&bench->rows[i]));
	out = json_pack("{s:i, s:s, s:i, s:o}", "schema", 1, "processor", processor, "processors",
			(int)sysconf(_SC_NPROCESSORS_ONLN), "rows", rows);
	if (out)
		json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(out);
}
