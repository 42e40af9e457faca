#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes handshake.txt: a whole handshake, cookie and first messages with every input fixed, after
sections 5.4.2 to 5.4.7 of the WireGuard paper. Run it in this folder: python3 handshake.py > handshake.txt"""
import struct

from primitives import aead, blake2s, clamp, kdf, mac, public, x25519, xaead


def show(name, value):
    print(f"{name} = {value.hex()}")


def fixed(label):
    return blake2s(b"xtunnel handshake vector: ", label.encode())


CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
STAMP = struct.pack(">QI", 0x400000000000000A + 1700000000, 3 * 2**24)


def handshake(prefix, psk):
    si, sr = clamp(fixed("initiator static")), clamp(fixed("responder static"))
    ei, er = fixed("initiator ephemeral"), fixed("responder ephemeral")
    index_i, index_r = 0x11223344, 0xA1B2C3D4

    c = blake2s(CONSTRUCTION)
    h = blake2s(c, IDENTIFIER)
    if prefix == "psk":
        show("start_chaining", c)
        show("start_hash", h)
        for name, value in (("si", si), ("sr", sr), ("ei", ei), ("er", er), ("stamp", STAMP)):
            show(name, value)
        show("si_public", public(si))
        show("sr_public", public(sr))
    show(f"{prefix}_key", psk)
    h = blake2s(h, public(sr))

    # 5.4.2
    ephemeral = public(ei)
    c, h = kdf(1, c, ephemeral), blake2s(h, ephemeral)
    c, k = kdf(2, c, x25519(ei, public(sr)))
    static = aead(k, 0, public(si), h)
    h = blake2s(h, static)
    c, k = kdf(2, c, x25519(si, public(sr)))
    stamp = aead(k, 0, STAMP, h)
    h = blake2s(h, stamp)
    first = struct.pack("<II", 1, index_i) + ephemeral + static + stamp
    first += mac(blake2s(b"mac1----", public(sr)), first)
    show(f"{prefix}_initiation", first + bytes(16))
    show(f"{prefix}_initiation_chaining", c)
    show(f"{prefix}_initiation_hash", h)

    # 5.4.3
    ephemeral = public(er)
    c, h = kdf(1, c, ephemeral), blake2s(h, ephemeral)
    c = kdf(1, c, x25519(er, public(ei)))
    c = kdf(1, c, x25519(er, public(si)))
    c, tau, k = kdf(3, c, psk)
    h = blake2s(h, tau)
    empty = aead(k, 0, b"", h)
    second = struct.pack("<III", 2, index_r, index_i) + ephemeral + empty
    second += mac(blake2s(b"mac1----", public(si)), second)
    show(f"{prefix}_response", second + bytes(16))

    # 5.4.5
    to_r, to_i = kdf(2, c, b"")
    show(f"{prefix}_initiator_send", to_r)
    show(f"{prefix}_initiator_recv", to_i)

    # 5.4.6: the keepalive that confirms
    show(f"{prefix}_keepalive", struct.pack("<IIQ", 4, index_r, 0) + aead(to_r, 0, b""))
    return first, sr, index_i


print("# Made by handshake.py; do not edit.")
handshake("nopsk", bytes(32))
initiation, sr, index_i = handshake("psk", fixed("psk"))

# 5.4.7: the responder's answer under load to the initiation from 192.0.2.7:51820, and 5.4.4: the
# same initiation sent again with the cookie.
secret, nonce = fixed("cookie secret"), fixed("cookie nonce")[:24]
for name, address in (("v4", bytes([192, 0, 2, 7])),
                      ("v6", bytes.fromhex("20010db8000000000000000000000007"))):
    cookie = mac(secret, address + struct.pack(">H", 51820))
    sealed = xaead(blake2s(b"cookie--", public(sr)), nonce, cookie, initiation[-16:])
    show(f"cookie_{name}_reply", struct.pack("<II", 3, index_i) + nonce + sealed)
    show(f"cookie_{name}_initiation", initiation + mac(cookie, initiation))
show("cookie_secret", secret)
show("cookie_nonce", nonce)
