#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh PROGRAM CORPUS: fuzz for XT_FUZZ_SECONDS (default 60), starting from the corpus. New
# inputs stay in the build directory; XT_FUZZ_KEEP=1 merges them into the corpus.
set -eu
program=$1 corpus=$2
seconds=${XT_FUZZ_SECONDS:-60}
work=$program.corpus
mkdir -p "$work" "$corpus"
"$program" -max_total_time="$seconds" -max_len="${XT_FUZZ_LEN:-16384}" -timeout=10 \
	-rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	-artifact_prefix="$program.crash-" "$work" "$corpus"
if [ "${XT_FUZZ_KEEP:-0}" = 1 ]; then
	"$program" -merge=1 "$corpus" "$work"
fi
