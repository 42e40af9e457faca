# SPDX-License-Identifier: MIT
"""X25519, ChaCha20-Poly1305, XChaCha20-Poly1305, HMAC and the key derivation of the WireGuard paper,
written from RFC 7748, RFC 8439, RFC 2104 and the paper in plain Python: slow, obvious, and sharing
nothing with the code under test. BLAKE2s is hashlib's."""
import hashlib
import hmac as std_hmac
import struct

P = 2**255 - 19


def blake2s(*pieces):
    return hashlib.blake2s(b"".join(pieces)).digest()


def mac(key, *pieces, size=16):
    return hashlib.blake2s(b"".join(pieces), key=key, digest_size=size).digest()


def hmac(key, *pieces):
    return std_hmac.new(key, b"".join(pieces), hashlib.blake2s).digest()


def kdf(n, key, data):
    t0 = hmac(key, data)
    outs, last = [], b""
    for i in range(1, n + 1):
        last = hmac(t0, last, bytes([i]))
        outs.append(last)
    return outs[0] if n == 1 else outs


def clamp(k):
    k = bytearray(k)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    return bytes(k)


def x25519(k, u):
    k = int.from_bytes(clamp(k), "little")
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = (x2 + z2) % P, (x2 - z2) % P
        aa, bb = a * a % P, b * b % P
        e = (aa - bb) % P
        da, cb = (x3 - z3) * a % P, (x3 + z3) * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(k):
    return x25519(k, (9).to_bytes(32, "little"))


def rounds(state):
    s = list(state)

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            v = s[z] ^ s[x]
            s[z] = ((v << n) | (v >> (32 - n))) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce):
    state = (*CONSTANTS, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce))
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(rounds(state), state)))


def chacha(key, counter, nonce, data):
    out = bytearray()
    for i in range(0, len(data), 64):
        block = chacha_block(key, counter + i // 64, nonce)
        out += bytes(a ^ b for a, b in zip(data[i : i + 64], block))
    return bytes(out)


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[i : i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((acc + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def pad16(data):
    return data + bytes(-len(data) % 16)


def aead_nonce(key, nonce, plain, aad):
    cipher = chacha(key, 1, nonce, plain)
    lengths = struct.pack("<QQ", len(aad), len(cipher))
    tag = poly1305(chacha_block(key, 0, nonce)[:32], pad16(aad) + pad16(cipher) + lengths)
    return cipher + tag


def aead(key, counter, plain, aad=b""):
    return aead_nonce(key, bytes(4) + struct.pack("<Q", counter), plain, aad)


def xaead(key, nonce, plain, aad=b""):
    s = rounds((*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce[:16])))
    subkey = struct.pack("<8I", *s[:4], *s[12:])
    return aead_nonce(subkey, bytes(4) + nonce[16:], plain, aad)


def self_check():
    """The RFCs' own answers, so that nothing below rests on this file being right by luck."""
    alice = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    assert public(alice).hex().startswith("8520f0098930a754748b7ddcb43ef75a")
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
            b"the future, sunscreen would be it.")
    sealed = aead_nonce(bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647"), text,
                        bytes.fromhex("50515253c0c1c2c3c4c5c6c7"))
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    sealed = xaead(bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), text,
                   bytes.fromhex("50515253c0c1c2c3c4c5c6c7"))
    assert sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"


self_check()
