#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""session_keys.py PCAP KEYLOG: the keys of the session whose initiation is in PCAP, and which the
responder has written to KEYLOG (WG_KEYLOGFILE). Prints to_responder=HEX to_initiator=HEX."""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))
from primitives import blake2s, kdf, public, x25519  # noqa: E402

keys = {}
for line in pathlib.Path(sys.argv[2]).read_text().splitlines():
    name, _, value = line.partition(" = ")
    keys[name] = base64.b64decode(value)
packets = pathlib.Path(sys.argv[1]).read_bytes()
# The UDP header's length, its checksum, and the first eight bytes: 148 bytes of type 1.
at = packets.rindex(b"\x00\x9c", 0, len(packets) - 148)
while packets[at + 4:at + 8] != b"\x01\x00\x00\x00":
    at = packets.rindex(b"\x00\x9c", 0, at)
ephemeral = packets[at + 12:at + 44]

static, own = keys["REMOTE_STATIC_PUBLIC_KEY"], keys["LOCAL_STATIC_PRIVATE_KEY"]
answer = keys["LOCAL_EPHEMERAL_PRIVATE_KEY"]
chain = kdf(1, blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"), ephemeral)
chain, _ = kdf(2, chain, x25519(own, ephemeral))
chain, _ = kdf(2, chain, x25519(own, static))
chain = kdf(1, chain, public(answer))
chain = kdf(1, chain, x25519(answer, ephemeral))
chain = kdf(1, chain, x25519(answer, static))
chain, _, _ = kdf(3, chain, keys.get("PRESHARED_KEY", bytes(32)))
to_responder, to_initiator = kdf(2, chain, b"")
print(f"to_responder={to_responder.hex()} to_initiator={to_initiator.hex()}")
