#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh PROGRAM CORPUS: fuzz for XT_FUZZ_SECONDS (default 60), starting from the corpus, and print
# a line with its coverage (scripts/fuzz_table.py). New inputs stay in the build directory;
# XT_FUZZ_KEEP=1 replaces the corpus by the least set of both that covers the same.
set -eu
program=$1 corpus=$2
seconds=${XT_FUZZ_SECONDS:-60}
work=$program.corpus log=$program.log
mkdir -p "$work" "$corpus"
if ! "$program" -max_total_time="$seconds" -max_len="${XT_FUZZ_LEN:-16384}" -timeout=10 \
	-rss_limit_mb=2048 -print_final_stats=1 -print_coverage=1 \
	-artifact_prefix="$program.crash-" "$work" "$corpus" >"$log" 2>&1; then
	grep -av COVERED_ "$log" | tail -n 60
	exit 1
fi
"$(dirname "$0")/fuzz_table.py" "$log"
if [ "${XT_FUZZ_KEEP:-0}" = 1 ]; then
	least=$program.least
	rm -rf "$least"
	mkdir "$least"
	"$program" -merge=1 -max_len="${XT_FUZZ_LEN:-16384}" "$least" "$corpus" "$work" >"$log.merge" 2>&1
	rm -rf "$corpus" "$work"
	mv "$least" "$corpus"
fi
