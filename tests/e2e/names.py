#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A name server of a test, and what a capture says of handshakes.  Standard library only.

  names.py serve RECORDS LOG [ADDR]  answers at ADDR (127.0.0.1), port 53; RECORDS is read again at each
                                 question: lines
                                 "NAME ADDR,ADDR... [DELAY_MS]"; other names do not exist. LOG gets a
                                 line for each question: "NAME TYPE NAMES_OPEN"
  names.py twins CAPTURE         the first two initiations: prints "FAMILY FAMILY MS", and fails unless
                                 they are the same byte for byte but mac2
  names.py silence CAPTURE ADDR  prints the milliseconds from the first initiation to ADDR until the
                                 first response from another address
"""
import collections
import ipaddress
import socket
import struct
import sys
import threading
import time


def question(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels).lower(), struct.unpack(">H", message[at + 1:at + 3])[0], at + 5


def records(path, name):
    for line in open(path):
        words = line.split()
        if words and words[0] == name:
            return words[1].split(","), int(words[2]) if len(words) > 2 else 0
    return None, 0


def answer(message, end, kind, addresses):
    body = b""
    count = 0
    for text in addresses or []:
        address = ipaddress.ip_address(text)
        if kind != {4: 1, 6: 28}[address.version]:
            continue
        body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(address.packed)) + address.packed
        count += 1
    flags = 0x8180 if addresses is not None else 0x8183
    return message[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + message[12:end] + body


def serve(path, log, local="127.0.0.1"):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((local, 53))
    lock = threading.Lock()
    out = open(log, "w", buffering=1)
    opened = collections.Counter()

    def handle(message, sender):
        name, kind, end = question(message)
        addresses, delay = records(path, name)
        with lock:
            opened[name] += 1
            out.write(f"{name} {kind} {len(opened)}\n")
        time.sleep(delay / 1000)
        with lock:
            opened[name] -= 1
            if not opened[name]:
                del opened[name]
        server.sendto(answer(message, end, kind, addresses), sender)

    print("ready", flush=True)
    while True:
        message, sender = server.recvfrom(1500)
        threading.Thread(target=handle, args=(message, sender), daemon=True).start()


def datagrams(path):
    """(time, source, destination, UDP payload) of an Ethernet capture."""
    data = open(path, "rb").read()
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length = struct.unpack("<III", data[at:at + 12])
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        kind = struct.unpack(">H", frame[12:14])[0]
        if kind == 0x0800:
            head, ip = 14 + (frame[14] & 15) * 4, (frame[26:30], frame[30:34])
        elif kind == 0x86dd:
            head, ip = 54, (frame[22:38], frame[38:54])
        else:
            continue
        yield (seconds + fraction / 1e6, ipaddress.ip_address(ip[0]), ipaddress.ip_address(ip[1]),
               frame[head + 8:])


def twins(path):
    found = [d for d in datagrams(path) if len(d[3]) == 148 and d[3][0] == 1][:2]
    assert len(found) == 2, f"{len(found)} initiations"
    first, second = found
    assert first[3][:-16] == second[3][:-16], "the initiations differ"
    print(first[2].version, second[2].version, int((second[0] - first[0]) * 1000))


def silence(path, old):
    begin = None
    for when, source, destination, payload in datagrams(path):
        if len(payload) == 148 and payload[0] == 1 and str(destination) == old and begin is None:
            begin = when
        if len(payload) == 92 and payload[0] == 2 and str(source) != old and begin is not None:
            print(int((when - begin) * 1000))
            return
    sys.exit("no response")


if __name__ == "__main__":
    {"serve": serve, "twins": twins, "silence": silence}[sys.argv[1]](*sys.argv[2:])
