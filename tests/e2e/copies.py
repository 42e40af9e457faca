#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""copies.py PID [LABEL=HEX...]: count copies of secrets in the memory of a process and of all its
descendants, as /proc/PID/mem shows it. One line for each process and label: PID LABEL COUNT; the
process PID comes first. What a core dump would have is less: locked memory is left out of it."""
import pathlib
import re
import sys


def processes(root):
    """root and its descendants, in the order of their numbers."""
    children = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop(0)
        found.append(pid)
        queue += sorted(children.get(pid, []))
    return found


def count(pid, secrets):
    """Copies of each secret in the readable memory of pid."""
    total = [0] * len(secrets)
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, access, *rest = line.split()
            start, end = (int(text, 16) for text in span.split("-"))
            if access[0] != "r" or re.search(r"\[(vvar|vsyscall|vdso)", line):
                continue
            data, at = b"", start
            while at < end:
                try:
                    memory.seek(at)
                    more = memory.read(min(end - at, 1 << 24))
                except (OSError, ValueError):
                    break  # a guard page, or a mapping of a device
                if not more:
                    break
                at += len(more)
                data = data[-31:] + more
                for i, secret in enumerate(secrets):
                    total[i] += data.count(secret)
    return total


root = int(sys.argv[1])
labels = [argument.split("=", 1)[0] for argument in sys.argv[2:]]
wanted = [bytes.fromhex(argument.split("=", 1)[1]) for argument in sys.argv[2:]]
for process in processes(root):
    for label, copies in zip(labels, count(process, wanted)):
        print(process, label, copies)
