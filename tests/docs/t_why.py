#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every code of src/ipc/why.def stands in xtunnel(8) and docs/troubleshooting.md with its words;
# both are as scripts/why_docs.py writes them, and a change of the table is noticed.
import pathlib
import re
import shutil
import subprocess
import tempfile

from common import SOURCE, end, plain, read, want

SCRIPT = "scripts/why_docs.py"


def check(root):
    done = subprocess.run([root / SCRIPT, "--check"], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""


def flat(text):
    return re.sub(r"\s+", " ", text.replace("`", "")).lower()


want(not check(SOURCE), check(SOURCE))
table = re.sub(r"/\*.*?\*/", "", read("src/ipc/why.def"), flags=re.S)
rows = re.findall(r'^X\(XT_WHY_\w+, "([a-z-]+)",(.*?)\)$', table, re.M | re.S)
want(len(rows) >= 20 and len(rows) == table.count("X(XT_WHY_"), f"{len(rows)} codes were read")
man = read("docs/man/xtunnel.8.scd").split("\n# EXPLANATIONS\n")[-1].split("\n# ")[0]
man = dict(re.findall(r"^\*([a-z-]+)\*\n(.*?)(?=^\*|\Z)", man, re.M | re.S))
page = dict(re.findall(r"^### ([a-z-]+)\n(.*?)(?=^### |\Z)", read("docs/troubleshooting.md"),
                       re.M | re.S))
for name, sections in (("xtunnel(8)", man), ("docs/troubleshooting.md", page)):
    for word in {word for word, _ in rows} ^ set(sections):
        want(False, f"{word} is a code in one of {name} and why.def")
for word, texts in rows:
    strings = re.sub(r'"\s+"', "", texts)
    for text in re.findall(r'"((?:\\.|[^"\\])*)"', strings):
        for line in text.replace('\\"', '"').split("\\n"):
            for piece in re.split(r"\{\w+\}", line):
                for name, section in (("xtunnel(8)", man), ("docs/troubleshooting.md", page)):
                    want(flat(piece.strip()) in flat(plain(section.get(word, ""))),
                         f"{word}: {piece.strip()}: not so in {name}")

want("# xtunnel why left" in read("README.md"), "README.md shows no `xtunnel why`")

with tempfile.TemporaryDirectory() as folder:
    copy = pathlib.Path(folder)
    for path in (SCRIPT, "src/ipc/why.def", "docs/man/xtunnel.8.scd", "docs/troubleshooting.md"):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / path, copy / path)
    if (SOURCE / "docs/troubleshooting").is_dir():
        shutil.copytree(SOURCE / "docs/troubleshooting", copy / "docs/troubleshooting")
    want(not check(copy), "the copy differs")
    for path, old, new in (("src/ipc/why.def", '"silent"', '"quiet"'),
                           ("src/ipc/why.def", "the peer is not running", "the peer has ended"),
                           ("docs/man/xtunnel.8.scd", "the peer is not running", "it ended"),
                           ("docs/troubleshooting.md", "### silent", "### quiet")):
        text = read(path)
        want(old in text, f"{path}: no {old}")
        (copy / path).write_text(text.replace(old, new))
        want(check(copy), f"{path}: {old} -> {new}: not noticed")
        (copy / path).write_text(text)
end(f"{len(rows)} codes")
