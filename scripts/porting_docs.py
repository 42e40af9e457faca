#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""porting_docs.py [--check]: write the list of functions that a system owes into docs/porting.md,
from the headers of src/platform, and which systems have which, from their lists of sources.

--check writes nothing; exit status 1 when the document is not what the headers say, or a header has
no place in the order below."""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = "docs/porting.md"
BEGIN, END = "<!-- functions: scripts/porting_docs.py -->", "<!-- end of functions -->"
SYSTEMS = {"linux": "Linux", "darwin": "macOS", "bsd": "BSD", "windows": "Windows"}
# The order to write them in: what each step makes run, and its headers.
STEPS = [
    ("libxtunnel", "The library builds, and the unit tests of base, packet, crypto and core pass.",
     ["base/pages.h"]),
    ("Verbs without an instance", "`genkey`, `check`, `new` and `strip` run.",
     ["library.h", "cache.h", "processors.h", "offload.h", "malloc.h", "random.h", "condition.h",
      "text_stream.h"]),
    ("Local sockets and processes", "`show`, `list` and `down` answer, with nothing to show yet.",
     ["fd.h", "process.h", "memory_file.h", "namespace.h", "link_name.h"]),
    ("Packets to and from the host", "`xtunnel echo` answers a ping.",
     ["clock.h", "wake.h", "tun.h"]),
    ("Datagrams", "Two instances with `Table = off` ping each other; addresses are set by hand.",
     ["udp.h"]),
    ("The interface in the host", "`up` sets addresses, MTU and routes, and `down` removes them.",
     ["link.h", "watch.h", "dns.h"]),
    ("Rights", "`show` names the locks; before that it says unconfined.", ["sandbox.h"]),
]
# Where programs and files of Linux do it: the model has no function.
ELSEWHERE = {"dns.h"}


def code_of(path):
    return re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)


def header_path(name):
    return ROOT / "src" / (name if "/" in name else f"platform/{name}")


def subject(path):
    """The first sentence of the second comment of a header."""
    comments = re.findall(r"/\*(.*?)\*/", path.read_text(), re.S)
    text = re.sub(r"\s+", " ", re.sub(r"\n \*", " ", comments[1])).strip()
    return re.split(r"(?<=[.:]) (?=[A-Z])", text)[0].rstrip(":.") + "."


def declared(path):
    """Functions, and members of tables of operations as (table, member)."""
    text = code_of(path)
    found = [(m.start(), (m.group(1), member))
             for m in re.finditer(r"struct (xt_\w+_ops) \{(.*?)\n\};", text, re.S)
             for member in re.findall(r"\(\*(\w+)\)\(", m.group(2))]
    for m in re.finditer(r"^(?!static|typedef|struct \w+ \{)[a-z][\w \t*]*?\b(xt_\w+)\([^;{]*;", text,
                         re.M):
        found.append((m.start(), m.group(1)))
    return [item for _, item in sorted(found, key=lambda f: f[0])]


def sources(system):
    """The text of each source that the lists give a system."""
    folder = ROOT / "src/platform"
    common = re.sub(r"#.*", "", (folder / "CMakeLists.txt").read_text())
    names = set(re.findall(r"[\w/]+\.c\b", (folder / f"{system}.cmake").read_text()))
    for words in re.findall(r"set\(\w+ ([^)]*\.c)\)", common):
        if system != "windows":
            names |= set(words.split())
    names |= set(re.findall(r"[\w/]+\.c\b", common[common.index("xt_room("):]))
    files = [folder / name for name in names if not name.startswith("mem/")]
    pages = {"linux": "linux", "windows": "windows"}.get(system, "posix")
    files += [ROOT / f"src/base/pages_{pages}.c", ROOT / "src/base/aligned.c"]
    return [code_of(path) for path in files if path.exists()]


def has(texts, item):
    if isinstance(item, tuple):
        table = rf"struct {item[0]} \w+ = \{{[^;]*?\.{item[1]}\b"
        return any(re.search(table, text, re.S) for text in texts)
    return any(re.search(rf"^[a-z][\w \t*]*\b{item}\([^;{{]*\{{", text, re.M) for text in texts)


unwritten = []  # functions that Linux, the model, lacks: the patterns above are wrong


def block():
    texts = {system: sources(system) for system in SYSTEMS}
    lines, step = [], 0
    for title, runs, headers in STEPS:
        headers = [name for name in headers if header_path(name).exists()]
        step += 1
        lines += [f"### {step}. {title}", "", runs, ""]
        for name in headers:
            path = header_path(name)
            lines += [*textwrap.wrap(f"`{path.relative_to(ROOT / 'src')}`: {subject(path)}", 100,
                                     break_on_hyphens=False), "",
                      "| function | " + " | ".join(SYSTEMS.values()) + " |",
                      "|---|" + "---|" * len(SYSTEMS)]
            for item in declared(path):
                word = f"`{item}`" if isinstance(item, str) else f"`{item[0]}`: `{item[1]}`"
                if name not in ELSEWHERE and not has(texts["linux"], item):
                    print(f"{word} of {path.name}: no source of Linux has it")
                    unwritten.append(word)
                cells = ["yes" if has(texts[system], item) else "" for system in SYSTEMS]
                lines.append(f"| {word} | " + " | ".join(cells) + " |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main():
    placed = {name for _, _, headers in STEPS for name in headers}
    missing = [path.name for path in sorted((ROOT / "src/platform").glob("*.h"))
               if path.name not in placed]
    for name in missing:
        print(f"src/platform/{name} has no place in the order of scripts/porting_docs.py")
    page = (ROOT / PAGE).read_text()
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    want = f"{head}{BEGIN}\n\n{block()}\n{END}{tail}"
    if "--check" in sys.argv[1:]:
        if page != want:
            print(f"{PAGE} is not what the headers of src/platform say: run scripts/porting_docs.py")
        sys.exit(bool(missing or unwritten) or page != want)
    (ROOT / PAGE).write_text(want)
    sys.exit(bool(missing or unwritten))


if __name__ == "__main__":
    main()
