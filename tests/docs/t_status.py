#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every key of `show --json` (src/ipc/status.def) is explained in xtunnel(8) by its own sentence.
import re

from common import end, plain, read, want

PREFIX = {"TOP": "", "UDP": "udp.", "ECHO": "echo.", "SANDBOX": "sandbox.", "PEER": "peers[]."}
row = re.compile(r'^(?:GIVEN|REPORT)\((\w+), "(\w+)",.*?"([^"]+)"\)$', re.M | re.S)
source = re.sub(r"/\*.*?\*/", "", read("src/ipc/status.def"), flags=re.S)
rows = {PREFIX[where] + key: sentence for where, key, sentence in row.findall(source)}
want(len(rows) == len(re.findall(r"^(?:GIVEN|REPORT)\(", source, re.M)), "a row was not read")
page = read("docs/man/xtunnel.8.scd").split("\n# JSON\n", 1)[-1].split("\n# ")[0]
documented = dict(re.findall(r"^(\S+)\n\t(.*)$", plain(page), re.M))
for key, sentence in rows.items():
    want(documented.get(key) == sentence, f"{key}: {sentence}: not so in xtunnel(8)")
for key in documented.keys() - rows.keys():
    want(False, f"xtunnel(8) explains {key}, which status.def does not have")
end(f"{len(rows)} keys of JSON")
