#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""capture_streams.py whole|segments FILE: the TCP and UDP flows of a capture, each on a line:
direction, largest payload, bytes, SHA-256 of the bytes that it carries.

The exit status is 1 when a checksum is wrong, or when two segments give different bytes for one
place. A packet as the host sees it may have the partial checksum that the kernel leaves to a device:
the sum of the pseudo-header."""
import hashlib
import struct
import sys

TCP, UDP = 6, 17


def words_sum(*parts):
    data = b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def packets(data):
    """Direction (in or out) and bytes of each packet."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("=II", data, at)
        if kind == 6:
            n, = struct.unpack_from("=I", data, at + 20)
            option = at + 28 + (n + 3) // 4 * 4
            flags = 0
            while option < at + size - 4:
                code, length = struct.unpack_from("=HH", data, option)
                if code == 2:
                    flags, = struct.unpack_from("=I", data, option + 4)
                option += 4 + (length + 3) // 4 * 4
            yield {1: "in", 2: "out"}[flags & 3], data[at + 28:at + 28 + n]
        at += size


def checksums_check(packet, head, pseudo, protocol, may_be_partial):
    field = head + (16 if protocol == TCP else 6)
    stored, = struct.unpack_from("!H", packet, field)
    right = ~words_sum(pseudo, packet[head:field], packet[field + 2:]) & 0xFFFF
    if protocol == UDP and right == 0:
        right = 0xFFFF
    if stored != right and not (may_be_partial and stored == words_sum(pseudo)):
        sys.exit(f"a checksum is {stored:#06x}, not {right:#06x}: {packet[:60].hex()}")
    if packet[0] >> 4 == 4 and words_sum(packet[:head]) != 0xFFFF:
        sys.exit(f"wrong IPv4 header: {packet[:20].hex()}")


def main(form, path):
    flows = {}
    with open(path, "rb") as file:
        data = file.read()
    for direction, packet in packets(data):
        four = packet[0] >> 4 == 4
        head = (packet[0] & 15) * 4 if four else 40
        protocol = packet[9] if four else packet[6]
        if protocol not in (TCP, UDP):
            continue
        addresses = packet[12:20] if four else packet[8:40]
        pseudo = addresses + struct.pack("!II", len(packet) - head, protocol)
        checksums_check(packet, head, pseudo, protocol, form == "whole")
        ports = packet[head:head + 4]
        payload = packet[head + (packet[head + 12] // 16 * 4 if protocol == TCP else 8):]
        flow = flows.setdefault((direction, protocol, addresses, ports), [0, bytearray(), None])
        flow[0] = max(flow[0], len(payload))
        at = len(flow[1])
        if protocol == TCP:
            number, = struct.unpack_from("!I", packet, head + 4)
            if packet[head + 13] & 2:
                flow[2] = number + 1
            elif flow[2] is not None:
                at = (number - flow[2]) & 0xFFFFFFFF
        if not payload:
            continue
        if at > len(flow[1]):
            sys.exit(f"bytes {len(flow[1])} to {at} of a flow are missing")
        if flow[1][at:at + len(payload)] != payload[:len(flow[1]) - at]:
            sys.exit(f"other bytes at {at} of a flow")
        flow[1][at:at + len(payload)] = payload
    for (direction, *_), (most, stream, _) in flows.items():
        print(direction, most, len(stream), hashlib.sha256(stream).hexdigest())


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("whole", "segments"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
