#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Echo requests and the replies that are expected, made by scapy: writes echo.txt beside this file.

    rules SIDES OWN ADDRESSES COVERED MTU     settings for what follows; lists with commas, - for none
    case NAME SIDE REQUEST OUTCOME            REQUEST: packets in hex, with commas
                                              OUTCOME: pass, drop, kept, or the replies in hex
"""
import os
import random

from scapy.all import (ICMP, IP, TCP, UDP, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NS, IPOption,
                       IPOption_LSRR, IPOption_Router_Alert, IPOption_RR, IPOption_SSRR, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, Raw, fragment, fragment6, raw)

lines = []
random.seed(7)


def rules(sides, own, addresses="-", covered="-", mtu=1420):
    lines.append(f"rules {sides} {own} {addresses} {covered} {mtu}")


def case(name, side, packets, outcome):
    def text(some):
        return ",".join(raw(p).hex() for p in some)

    packets = packets if isinstance(packets, list) else [packets]
    if not isinstance(outcome, str):
        outcome = text(outcome if isinstance(outcome, list) else [outcome])
    lines.append(f"case {name} {side} {text(packets)} {outcome}")


def ping(src, dst, size=56, **ip):
    data = bytes(random.randrange(256) for _ in range(size))
    if ":" in dst:
        return IPv6(src=src, dst=dst, **ip) / ICMPv6EchoRequest(id=0x1234, seq=7, data=data)
    return IP(src=src, dst=dst, **{"id": 0x4321, **ip}) / ICMP(type=8, id=0x1234, seq=7) / Raw(data)


def pong(request, **more):
    if IPv6 in request:
        old, echo = request[IPv6], request[ICMPv6EchoRequest]
        head = IPv6(src=old.dst, dst=old.src, tc=old.tc & 0xfc, fl=old.fl, hlim=64)
        return head / ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data)
    old, icmp = request[IP], request[ICMP]
    fields = {"id": old.id, "flags": old.flags, "options": old.options, **more}
    head = IP(src=old.dst, dst=old.src, tos=old.tos & 0xfc, ttl=64, **fields)
    return head / ICMP(type=0, id=icmp.id, seq=icmp.seq) / icmp.payload


def both_versions(side, name, last4, last6, answered):
    for src, dst, v in ("10.7.0.99", f"10.7.{last4}", 4), ("fd07::99", f"fd07:{last6}", 6):
        request = ping(src, dst)
        case(f"{name}_v{v}", side, request, pong(request) if answered else "pass")


OWN = "10.7.0.1/24,fd07::1/64"
COVERED = "10.7.0.16/28,fd07::100/120"
KINDS = {  # what is asked: (IPv4, IPv6), answered as host, as peer
    "own": ("0.1", ":1", False, True),
    "peers": ("0.20", ":105", False, False),
    "free": ("0.77", ":77", True, False),
    "broadcast": ("0.255", ":", False, False),
    "network": ("0.0", ":", False, False),
    "outside": ("1.1", "0:0:1::1", False, False),
}
for sides in range(4):
    rules(sides, OWN, "-", COVERED)
    for kind, (v4, v6, host, peer) in KINDS.items():
        both_versions("host", f"sides{sides}_host_{kind}", v4, v6, host and sides & 1)
        both_versions("peer", f"sides{sides}_peer_{kind}", v4, v6, peer and sides & 2)

rules(3, OWN, "10.7.0.16/30,10.7.0.255,fd07::105/128,198.51.100.0/24", COVERED)
for side in "host", "peer":
    for kind, (v4, v6, *_), answered in (("own", KINDS["own"], False),
                                        ("free", KINDS["free"], False),
                                        ("outside", KINDS["outside"], False)):
        both_versions(side, f"list_{side}_{kind}", v4, v6, answered)
    for dst, answered in (("10.7.0.16", True), ("10.7.0.19", True), ("10.7.0.20", False),
                          ("10.7.0.255", True), ("fd07::105", True), ("fd07::106", False),
                          ("198.51.100.7", True), ("224.0.0.1", False), ("ff02::1", False)):
        request = ping("fd07::99" if ":" in dst else "10.7.0.99", dst)
        case(f"list_{side}_{dst}", side, request, pong(request) if answered else "pass")

rules(3, "10.7.0.1/24,fd07::1/64")
A4, B4, A6, B6 = "10.7.0.99", "10.7.0.1", "fd07::99", "fd07::1"
for size in list(range(0, 12)) + [55, 56, 57, 1391, 1392]:
    for src, dst, v in (A4, B4, 4), (A6, B6, 6):
        request = ping(src, dst, size)
        case(f"size{size}_v{v}", "peer", request, pong(request))
for tos in 0, 1, 2, 3, 0xb8, 0xbb:
    for request in ping(A4, B4, tos=tos), ping(A6, B6, tc=tos, fl=0xabcde):
        case(f"tos{tos}_v{request.version}", "peer", request, pong(request))
for flags in 0, "DF":
    request = ping(A4, B4, flags=flags, ttl=3)
    case(f"flags_{flags}", "peer", request, pong(request))
request = ping(A4, B4)
case("trailing_v4", "peer", Raw(raw(request) + b"trailing"), pong(request))
request = ping(A6, B6)
case("trailing_v6", "peer", Raw(raw(request) + b"trailing"), pong(request))

zeros = IP(src=A4, dst=B4) / ICMP(type=8, id=0, seq=0) / Raw(bytes(9))
case("reply_of_zeros", "peer", zeros, pong(zeros))
for seq in 0xc5ca, 0xc5cb, 0xbdca:  # around the wrap of the sum
    some = IP(src=A4, dst=B4) / ICMP(type=8, id=0x3235, seq=seq)
    case(f"sum_wraps_{seq:x}", "peer", some, pong(some))
some = IP(src=A4, dst=B4) / ICMP(type=8, id=0x3235, seq=0xc5ca)
assert ICMP(raw(some[ICMP])).chksum == 0
some[ICMP].chksum = 0xffff
right = pong(some)
case("ones_for_a_zero_checksum", "peer", some, right)
for field, bad in (("chksum", 1), ("code", 1), ("type", 15), ("type", 0)):
    some = ping(A4, B4)
    setattr(some[ICMP], field, bad)
    case(f"icmp_{field}_{bad}_v4", "peer", some, "pass")
for field, bad in (("cksum", 1), ("code", 1), ("type", 129)):
    some = ping(A6, B6)
    setattr(some[ICMPv6EchoRequest], field, bad)
    case(f"icmp_{field}_{bad}_v6", "peer", some, "pass")
case("header_checksum", "peer", ping(A4, B4, chksum=1), "pass")
for src in "0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "10.7.0.255", B4:
    case(f"source_{src}", "peer", ping(src, B4), "pass")
for src in "::", "::1", "ff02::1", B6:
    case(f"source_{src}", "peer", ping(src, B6), "pass")

for name, option in (("router_alert", IPOption_Router_Alert()), ("record_route", IPOption_RR()),
                     ("unknown", IPOption(b"\x9e\x04ab"))):
    request = IP(raw(ping(A4, B4, options=[option])))
    case(f"option_{name}", "peer", request, pong(request))
H4, H6 = "10.7.0.77", "fd07::77"
some = ping(B4, H4)
some[ICMP].code = 1
case("host_code_v4", "host", some, "pass")
some = ping(B6, H6)
some[ICMPv6EchoRequest].code = 1
case("host_code_v6", "host", some, "pass")
case("host_source", "host", ping("127.0.0.1", H4), "pass")
case("host_checksum", "host", ping(B4, H4, chksum=1), "pass")
for name, option in (("lsrr", IPOption_LSRR(routers=["10.9.9.9"])),
                     ("ssrr", IPOption_SSRR(routers=["10.9.9.9"]))):
    case(f"option_{name}_peer", "peer", ping(A4, B4, options=[option]), "pass")
    case(f"option_{name}_host", "host", ping(B4, H4, options=[option]), "drop")
    case(f"option_{name}_other", "host", ping(B4, "10.8.0.1", options=[option]), "pass")
for name, header in (("hopbyhop", IPv6ExtHdrHopByHop()), ("destopt", IPv6ExtHdrDestOpt()),
                     ("routing", IPv6ExtHdrRouting(type=0, addresses=["fd07::5"]))):
    def behind(src, dst):
        p = ping(src, dst)
        return IPv6(src=src, dst=dst) / header / p[ICMPv6EchoRequest]
    case(f"{name}_peer", "peer", behind(A6, B6), "pass")
    case(f"{name}_host", "host", behind(B6, H6), "drop")
    case(f"{name}_other", "host", behind(B6, "fd08::1"), "pass")

case("tcp", "host", IP(src=B4, dst=H4) / TCP(), "pass")
case("udp", "host", IPv6(src=B6, dst=H6) / UDP() / Raw(b"x"), "pass")
case("neighbour", "peer", IPv6(src=A6, dst=B6) / ICMPv6ND_NS(tgt=B6), "pass")


def fragmented(request, size):
    if IPv6 in request:
        head = IPv6(src=request.src, dst=request.dst) / IPv6ExtHdrFragment(id=0xcafe)
        return fragment6(head / request.payload, size)
    return fragment(request, size)


for src, dst, v in (A4, B4, 4), (A6, B6, 6):
    request = ping(src, dst, 3000)
    pieces = [Raw(raw(p)) for p in fragmented(request, 1000)]
    random.shuffle(pieces)
    room = (1420 - 20) // 8 * 8 if v == 4 else 1420
    reply = pong(request)
    case(f"fragments_v{v}", "peer", pieces, [Raw(raw(p)) for p in fragmented(reply, room)])
    small = ping(src, dst, 1200)
    case(f"fragments_that_fit_v{v}", "peer", [Raw(raw(p)) for p in fragmented(small, 800)], pong(small))
    case(f"fragment_missing_v{v}", "peer", pieces[1:], "kept")
    alien = ping(src, dst, 3000)
    if v == 4:
        alien[IP].id = 0x7777
        alien[ICMP].type = 15
    else:
        alien[ICMPv6EchoRequest].type = 130
    parts = [Raw(raw(p)) for p in fragmented(alien, 1000)]
    if v == 6:  # scapy gives the same identification to each call
        parts = [Raw(raw(p)[:44] + bytes(3) + b"\x55" + raw(p)[48:]) for p in parts]
    case(f"fragments_of_no_echo_v{v}", "peer", parts, parts)
case("fragments_of_udp", "peer", Raw(raw(fragment(IP(src=A4, dst=B4) / UDP() / Raw(bytes(2000)), 1000)[0])),
     "pass")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "echo.txt"), "w") as out:
    out.write("# Made by echo.py; its head says what the lines mean.\n")
    out.write("\n".join(lines) + "\n")
