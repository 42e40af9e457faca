#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each member of the structures that a message carries whole is named in the file that encodes and
decodes it: a member that is new and forgotten there would be lost between the processes. So would
be a kind of request without a description."""
import re
import sys

from common import read

# structure, its header, the file with its description, members that do not pass
CARRIED = [
    ("xt_conf", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_conf_peer", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_conf_endpoint", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_conf_place", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_conf_hook", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_conf_hooks", "src/config/conf.h", "src/host/conf_wire.c", set()),
    ("xt_link_address", "src/platform/link.h", "src/host/conf_wire.c", set()),
]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def members(header, name):
    found = re.search(r"struct %s \{(.*?)\n\};" % name, without_comments(header), re.S)
    if not found:
        sys.exit(f"struct {name} is not where this test reads it")
    for declaration in found.group(1).split(";"):
        words = re.sub(r"\[[^\]]*\]|\*|\b(const|unsigned|struct|enum)\b", " ", declaration).split(",")
        for word in words:
            if word.split():
                yield word.split()[-1]


def main():
    missing = []
    for name, header, source, skipped in CARRIED:
        code = without_comments(read(source))
        for member in members(read(header), name):
            if member not in skipped and not re.search(r"(->|\.)%s\b" % member, code):
                missing.append(f"{source}: struct {name}: {member} is not encoded")
    kinds = re.findall(r"^\t(XT_REQUEST_\w+),", without_comments(read("src/host/request.h")), re.M)
    for source in ("src/host/request_wire.c", "src/host/reply_wire.c"):
        missing += [f"{source}: {kind} has no row" for kind in kinds
                    if f"[{kind}]" not in read(source)]
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
