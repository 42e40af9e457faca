#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every family of src/ipc/metrics.def stands in docs/metrics.md, in the order of the table and with
# its type, labels and words; the dashboard asks for no others.
import json
import re

from common import end, read, want

LABELS = {"OURS": "interface, public_key, name",
          "MINDFLAVOR": "interface, public_key, allowed_ips, friendly_name",
          "MDLAYHER": "device, public_key"}
SPECIAL = {"xtunnel_build_info": "version",
           "wireguard_device_info": "device, public_key",
           "xtunnel_instance_info": "interface, version, aead, offload, sandbox, echo",
           "wireguard_peer_info": "device, public_key, endpoint, name, allowed_ips",
           "wireguard_peer_allowed_ips_info": "device, public_key, allowed_ips",
           "xtunnel_peer_why": "interface, public_key, name, code",
           "xtunnel_drops_total": "interface, verdict",
           "xtunnel_packets_total": "interface, verdict",
           "xtunnel_peer_drops_total": "interface, public_key, name, verdict"}

text = re.sub(r"/\*.*?\*/", "", read("src/ipc/metrics.def"), flags=re.S)
families = {}
for row in re.findall(r"^([A-Z_]+)\((\"(?:[^\"]|\"\s*,)*?.*?\")\)$", text, re.M | re.S):
    kind, arguments = row
    name = re.match(r'"(\w+)"', arguments).group(1)
    sentence = re.findall(r'"([^"]*)"', arguments)[-1]
    type_ = "counter" if name.endswith("_total") else "gauge"
    want(("COUNTER" in arguments) == name.endswith("_total") or kind in ("VERDICTS", "PEER_DROPS"),
         f"{name}: the suffix is not that of its type")
    labels = SPECIAL.get(name, "interface")
    if kind == "PEER":
        labels = LABELS[re.search(r"\b(OURS|MINDFLAVOR|MDLAYHER)\b", arguments).group(1)]
    more = re.search(r'1, "(queue|side)", "', arguments)
    families[name] = (name, type_, f"interface, {more.group(1)}" if more else labels, sentence)
want(len(families) > 30, "metrics.def was not read")
wanted = list(families.values())
documented = re.findall(r"^\| `(\w+)` \| (counter|gauge) \| ([\w, ]+) \| (.*) \|$",
                        read("docs/metrics.md"), re.M)
for line in wanted:
    want(line in documented, f"not so in docs/metrics.md: | `{line[0]}` | {' | '.join(line[1:])} |")
for line in documented:
    want(line in wanted, f"docs/metrics.md has {line[0]}, metrics.def does not have it so")
want(documented == wanted or set(documented) ^ set(wanted), "docs/metrics.md has another order")
asked = set(re.findall(r"\b(?:wireguard|xtunnel)_\w+", "".join(
    target["expr"] for panel in json.loads(read("conf/grafana.json"))["panels"]
    for target in panel["targets"])))
want(asked, "the dashboard asks for nothing")
for name in sorted(asked - set(families)):
    want(False, f"conf/grafana.json asks for {name}, which is not in metrics.def")
end(f"{len(families)} families")
