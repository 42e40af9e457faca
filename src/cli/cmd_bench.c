/* SPDX-License-Identifier: MIT */
/* bench: what this machine can do at most. */
#include <errno.h>
#include <string.h>

#include <xtunnel/aead.h>

#include "cli/bench.h"
#include "cli/cmd.h"
#include "cli/term.h"
#include "crypto/init.h"

enum { JSON, SVG, TIME };
const struct xt_option xt_bench_options[] = {
    {'j', "json", NULL, "print one JSON object"},
    {'g', "svg", "FILE", "write a picture, too"},
    {'t', "time", "SECONDS", "of the measurement of each packet size (0.4)"},
    {0},
};
const char xt_text_bench[] =
    "\nThree parts: each AEAD backend alone; all that two devices do with packets in memory, with the\n"
    "backend that an instance would choose (or XT_AEAD); and a TCP stream between the two hosts of\n"
    "a `lab`, which needs root, or /dev/net/tun and user namespaces. Times are of a packet: best\n"
    "rounds of the backends, means of the devices. No figure counts on a machine that is busy.\n"
    "It takes about 6 s, and shows how far it is on a terminal. What cannot be measured says why.\n";

int xt_cmd_bench(const struct xt_args *args)
{
	/* Two sizes of each backend and of the devices; the stream as long as five. */
	const unsigned spans = 2 * XT_AEAD_BACKENDS + 2 + 5;
	struct xt_bench bench = {0};
	uint64_t ms;

	if (!xt_args_seconds(args, TIME, 10, 60000, 400, &ms))
		return XT_EXIT_USAGE;
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", "the cryptographic library does not work");
	bench.span_ns = ms * 1000000;
	xt_progress_begin(&bench.progress, "bench", "%", spans * bench.span_ns);
	xt_bench_aead(&bench);
	xt_bench_memory(&bench);
	xt_bench_hosts(&bench);
	xt_progress_end(&bench.progress);
	if (args->given[JSON])
		xt_bench_print_json(&bench);
	else
		xt_bench_print(&bench);
	if (args->given[SVG] && !xt_bench_write_svg(&bench, args->value[SVG]))
		return xt_fail(XT_EXIT_FAILURE, "bench --svg %.200s: %s", args->value[SVG],
			       strerror(errno));
	return XT_EXIT_OK;
}
