# SPDX-License-Identifier: MIT
# documents: run the commands of a document by scripts/document.py.
# shellcheck shell=bash

# Hosts of their own have a writable /etc, which takes root.
awk '$3 > 65536 { found = 1 } END { exit !found }' /proc/self/uid_map || skip "not root"

# document_run FILE.md...: each command block is run, and its output has the form that is shown
document_run() {
	local file
	for file; do
		"$PYTHON" "$SOURCE/scripts/document.py" "$SOURCE/$file" >document.log 2>&1 ||
			fail "$file: $(cat document.log)"
		ok "$(tail -n 1 document.log)"
	done
}
