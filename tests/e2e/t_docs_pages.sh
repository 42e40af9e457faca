#!/bin/bash
# SPDX-License-Identifier: MIT
# The commands of README.md, docs/operations.md and docs/faq.md: they print what the pages show, in
# form. A document that shows something else is noticed.
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$SOURCE/tests/e2e/documents.sh"
export XT_BIN XT_DEMO_MB=5 TMPDIR=$T NO_COLOR=1
"$XT_BIN" exporter --listen 127.0.0.1:0 2>&1 | grep -q "not in this build" && skip "no libmicrohttpd"
command -v curl >/dev/null || skip "no curl"
document_run README.md docs/operations.md docs/faq.md

# differs SED TEXT: FAQ changed so is refused, with TEXT
differs() {
	sed "$1" "$SOURCE/docs/faq.md" >page.md
	cmp -s page.md "$SOURCE/docs/faq.md" && fail "$1 changes nothing"
	"$PYTHON" "$SOURCE/scripts/document.py" page.md >page.log 2>&1 && fail "not noticed: $1"
	has "$2" page.log || fail "$1: no '$2': $(cat page.log)"
}
differs 's/handshake less than 1 second ago, heard/handshake less than 1 second ago, seen/' "commands differ"
differs 's/^left: reloaded; sessions go on/&\nand one line more/' "commands differ"
differs 's/^left# xtunnel show left public-key/&s/' "exit status 2"
differs 's/^left# xtunnel why left/middle# xtunnel why left/' "no host middle"
ok "what a page shows wrongly is noticed"
