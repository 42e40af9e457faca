#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fuzz_table.py LOG...: what the runs of fuzz targets (scripts/fuzz.sh) covered, a line each:

    dns: 605321 runs in 60 s, cov 249, features 908, corpus 316 (39Kb); dns_query.c 5/9 functions ...

cov counts the edges of all that the target is linked with. Of the files that it is for, which stand
behind "parses:" at its head, functions and edges are shown with how many there are. A branch that
a sanitizer puts in for its own report is such an edge, and none of a run without a finding."""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def files_of(name):
    head = (SOURCE / "tests/fuzz" / f"{name}.c").read_text()[:2000]
    found = re.search(r"/\* parses:(.*?)\*/", head, re.S)
    return re.findall(r"[\w/]+\.c", found.group(1)) if found else []


def line_of(log):
    name = log.stem
    text = log.read_bytes().decode(errors="replace")
    done = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\w+)", text)
    seconds = re.search(r"Done \d+ runs in (\d+) second", text)
    if not done or not seconds:
        return f"{name[5:]}: no finished run in {log}"
    runs, cov, features, corpus, size = done[-1]
    parts = []
    functions = re.findall(r"^(UN)?COVERED_FUNC: hits: \d+ edges: (\d+)/(\d+) \S+ (\S+):\d+", text,
                           re.M)
    for path in files_of(name):
        mine = [f for f in functions if f[3].endswith(path)]
        parts.append(f"{path.rsplit('/', 1)[1]} {sum(not f[0] for f in mine)}/{len(mine)} functions"
                     f" {sum(int(f[1]) for f in mine)}/{sum(int(f[2]) for f in mine)} edges")
    return (f"{name[5:]}: {runs} runs in {seconds.group(1)} s, cov {cov}, features {features}, "
            f"corpus {corpus} ({size}); {', '.join(parts)}")


def main():
    for log in sys.argv[1:]:
        print(line_of(pathlib.Path(log)))


main()
