#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the table of requests (tests/vectors/uapi/table.txt) against the socket of a program.

    uapi_table.py SOCKET TABLE PUBKEY [--differences]

SOCKET   of a device without traffic and without other clients
PUBKEY   a command that turns a private key (base64 on its input) into the public one
With --differences what differs is printed, with the table's word on it, and is no failure.
"""

import base64
import re
import shlex
import socket
import subprocess
import sys

IGNORED = {"listen_port", "protocol_version", "last_handshake_time_sec", "last_handshake_time_nsec",
           "tx_bytes", "rx_bytes"}
ZERO = "0" * 64


class Client:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(20 if "--differences" not in sys.argv else 3)
        self.s.connect(path)
        self.data = b""

    def send(self, data):
        try:
            self.s.sendall(data)
        except OSError:
            pass  # closed: noticed when the answer is read

    def answer(self):
        """One reply with its empty line; "" when the other side has closed."""
        while b"\n\n" not in self.data:
            try:
                more = self.s.recv(1 << 16)
            except ConnectionResetError:
                more = b""
            except socket.timeout:
                return "no answer"
            if not more:
                return ""
            self.data += more
        reply, self.data = self.data.split(b"\n\n", 1)
        return reply.decode() + "\n\n"

    def silent(self):
        """Nothing follows before the end of the stream."""
        try:
            self.s.shutdown(socket.SHUT_WR)
            return not self.data and not self.s.recv(1)
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False
        except OSError:
            return True


class Table:
    def __init__(self, path, pubkey):
        self.path, self.pubkey = path, pubkey
        k, k2 = "10" + "11" * 30 + "51", "20" + "22" * 30 + "62"
        self.words = {
            "$K0": k + "0", "$KUP": k.upper(), "$KP": self.public(k), "$K2P": self.public(k2),
            "$K2": k2, "$K": k, "$A0": "aa" * 32 + "0", "$S0": "5e" * 32 + "0",
            "$A": "aa" * 32, "$B": "bb" * 32, "$C": "cc" * 32, "$S": "5e" * 32, "$0": ZERO,
            "$LONG": "9" * 5000,
        }
        self.pattern = re.compile("|".join(re.escape(w) for w in
                                           sorted(self.words, key=len, reverse=True)))

    def public(self, key):
        text = base64.b64encode(bytes.fromhex(key)) + b"\n"
        out = subprocess.run(self.pubkey, input=text, stdout=subprocess.PIPE, check=True).stdout
        return base64.b64decode(out).hex()

    def fill(self, text, value=None):
        if value is not None:
            text = text.replace("$V", value)
        return self.pattern.sub(lambda m: self.words[m.group()], text)

    def cases(self):
        case = None
        with open(self.path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                if not line or line.startswith("#"):
                    continue
                word, _, rest = line.partition(" ")
                if word == "case":
                    if case:
                        yield case
                    case = {"name": rest, "line": number, "each": [None], "raw": []}
                elif word == "each":
                    case["each"] = [v.strip(" ") for v in rest.split("|")]
                elif word == "raw":
                    case["raw"].append(rest)
                else:
                    case[word] = rest
        yield case


def lines(text):
    """A request of "key=value" words, as bytes."""
    text = "".join(word + "\n" for word in text.split(" ") if word)
    return b"set=1\n" + re.sub(rb"\\(x20|t|r|0)", lambda m: {
        b"x20": b" ", b"t": b"\t", b"r": b"\r", b"0": b"\0"}[m.group(1)], text.encode()) + b"\n"


def literal(text):
    return text[1:-1].encode().decode("unicode_escape").encode("latin-1")


def state_of(reply):
    """A reply to get as (port, normalized state line of the table)."""
    port, device, peers = "0", [], []
    for line in reply.splitlines():
        key, _, value = line.partition("=")
        if key == "listen_port":
            port = value
        elif key in IGNORED or key in ("errno", "") or value in (ZERO, "0") and key != "public_key":
            continue
        elif key == "public_key":
            peers.append((line, []))
        elif peers:
            peers[-1][1].append(line)
        else:
            device.append(line)
    return port, normal(device, peers)


def normal(device, peers):
    return tuple(sorted(device)), tuple((key, tuple(sorted(rest))) for key, rest in peers)


def state_wanted(text):
    return state_of("\n".join(text.split(" ")))[1]


class Run:
    def __init__(self, path, table):
        self.path, self.table = path, table

    def get(self):
        client = Client(self.path)
        client.send(b"get=1\n\n")
        reply = client.answer()
        if not reply.endswith("errno=0\n\n"):
            raise SystemExit(f"get is answered with {reply!r}")
        return state_of(reply)

    def must(self, data):
        client = Client(self.path)
        client.send(data)
        reply = client.answer()
        if reply != "errno=0\n\n":
            raise SystemExit(f"preparation is answered with {reply!r}: {data!r}")

    def reset(self, case):
        fill = self.table.fill
        self.must(lines(fill("private_key=$K fwmark=0 replace_peers=true")))
        if "set" in case:
            device = [w for w in case["set"].split(" ")]
            own = [w for w in device if w.split("=")[0] in ("listen_port", "fwmark", "private_key")]
            rest = [w for w in device if w not in own]
            self.must(lines(fill(" ".join(own + rest))))

    def answers(self, case, value):
        """Actual and expected answers, as two lists of texts."""
        fill = self.table.fill
        client = Client(self.path)
        if "req" in case:
            client.send(lines(fill(case["req"], value)))
            return [client.answer()], [f"errno={case['ans']}\n\n"]
        wanted = [literal(w).decode() if w[0] == '"' else w
                  for w in re.findall(r'"[^"]*"|\S+', case["ans"])]
        for raw in case["raw"]:
            client.send(literal(fill(raw, value)))
        if case["raw"][-1].endswith('fwmark=5\\n"'):
            client.s.shutdown(socket.SHUT_WR)
        got = []
        for want in wanted:
            reply = client.answer()
            if want == "get" and reply.endswith("errno=0\n\n") and reply.count("\n") > 2:
                reply = "get"
            got.append("close" if want == "close" and reply == "" else reply)
        if "no answer" not in got and not client.silent():
            got.append("more")
        return got, wanted

    def one(self, case, value):
        """None, or the difference as a sentence."""
        self.reset(case)
        port, state = self.get()
        got, wanted = self.answers(case, value)
        if got != wanted:
            return f"answer {got}, wanted {wanted}"
        if "state" in case:
            state = state_wanted(self.table.fill(case["state"], value))
        now_port, now = self.get()
        if now != state:
            return f"state {now}, wanted {state}"
        want_port = self.table.fill(case.get("port", now_port), value)
        return None if now_port == want_port else f"port {now_port}, wanted {want_port}"


def main():
    path, table, pubkey = sys.argv[1], sys.argv[2], shlex.split(sys.argv[3])
    differences = "--differences" in sys.argv
    table = Table(table, pubkey)
    run, n, bad = Run(path, table), 0, 0
    for case in table.cases():
        wrong = {}
        for value in case["each"]:
            n += 1
            what = run.one(case, value)
            if what:
                wrong[value] = what
        bad += len(wrong)
        for value, what in list(wrong.items())[:1 if differences else None]:
            word = "" if value is None else f" [{value[:40]}]"
            print(f"line {case['line']}: {case['name']}{word}: {re.sub('[0-9a-f]{62}', '..', what)}")
        if differences and wrong:
            print(f"    {len(wrong)} of {len(case['each'])}; {case.get('others', 'NOT EXPLAINED')}")
    print(f"{n} requests, {bad} differ")
    sys.exit(1 if bad and not differences else 0)


if __name__ == "__main__":
    main()
