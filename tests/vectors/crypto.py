#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes crypto.txt: answers for BLAKE2s, HMAC, KDF and the AEADs, computed by primitives.py.
Run it in this folder: python3 crypto.py > crypto.txt"""
from primitives import aead, blake2s, hmac, kdf, mac, xaead

SUNSCREEN = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
             b"future, sunscreen would be it.")
KEY = bytes(range(0x80, 0xA0))
COUNTER = 0x4746454443424140
LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1420, 9000]


def pattern(n, start=0):
    """Bytes that repeat after 251, so that no power of two hides a wrong offset."""
    return bytes((start + i) % 251 for i in range(n))


def show(name, value):
    print(f"{name} = {value.hex()}")


print("# Made by crypto.py; do not edit.")
show("aead_sunscreen", aead(KEY, COUNTER, SUNSCREEN))
show("aead_nothing", aead(KEY, 1, b""))
for n in LENGTHS:
    # The digest stands for the ciphertext and its tag.
    show(f"aead_{n}", blake2s(aead(pattern(32, 7), 2**40 + n, pattern(n))))
show("xaead", xaead(KEY, bytes(range(0x40, 0x58)), pattern(16), pattern(16, 100)))
show("hash_pieces", blake2s(pattern(200)))
show("mac16", mac(pattern(32, 3), pattern(116)))
show("mac16_key16", mac(pattern(16, 3), pattern(132)))
for n in (0, 1, 32, 64, 65, 200):
    show(f"hmac_key{n}", hmac(pattern(n, 11), pattern(77)))
for n, size in ((1, 32), (2, 32), (2, 0), (3, 32)):
    out = kdf(n, pattern(32, 5), pattern(size, 9))
    show(f"kdf{n}_{size}", out if n == 1 else b"".join(out))
