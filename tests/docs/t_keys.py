#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The keys of src/config/keys.def, those of xtunnel.conf(5) and those of the example are the same,
# and the example is a file that `check` accepts.
import os
import re
import subprocess
import tempfile

from common import BIN, end, read, want

rows = re.findall(r"^X\(\w+, (INTERFACE|PEER), \"(\w+)\"", read("src/config/keys.def"), re.M)
want(rows, "no keys in keys.def")
keys = {(section.capitalize(), key) for section, key in rows}

page = read("docs/man/xtunnel.conf.5.scd")
sections = {"Interface": "", "Peer": ""}
for heading, body in re.findall(r"^# (\[?\w+\]?)[^\n]*\n(.*?)(?=^# |\Z)", page, re.M | re.S):
    name = heading.strip("[]").capitalize()
    if name in sections:
        sections[name] += body
documented = {(name, key) for name, body in sections.items()
              for key in re.findall(r"^\*(\w+)\* =", body, re.M)}

example = read("conf/xtunnel.conf.example")
shown, section = set(), None
for line in example.splitlines():
    line = line.lstrip("#: ").strip()
    if match := re.fullmatch(r"\[(\w+)\]", line):
        section = match.group(1)
    elif match := re.match(r"(\w+) = ", line):
        shown.add((section, match.group(1)))

for place, found in (("xtunnel.conf(5)", documented), ("conf/xtunnel.conf.example", shown)):
    for section, key in sorted(keys - found):
        want(False, f"[{section}] {key} is not in {place}")
    for section, key in sorted(found - keys):
        want(False, f"{place} has [{section}] {key}, the program has not")

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "example.conf")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(example)
    done = subprocess.run([BIN, "check", path], capture_output=True, text=True, timeout=20)
    want(done.returncode == 0, f"check of the example: {done.returncode}: {done.stderr}")
    want("warning" not in done.stderr, f"check of the example warns: {done.stderr}")
end(f"{len(keys)} keys")
