#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Damaged packets for t_corrupt.sh, between intact ones of the same flow. Standard library only.

  corrupt.py inject DEVICE SRC DST tcp|udp    SEGMENTS of one flow into the host's side of a TUN
  corrupt.py watch DEVICE SRC DST tcp|udp WAY    judges what comes out of another one; WAY: merged or
                                              single; prints what was seen, exit 1 when it is wrong
  corrupt.py amid DEVICE ADDR PORT BYTES N    a real TCP stream with N damaged copies of its segments
  corrupt.py wire DEVICE FILE N               one datagram of 200 bytes or more on its way to a peer,
                                              into FILE, SECONDS at most
  corrupt.py forge FILE ADDR PORT             alters it in every region; prints what it sent
"""
import hashlib
import os
import random
import socket
import struct
import sys
import threading
import time

SEGMENTS = 420  # fewer than a TUN queue holds
SIZE = 1200
SPORT, DPORT = 4001, 4002
SECONDS = 20
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, CSUM_NOT_READY = 263, 8, 4, 8


def total(data):
    data += b"\0" * (len(data) % 2)
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def pseudo(src, dst, proto, length):
    return (socket.inet_pton(family(src), src) + socket.inet_pton(family(dst), dst) +
            struct.pack("!II", length, proto))


def packet(src, dst, proto, upper, ident=0):
    if ":" in src:
        return struct.pack("!IHBB", 6 << 28, len(upper), proto, 64) + \
            socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + upper
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(upper), ident, 0x4000, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", ~total(head) & 0xFFFF) + head[12:] + upper


def is_bad(i):
    return i % 7 == 3


def is_bare(i, src, word):  # IPv4's UDP can do without a checksum
    return word == "udp" and ":" not in src and i % 11 == 5 and not is_bad(i)


def payload(i):
    return struct.pack("!I", i) * (SIZE // 4)


def transport(src, dst, word, i):
    """Segment i of the flow with its transport header; intact."""
    data = payload(i)
    if word == "tcp":
        proto, at = 6, 16
        upper = struct.pack("!HHIIBBHHH", SPORT, DPORT, 1000 + i * SIZE, 7, 0x50, 0x10, 500, 0, 0)
    else:
        proto, at = 17, 6
        upper = struct.pack("!HHHH", SPORT, DPORT, 8 + SIZE, 0)
    upper += data
    if not is_bare(i, src, word):
        check = ~total(pseudo(src, dst, proto, len(upper)) + upper) & 0xFFFF
        upper = upper[:at] + struct.pack("!H", check or 0xFFFF) + upper[at + 2:]
    return proto, at, bytearray(upper)


def damage(upper, at, how):
    """One bit, of the payload or of the checksum."""
    if how % 2:
        upper[-1 - how % (SIZE - 8)] ^= 1 << how % 8
    else:
        upper[at] ^= 0x11  # cannot result in zero, which means no checksum


def segment(src, dst, word, i):
    proto, at, upper = transport(src, dst, word, i)
    if is_bad(i):
        damage(upper, at, i // 7)
    return packet(src, dst, proto, bytes(upper), i)


def roomy(sock):
    """As large a receive buffer as permitted."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)


def device(name, kind=socket.SOCK_DGRAM, proto=ETH_P_ALL):
    sock = socket.socket(socket.AF_PACKET, kind, socket.htons(proto))
    roomy(sock)
    sock.bind((name, proto))
    return sock


def put(sock, name, raw):
    proto = ETH_P_IPV6 if raw[0] >> 4 == 6 else ETH_P_IP
    while True:
        try:
            sock.sendto(raw, (name, proto))
            return
        except OSError as error:
            if error.errno != 105:  # ENOBUFS: its queue is full
                raise
            time.sleep(0.001)


def inject(name, src, dst, word):
    sock = device(name, proto=0)
    for i in range(SEGMENTS):
        put(sock, name, segment(src, dst, word, i))


class Wrong(Exception):
    pass


def judge(raw, partial, src, dst, word, seen):
    """Add the segments of one packet, as the host receives it, to seen."""
    head = 40 if raw[0] >> 4 == 6 else 20
    proto, skip = (6, 20) if word == "tcp" else (17, 8)
    upper = raw[head:]
    data = upper[skip:]
    pieces = [data[k:k + SIZE] for k in range(0, len(data), SIZE)]
    numbers = [struct.unpack("!I", piece[:4])[0] for piece in pieces]
    bare = word == "udp" and upper[6:8] == b"\0\0"
    sound = partial or total(pseudo(src, dst, proto, len(upper)) + upper) == 0xFFFF
    if len(pieces) > 1 and any(is_bad(i) for i in numbers):
        raise Wrong(f"damaged segments of {numbers} were joined with others")
    if any(is_bare(i, src, word) for i in numbers) != bare:
        raise Wrong(f"{numbers}: without a checksum there, with one here, or the other way round")
    if is_bad(numbers[0]):
        if sound or raw != segment(src, dst, word, numbers[0]):
            raise Wrong(f"segment {numbers[0]} was damaged and has been changed: it is healed")
    elif not (sound or bare) or data != b"".join(payload(i) for i in numbers):
        raise Wrong(f"{numbers} have been damaged")
    seen += numbers
    return len(pieces)


def watch(name, src, dst, word, way):
    kind = socket.SOCK_DGRAM if word == "udp" else socket.SOCK_STREAM
    mine = socket.socket(family(dst), kind)
    roomy(mine)
    if word == "udp":
        mine.bind((dst, DPORT))
    sock = device(name)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.settimeout(SECONDS)
    want = struct.pack("!HH", SPORT, DPORT)
    print("ready", flush=True)
    seen, most, end = [], 0, time.monotonic() + SECONDS
    while len(seen) < SEGMENTS and time.monotonic() < end:
        raw, control, _, sender = sock.recvmsg(1 << 17, 256)
        head = 40 if raw[0] >> 4 == 6 else 20
        if sender[2] == PACKET_OUTGOING or raw[head:head + 4] != want:
            continue
        status = [struct.unpack("=I", data[:4])[0] for _, _, data in control]
        most = max(most, judge(raw, bool(status[0] & CSUM_NOT_READY), src, dst, word, seen))
    if seen != list(range(SEGMENTS)):
        raise Wrong(f"not all, or in another order: {seen}")
    if (most > 1) != (way == "merged"):
        raise Wrong(f"{most} segments in one packet")
    got = 0
    mine.settimeout(0.3)
    try:
        while word == "udp" and mine.recv(1 << 16):
            got += 1
    except OSError:
        pass
    bad = sum(map(is_bad, range(SEGMENTS)))
    if word == "udp" and got != SEGMENTS - bad:
        raise Wrong(f"{got} datagrams were received, not {SEGMENTS - bad}")
    print(f"{SEGMENTS} segments, up to {most} in one, {bad} damaged", flush=True)


def copies(name, addr, local, n, done):
    """Send damaged copies of segments of the kernel; each arrives as new data."""
    sniff = device(name)
    sniff.settimeout(5)
    out = device(name, proto=0)
    put_in = 0
    while put_in < n:
        raw, sender = sniff.recvfrom(1 << 17)
        if sender[2] != PACKET_OUTGOING:
            continue
        head = 40 if raw[0] >> 4 == 6 else 20
        upper = raw[head:]
        skip = (upper[12] >> 4) * 4 if len(upper) > 20 else 0
        if struct.unpack("!HH", upper[:4]) != local or len(upper) < skip + 600:
            continue
        upper = bytearray(upper[:skip + 600])
        upper[16:18] = b"\0\0"
        src, dst = (socket.inet_ntop(family(addr), a) for a in
                    ((raw[8:24], raw[24:40]) if head == 40 else (raw[12:16], raw[16:20])))
        check = ~total(pseudo(src, dst, 6, len(upper)) + bytes(upper)) & 0xFFFF
        upper[16:18] = struct.pack("!H", check)
        upper[skip + random.randrange(600)] ^= 1 << random.randrange(8)
        put(out, name, packet(src, dst, 6, bytes(upper), put_in))
        put_in += 1
    done.append(put_in)


def amid(name, addr, port, size, n):
    block = os.urandom(1 << 18)
    digest = hashlib.sha256()
    with socket.create_connection((addr, int(port)), timeout=60) as conn:
        local, done = (conn.getsockname()[1], int(port)), []
        other = threading.Thread(target=copies, args=(name, addr, local, int(n), done))
        other.start()
        sent = 0
        while sent < int(size) or other.is_alive():
            conn.sendall(block)
            digest.update(block)
            sent += len(block)
        other.join()
        conn.shutdown(socket.SHUT_WR)
        theirs = b""
        while len(theirs) < 64 and (part := conn.recv(64)):
            theirs += part
    if done != [int(n)]:
        raise Wrong(f"not {n} copies: {done}")
    if theirs.decode() != digest.hexdigest():
        raise Wrong("the other side received something else")
    print(f"{sent} bytes and {n} damaged copies")


def wire(name, path):
    sock = device(name, socket.SOCK_DGRAM, ETH_P_IP)
    sock.settimeout(SECONDS)
    print("ready", flush=True)
    while True:
        raw = sock.recv(1 << 17)
        if raw[9] == 17 and raw[28:32] == b"\4\0\0\0" and len(raw) >= 228:
            break
    with open(path, "wb") as file:
        file.write(raw[28:])


def forge(path, addr, port):
    with open(path, "rb") as file:
        sound = file.read()
    sock = socket.socket(family(addr), socket.SOCK_DGRAM)
    regions = {"message": (0, 4), "index": (4, 8), "counter": (8, 12),
               "text": (16, len(sound) - 16), "tag": (len(sound) - 16, len(sound))}
    for region, (first, last) in regions.items():
        spots = range(first, last) if last - first < 40 else random.sample(range(first, last), 40)
        for spot in spots:
            for bit in range(8):
                altered = bytearray(sound)
                altered[spot] ^= 1 << bit
                sock.sendto(altered, (addr, int(port)))
        print(region, len(spots) * 8)


def main(argv):
    verbs = {"inject": inject, "watch": watch, "amid": amid, "wire": wire, "forge": forge}
    if len(argv) < 2 or argv[1] not in verbs:
        sys.stderr.write(__doc__)
        return 2
    try:
        verbs[argv[1]](*argv[2:])
    except Wrong as wrong:
        print(wrong)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
