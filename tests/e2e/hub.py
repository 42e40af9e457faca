#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many peers through the configuration protocol.  Standard library only.

  hub.py set SOCKET PID N     one request with N peers; prints: WALL_S CPU_S of process PID
  hub.py add SOCKET PID N     the same without a private key or replace_peers
  hub.py replace SOCKET PID N KEY   replace_peers with N peers and KEY (base64), 10.7.0.2
  hub.py one SOCKET PID KEY   replace_peers with KEY alone
  hub.py refused SOCKET PID N       N new peers, the last one with a network that is refused
  hub.py count SOCKET PID N   one get, which must name N peers
  hub.py get SOCKET PID N     one get, which must name N peers, in order; prints the same
  hub.py cpu PID CMD…         runs CMD; prints: WALL_S CPU_S of both together
  hub.py resident PID         bytes of resident memory that are the process's own
  hub.py switches PID         context switches of all threads
"""
import base64
import hashlib
import os
import resource
import socket
import subprocess
import sys
import time


def key(i):
    return hashlib.sha256(b"hub %d" % i).hexdigest()


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(path, text):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(text.encode())
        got = bytearray()
        while not got.endswith(b"\n\n"):
            part = s.recv(1 << 20)
            if not part:
                sys.exit("no answer")
            got += part
    if not got.endswith(b"errno=0\n\n"):
        sys.exit(f"answer: {bytes(got[-40:])}")
    return got.decode()


def timed(path, pid, text):
    wall, work = time.monotonic(), cpu(pid)
    answer = ask(path, text)
    print(f"{time.monotonic() - wall:.2f} {cpu(pid) - work:.2f}")
    return answer


def do_set(path, pid, n):
    lines = ["set=1", "private_key=" + key(-1), "replace_peers=true"]
    for i in range(int(n)):
        inner = f"{i >> 16}.{i >> 8 & 255}.{i & 255}"
        lines += [
            "public_key=" + key(i),
            f"endpoint=198.18.{i >> 8 & 255}.{i & 255}:{1024 + (i >> 16)}",
            "replace_allowed_ips=true",
            f"allowed_ip=10.{inner}/32",
        ]
    timed(path, pid, "\n".join(lines) + "\n\n")


def peers(n, salt=0, net=11):
    lines = []
    for i in range(int(n)):
        inner = f"{i >> 16}.{i >> 8 & 255}.{i & 255}"
        lines += [
            "public_key=" + key(i + salt),
            "replace_allowed_ips=true",
            f"allowed_ip={net}.{inner}/32",
        ]
    return lines


def do_add(path, pid, n):
    timed(path, pid, "\n".join(["set=1"] + peers(n)) + "\n\n")


def living(public):
    return [
        "replace_peers=true",
        "public_key=" + base64.b64decode(public).hex(),
        "endpoint=198.18.0.2:51802",
        "allowed_ip=10.7.0.2/32",
    ]


def do_replace(path, pid, n, public):
    timed(path, pid, "\n".join(["set=1"] + living(public) + peers(n)) + "\n\n")


def do_one(path, pid, public):
    timed(path, pid, "\n".join(["set=1"] + living(public)) + "\n\n")


def do_refused(path, pid, n):
    text = "\n".join(["set=1"] + peers(n, 1000000, 12)) + "\nallowed_ip=1.2.3.4/33\n\n"
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(text.encode())
        if s.recv(100) != b"errno=-22\n\n":
            sys.exit("not refused")


def do_count(path, pid, n):
    answer = timed(path, pid, "get=1\n\n")
    got = answer.count("public_key=")
    if got != int(n):
        sys.exit(f"{got} peers, not {n}")


def do_get(path, pid, n):
    answer = timed(path, pid, "get=1\n\n")
    got = [line[11:] for line in answer.splitlines() if line.startswith("public_key=")]
    if got != [key(i) for i in range(int(n))]:
        sys.exit(f"{len(got)} peers, not the {n} that were set, in their order")


def do_cpu(pid, *command):
    wall, work = time.monotonic(), cpu(pid)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = cpu(pid) - work + usage.ru_utime + usage.ru_stime
    print(f"{time.monotonic() - wall:.2f} {work:.2f}")


def do_resident(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        kib = [int(line.split()[1]) for line in f if line.startswith("Private_Dirty:")]
    print(1024 * kib[0])


def do_switches(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            total += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    print(total)


if __name__ == "__main__":
    globals()["do_" + sys.argv[1]](*sys.argv[2:])
