#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every function of the public headers stands in libxtunnel(3) with its prototype, and no other
# does.
import re

from common import SOURCE, end, read, want


def prototypes(text, start):
    found = re.findall(start + r"([a-z][^;{}()]*?\bxt_\w+\([^;{}]*\));", text)
    return {re.sub(r"\s+", " ", item).strip() for item in found}


declared = set()
for header in sorted((SOURCE / "include/xtunnel").glob("*.h")):
    declared |= prototypes(header.read_text(), r"\bXT_API\s+")
page = read("docs/man/libxtunnel.3.scd")
documented = set()
for block in re.findall(r"^```\n(.*?)^```", page, re.M | re.S):
    documented |= prototypes(block, r"(?m)^")
want(len(declared) > 40, "no functions")
for item in sorted(declared - documented):
    want(False, f"libxtunnel(3) lacks: {item};")
for item in sorted(documented - declared):
    want(False, f"libxtunnel(3) has, and the headers have not: {item};")
for name in (re.search(r"xt_\w+(?=\()", item).group() for item in declared):
    want(len(re.findall(rf"\b{name}\b", page)) >= 1, f"{name} is not explained")
end(f"{len(declared)} functions")
