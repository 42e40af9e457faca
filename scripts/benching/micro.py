# SPDX-License-Identifier: MIT
"""The benchmarks in memory (tests/bench), as tables."""
import json
import os
import pathlib
import re
import subprocess
import sys

from benching import tables


def run(program, *words):
    done = subprocess.run([str(program), *words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        sys.exit(f"bench: {program} ended with code {done.returncode}")
    return json.loads(done.stdout)


def path_rows(path):
    """One row for each kind: send + receive, by backend and threads."""
    ways = list(dict.fromkeys((r["backend"], r["threads"]) for r in path["rows"]))
    head = ["ns a packet, outward + inward"] + [f"{b}{f', {t} threads' if t > 1 else ''}"
                                                for b, t in ways]
    body = []
    for kind in dict.fromkeys(r["kind"] for r in path["rows"]):
        cells = {(r["backend"], r["threads"]): f"{r['send_median_ns']:.0f} + {r['recv_median_ns']:.0f}"
                 for r in path["rows"] if r["kind"] == kind}
        body.append([kind] + [cells.get(way, "–") for way in ways])
    return head, body


def gain_rows(path):
    """The time with one thread divided by that with two."""
    sums = {(r["kind"], r["backend"], r["threads"]): r["send_median_ns"] + r["recv_median_ns"]
            for r in path["rows"]}
    for kind, backend, threads in sums:
        if threads > 1 and kind.startswith("tcp-"):
            gain = sums[kind, backend, 1] / sums[kind, backend, threads]
            yield [kind, backend, str(threads), f"{gain:.2f}"]


def aead_rows(aead):
    sizes = [s["bytes"] for s in aead["backends"][0]["sizes"]]
    head = ["AEAD, ns a packet of"] + [f"{n:,}" for n in sizes]
    body = []
    for one in aead["backends"]:
        if one["sizes"]:
            body.append([one["backend"]] + [f"{s['seal_median_ns']:.0f}" for s in one["sizes"]])
    return head, body


def trie_rows(trie):
    counts = list(dict.fromkeys(r["networks"] for r in trie["rows"]))
    head = ["AllowedIPs, ns a lookup among"] + [f"{n:,}" for n in counts]
    return head, [[f"IPv{family}"] + [f"{r['lookup_median_ns']:.0f}" for r in trie["rows"]
                                      if r["family"] == family] for family in (4, 6)]


def handshake_rows(handshake):
    names = [key[:-len("_median_us")] for key in handshake if key.endswith("_median_us")]
    return (["handshake, µs a step"] + [name.replace("_", " ") for name in names],
            [["median"] + [f"{handshake[name + '_median_us']:.0f}" for name in names]])


def counted(build):
    """The counts of scripts/callgrind, as rows; none without valgrind."""
    script = pathlib.Path(__file__).resolve().parent.parent / "callgrind"
    done = subprocess.run([str(script), str(build / "bench_path")], text=True,
                          stdout=subprocess.PIPE, timeout=900)
    found = re.findall(r"callgrind: ([\w-]+): none: send (\d+), receive (\d+); "
                       r"sodium: send (\d+), receive (\d+)", done.stdout)
    return [[kind] + [f"{int(n):,}" for n in numbers] for kind, *numbers in found]


def main(o, machine):
    build = o.build.resolve()
    result = {}
    for name in ("aead", "path", "trie", "handshake"):
        program = build / f"bench_{name}"
        if not os.access(program, os.X_OK):
            sys.exit(f"bench: no {program}; cmake --build --preset release builds it")
        print(f"# {program.name}", file=sys.stderr, flush=True)
        result[name] = run(program)
    text = [f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; load average "
            f"before: {machine['load']}. Medians.", ""]
    for head, body in (path_rows(result["path"]),
                       (["kind", "backend", "threads", "times as fast as one"],
                        list(gain_rows(result["path"]))),
                       aead_rows(result["aead"]), trie_rows(result["trie"]),
                       handshake_rows(result["handshake"]),
                       (["instructions a packet", "send, no cipher", "receive, no cipher",
                         "send, libsodium", "receive, libsodium"], counted(build))):
        if body:
            text += [tables.grid(head, body), ""]
    text = "\n".join(text)
    print(text)
    if o.json:
        o.json.write_text(json.dumps(result, indent=1) + "\n")
    if o.markdown:
        tables.put(o.markdown, "micro", text)
    return 0
