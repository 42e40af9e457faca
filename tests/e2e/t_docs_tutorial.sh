#!/bin/bash
# SPDX-License-Identifier: MIT
# The commands of docs/tutorial.md, from top to bottom: they print what the page shows.
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/documents.sh"
export XT_BIN
command -v nft >/dev/null || skip "no nft"
"$XT_BIN" --version | grep -qi qrencode || skip "built without QR codes"
document_run docs/tutorial.md
