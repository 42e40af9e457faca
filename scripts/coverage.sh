#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh: measure which lines of src/ the tests reach; a summary, and details in
# build/coverage/coverage.html.
set -eu
cd "$(dirname "$0")/.."
cmake --preset coverage >/dev/null
cmake --build build/coverage
find build/coverage -name '*.gcda' -delete
ctest --test-dir build/coverage -LE 'long' -j2 --output-on-failure || echo "coverage: tests failed" >&2
gcovr --root . --filter src/ --exclude-throw-branches --print-summary \
	--html-details build/coverage/coverage.html build/coverage
