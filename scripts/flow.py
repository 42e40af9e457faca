#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Traffic for the demo and the end-to-end tests: TCP with compared hashes, UDP echo of every size,
ICMP until the first reply.  Standard library only.

  flow.py tcp-serve PORT [N]         N connections (default 1; 0: without end)
  flow.py tcp-send ADDR PORT BYTES   prints: BYTES SHA256 SECONDS; exit 1 when the hashes differ;
                                     BYTES:SECONDS spreads them over that time
  flow.py udp-serve PORT             echoes without end
  flow.py udp-sizes ADDR PORT SIZES  SIZES as 0-100,1400-1500:10; each must return unaltered
  flow.py udp-send ADDR PORT TEXT    one datagram, no reply
  flow.py udp-super ADDR PORT N      N super-packets of 40 datagrams, each returned before the
                                     next; prints: BYTES SHA256
  flow.py capture DEVICE FILE        packets to a pcap file until SIGTERM
  flow.py wire FILE                  the IPv4 UDP packets of such a file as tcpdump -n prints them;
                                     others as "other"
  flow.py pong ADDR SECONDS          ICMP echo each 2 ms until the first reply; prints milliseconds
"""
import hashlib
import os
import random
import socket
import struct
import sys
import time

BLOCK = 1 << 18


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def emit(*words):
    print(*words, flush=True)


def tcp_serve(port, n="1"):
    server = socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    emit("ready")
    served = 0
    while int(n) == 0 or served < int(n):
        conn, _ = server.accept()
        with conn:
            digest = hashlib.sha256()
            while chunk := conn.recv(BLOCK):
                digest.update(chunk)
            conn.sendall(digest.hexdigest().encode())
        served += 1


def tcp_send(addr, port, size):
    size, _, spread = size.partition(":")
    left = size = int(size)
    block = os.urandom(BLOCK - 8)
    digest = hashlib.sha256()
    start = time.monotonic()
    with socket.create_connection((addr, int(port)), timeout=60) as conn:
        conn.settimeout(120)
        number = 0
        while left > 0:
            due = start + float(spread or 0) * (size - left) / size
            time.sleep(max(0, due - time.monotonic()))
            chunk = (struct.pack("!Q", number) + block)[:left]
            conn.sendall(chunk)
            digest.update(chunk)
            left -= len(chunk)
            number += 1
        conn.shutdown(socket.SHUT_WR)
        theirs = b""
        while len(theirs) < 64 and (part := conn.recv(64)):
            theirs += part
    seconds = time.monotonic() - start
    ours = digest.hexdigest()
    emit(size, ours, f"{seconds:.2f}")
    if theirs.decode() != ours:
        emit("the other side's hash is", theirs.decode() or "nothing")
        return 1
    return 0


def udp_serve(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("", int(port)))
    emit("ready")
    while True:
        try:
            data, peer = sock.recvfrom(1 << 16)
            sock.sendto(data, peer)
        except OSError:
            continue


def sizes_of(text):
    for part in text.split(","):
        span, _, step = part.partition(":")
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1, int(step or 1))


def udp_sizes(addr, port, text):
    sock = socket.socket(family(addr), socket.SOCK_DGRAM)
    # Otherwise the kernel learns a path MTU for the inner address and refuses to fragment.
    sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER = IP_PMTUDISC_DONT
    sock.connect((addr, int(port)))
    sock.settimeout(2)
    sizes = list(sizes_of(text))
    random.shuffle(sizes)
    for size in sizes:
        data = os.urandom(size)
        try:
            sock.send(data)
            back = sock.recv(1 << 16)
        except OSError as error:
            emit(f"{size} bytes: {error}")
            return 1
        if back != data:
            emit(f"{size} bytes: {len(back)} other bytes returned")
            return 1
    emit(len(sizes), "sizes")
    return 0


def udp_send(addr, port, text):
    sock = socket.socket(family(addr), socket.SOCK_DGRAM)
    sock.sendto(text.encode(), (addr, int(port)))


def udp_super(addr, port, n):
    size, total, digest = 1200, 0, hashlib.sha256()
    sock = socket.socket(family(addr), socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
    sock.connect((addr, int(port)))
    sock.settimeout(10)
    for _ in range(int(n)):
        data = os.urandom(40 * size)
        sock.send(data)
        digest.update(data)
        total += len(data)
        if b"".join(sock.recv(1 << 16) for _ in range(40)) != data:
            emit("other bytes returned")
            return 1
    emit(total, digest.hexdigest())
    return 0


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pong(addr, seconds):
    six = ":" in addr
    proto = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    sock = socket.socket(family(addr), socket.SOCK_RAW, proto)
    sock.settimeout(0.002)
    ident = os.getpid() & 0xFFFF
    want = (129 if six else 0, 0, ident)
    start = time.monotonic()
    number = 0
    while time.monotonic() - start < float(seconds):
        head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, ident, number & 0xFFFF)
        if not six:
            head = struct.pack("!BBHHH", 8, 0, checksum(head), ident, number & 0xFFFF)
        number += 1
        try:
            sock.sendto(head, (addr, 0))
        except OSError:
            time.sleep(0.002)
            continue
        try:
            while True:
                data, peer = sock.recvfrom(2048)
                data = data if six else data[(data[0] & 15) * 4:]
                kind, code, _, theirs = struct.unpack("!BBHH", data[:6])
                if (kind, code, theirs) == want and peer[0] == addr:
                    emit(f"{(time.monotonic() - start) * 1000:.1f}")
                    return 0
        except OSError:
            continue
    emit("no reply")
    return 1


def capture(device, path):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    sock.bind((device, 0))
    linktype = 1 if sock.getsockname()[3] == 1 else 101  # ARPHRD_ETHER; else bare IP
    with open(path, "wb", buffering=0) as file:
        file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 256, linktype))
        emit("listening")
        while True:
            data = sock.recv(1 << 16)
            now = time.time()
            file.write(struct.pack("=IIII", int(now), int(now % 1 * 1e6), len(data[:256]),
                                   len(data)) + data[:256])


def wire(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        n, = struct.unpack_from("=I", data, at + 8)
        frame = data[at + 16:at + 16 + n]
        at += 16 + n
        packet = frame[14:]
        if frame[12:14] != b"\x08\x00" or len(packet) < 28 or packet[9] != 17:
            emit("other")
            continue
        src, dst, size = struct.unpack_from("!HHH", packet, (packet[0] & 15) * 4)
        emit(f"- IP {socket.inet_ntoa(packet[12:16])}.{src} > {socket.inet_ntoa(packet[16:20])}.{dst}: "
            f"UDP, length {size - 8}")


def main(argv):
    verbs = {"tcp-serve": tcp_serve, "tcp-send": tcp_send, "udp-serve": udp_serve,
             "udp-sizes": udp_sizes, "udp-send": udp_send, "udp-super": udp_super, "pong": pong,
             "capture": capture, "wire": wire}
    if len(argv) < 2 or argv[1] not in verbs:
        sys.stderr.write(__doc__)
        return 2
    return verbs[argv[1]](*argv[2:]) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
