#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every verdict of include/xtunnel/verdict.def is explained in xtunnel(8), in its own words.
import re

from common import end, plain, read, want

rows = re.findall(r'^X\((\w+), "(\w+)", "([^"]+)"\)', read("include/xtunnel/verdict.def"), re.M)
want(len(rows) > 10, "no verdicts")
page = read("docs/man/xtunnel.8.scd").split("\n# COUNTERS", 1)[-1].split("\n# ")[0]
documented = dict(re.findall(r"^(\w+)\n\t(.*)$", plain(page), re.M))
for _, label, sentence in rows:
    want(documented.get(label) == sentence, f"{label}: {sentence}: not so in xtunnel(8)")
for label in set(documented) - {row[1] for row in rows}:
    want(False, f"xtunnel(8) explains {label}, which there is not")
end(f"{len(rows)} verdicts")
