# SPDX-License-Identifier: MIT
"""What the docs tests share: where things are, and telling differences."""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("XT_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BIN = os.environ.get("XT_BIN", str(SOURCE / "build/debug/xtunnel"))
problems = []


def read(path):
    return (SOURCE / path).read_text()


def plain(scd):
    """scdoc's text without its markup."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[*]", "", scd))


def run(*args):
    done = subprocess.run([BIN, *args], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        problems.append(f"xtunnel {' '.join(args)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def want(condition, sentence):
    if not condition:
        problems.append(sentence)


def end(what):
    for problem in problems:
        print("FAIL:", problem)
    if not problems:
        print(what)
    sys.exit(1 if problems else 0)
