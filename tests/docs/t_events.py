#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The table of codes in docs/events.md has the rows of src/ipc/events.def, word by word.
import re

from common import end, read, want

source = re.sub(r"/\*.*?\*/", "", read("src/ipc/events.def"), flags=re.S)
rows = [(word, level.lower(), again.lower(), sentence) for word, level, again, sentence in
        re.findall(r'X\(\w+, "([a-z-]+)", (\w+), (\w+),\s*"([^"]+)"\)', source)]
want(rows and len(rows) == len(re.findall(r"^X\(", source, re.M)), "a row was not read")
table = read("docs/events.md").split("| code |", 1)[-1].split("\n\n")[0]
documented = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (\w+) \| (.*) \|$", table, re.M)
for row in rows:
    want(row in documented, f"{row}: not so in docs/events.md")
for row in documented:
    want(row in rows, f"docs/events.md has {row}, events.def has not")
want(documented == rows, "the order differs")
end(f"{len(rows)} codes of events")
