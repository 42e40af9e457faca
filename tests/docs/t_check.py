#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every finding of `check` (src/config/lint.def) stands in docs/check.md, in the order of the table
# and in its words; the code reports it, and a test provokes it.
import re

from common import SOURCE, end, read, want

source = read("src/config/lint.def")
row = re.compile(r'^X\((\w+), "([^"]+)", (\w+),\s+"([^"]+)",\s+"([^"]+)"\)$', re.M)
rows = row.findall(source)
want(len(rows) == len(re.findall(r"^X\(", source, re.M)), "a row was not read")
want(len({word for _, word, *_ in rows}) == len(rows), "two findings have one code")
documented = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.*) \| (.*) \|$", read("docs/check.md"), re.M)
wanted = [(word, severity.lower(), meaning, remedy)
          for _, word, severity, meaning, remedy in rows]
for line in wanted:
    want(line in documented, f"not so in docs/check.md: | `{line[0]}` | {' | '.join(line[1:])} |")
for line in documented:
    want(line in wanted, f"docs/check.md explains {line[0]}, lint.def does not have it so")
want([line[0] for line in documented] == [line[0] for line in wanted] or set(documented) ^ set(wanted),
     "docs/check.md has another order than lint.def")
code = "".join(path.read_text() for path in (SOURCE / "src").rglob("*.c"))
tests = "".join(path.read_text() for path in (SOURCE / "tests/unit").glob("test_conf_*.c"))
tests += read("tests/e2e/t_check_findings.sh")
for name, word, *_ in rows:
    want(re.search(rf"\bXT_LINT_{name}\b|\b\w+_add\(\s*\w+,\s*{name},", code),
         f"nothing reports {name}")
    want(re.search(rf"(?<![\w-]){word}(?![\w-])", tests), f"no test provokes {word}")
end(f"{len(rows)} findings")
