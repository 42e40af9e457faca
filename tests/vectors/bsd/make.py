#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Writes darwin.txt, freebsd.txt and openbsd.txt beside it from messages.c: a name, and the bytes of
# the object of that name as the system's compiler lays it out. Needs the package `ziglang` of PyPI,
# whose compiler has the headers of all three; the files are kept, so that the tests do not.
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SYSTEMS = {"darwin": "x86_64-macos", "freebsd": "x86_64-freebsd", "openbsd": "x86_64-openbsd"}
WIDTHS = {"byte": 1, "short": 2, "value": 2, "2byte": 2, "long": 4, "4byte": 4, "quad": 8,
          "8byte": 8}
ESCAPES = {"n": 10, "t": 9, "b": 8, "f": 12, "r": 13, '"': 34, "\\": 92}


def text_bytes(text):
    """The bytes of a string of the assembler."""
    out, i = bytearray(), 0
    while i < len(text):
        if text[i] != "\\":
            out.append(ord(text[i]))
            i += 1
            continue
        octal = re.match(r"[0-7]{1,3}", text[i + 1:])
        if octal:
            out.append(int(octal[0], 8))
            i += 1 + len(octal[0])
        else:
            out.append(ESCAPES[text[i + 1]])
            i += 2
    return bytes(out)


def objects(assembly):
    found, current = {}, None
    for line in assembly.splitlines():
        line = line.strip()
        label = re.match(r"_?(\w+):", line)
        if label:
            current = found.setdefault(label[1], bytearray())
            continue
        part = re.match(r"\.(\w+)\s*(.*)", line)
        if not part or current is None:
            continue
        word, rest = part[1], part[2]
        if word in WIDTHS:
            for value in re.sub(r"[#/].*", "", rest).split(","):
                current += (int(value, 0) % (1 << 8 * WIDTHS[word])).to_bytes(WIDTHS[word], "little")
        elif word in ("ascii", "asciz", "string"):
            current += text_bytes(re.match(r'"(.*)"', rest)[1])
            current += b"" if word == "ascii" else b"\0"
        elif word in ("space", "zero", "skip"):
            count, fill = (re.split(r"[,\s]+", rest) + ["0"])[:2]
            current += bytes([int(fill or "0", 0)]) * int(count, 0)
        elif word in ("section", "text", "subsections_via_symbols", "ident"):
            current = None
    return found


def main():
    names = re.findall(r"^const struct \w+ (\w+) =", (HERE / "messages.c").read_text(), re.M)
    for system, target in SYSTEMS.items():
        with tempfile.NamedTemporaryFile(suffix=".s") as out:
            subprocess.run([sys.executable, "-m", "ziglang", "cc", "-target", target, "-S", "-O0",
                            "-g0", "-o", out.name, str(HERE / "messages.c")], check=True)
            found = objects(pathlib.Path(out.name).read_text())
        rows = [f"{name} = {found[name].hex()}" for name in names if found.get(name)]
        (HERE / f"{system}.txt").write_text("\n".join(rows) + "\n")
        print(f"{system}: {len(rows)} objects")


main()
