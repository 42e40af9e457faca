#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# qr_read.py FILE OUT.png: draw a QR code that `add --qr` printed on a terminal, or an SVG that it
# wrote, as an image for zbarimg. Half blocks are light, as on a dark background.
import re
import struct
import sys
import zlib

SCALE = 6
text = open(sys.argv[1], encoding="utf-8").read()
light = []
if text.startswith("<svg"):
    width = int(re.search(r'viewBox="0 0 (\d+) \1"', text).group(1))
    light = [[True] * width for _ in range(width)]
    path = re.search(r'<path d="([^"]*)"', text).group(1)
    for x, y, n, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path):
        assert n == back
        for i in range(int(n)):
            light[int(y)][int(x) + i] = False
else:
    for line in text.split("\n"):
        line = re.sub(r"\033\[[0-9;]*m", "", line)
        if not line or set(line) - set("█▀▄ "):
            continue
        light.append([c in "█▀" for c in line])
        light.append([c in "█▄" for c in line])
rows = b"".join(b"\0" + bytes(255 if cell else 0 for cell in row for _ in range(SCALE))
                for row in light for _ in range(SCALE))


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


with open(sys.argv[2], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", len(light[0]) * SCALE, len(light) * SCALE, 8, 0, 0, 0, 0)))
    out.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
