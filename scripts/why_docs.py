#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""why_docs.py [--check]: write docs/troubleshooting.md, and the section EXPLANATIONS of xtunnel(8),
from the table of codes src/ipc/why.def and the outputs in docs/troubleshooting.

--check writes nothing; exit status 1 when a file is not what the table says.

docs/troubleshooting/NN-WORD.txt is a fault and what it looks like, in the order of the page: a line
with the licence, a line of prose, and for each side a line `## SIDE: CODE`, then commands and what
they print.
tests/e2e/troubleshooting.sh makes the faults and compares the codes; with XT_RECORD=1 it writes the
outputs."""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = "src/ipc/why.def"
MAN = "docs/man/xtunnel.8.scd"
PAGE = "docs/troubleshooting.md"
FAULTS = "docs/troubleshooting"
COLUMNS = 100

# How a value stands in the documents, where its name in capitals would not be clear.
VALUES = {"times": "N times", "initiations": "N initiations", "responses": "N responses",
          "answered": "N initiations", "refused": "N initiations", "messages": "N messages",
          "datagrams": "N datagrams", "too_large": "N packets", "len": "N", "overruns": "N datagrams",
          "tun_drops": "N packets", "sent_10s": "N", "received_10s": "N", "sent_60s": "N",
          "received_60s": "N", "age": "T", "time": "T", "heard": "T", "handshake": "T",
          "gave_up": "T", "back": "T", "offset": "T ahead of", "loss": "P %", "rtt": "T"}


class Code:
    def __init__(self, word, fine, sides, known, causes, remedy):
        self.word, self.fine, self.sides, self.templates = word, fine, sides, known
        self.known, self.causes, self.remedy = (
            [value_words(line) for line in lines] for lines in (known, causes, remedy))

    def says(self, output):
        """Whether an output has one of the sentences, whatever the values."""
        for line in self.templates:
            pieces = re.split(r"^\([^)]*\) |\[[^]]*\]|\{\w+\}", line)
            if all(piece in output for piece in pieces):
                return True
        return False


def read(path):
    return (ROOT / path).read_text()


def codes():
    text = re.sub(r"/\*.*?\*/", "", read(TABLE), flags=re.S)
    string = r'"(?:\\.|[^"\\])*"'
    strings = rf"{string}(?:\s*{string})*"
    rows = re.findall(rf"^X\(XT_WHY_\w+,\s*({strings}),\s*(true|false),\s*({strings}),\s*({strings}),"
                      rf"\s*({strings}),\s*({strings})\)", text, re.M)
    if len(rows) != len(re.findall(r"^X\(", text, re.M)):
        sys.exit(f"why_docs: {TABLE}: a row was not read")

    def lines(literals):
        joined = "".join(part[1:-1] for part in re.findall(string, literals))
        plain = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), joined)
        return [line for line in plain.split("\n") if line]

    return [Code(lines(word)[0], fine == "true", " ".join(lines(sides)), *map(lines, rest))
            for word, fine, sides, *rest in rows]


def value_words(text):
    return re.sub(r"\{(\w+)\}", lambda m: VALUES.get(
        m.group(1), m.group(1).upper().replace("_", "-")), text)


def capital(text):
    return text[:1].upper() + text[1:]


def full_stop(text):
    return text if text.endswith("?") else text + "."


def wrap(text, first="", rest=""):
    return textwrap.wrap(text, COLUMNS - 8 * first.count("\t") + first.count("\t"),
                         initial_indent=first, subsequent_indent=rest, break_long_words=False,
                         break_on_hyphens=False)


# --- the manual page ---

def scd(text):
    """Text for scdoc: commands are bold, nothing else is markup."""
    parts = re.split(r"`([^`]+)`", text)
    plain = [re.sub(r"([\\*_])", r"\\\1", part) for part in parts]
    return "".join(f"*{part}*" if i % 2 else part for i, part in enumerate(plain))


def man_list(name, items):
    return wrap(full_stop(f"{name}: " + scd("; ".join(items))), "\t", "\t") if items else []


def man_section(table):
    out = ["# EXPLANATIONS", ""]
    out += wrap("A link that does not work has one of these codes, which *why*, *show*, *ping*, the "
                "log and JSON state. Each has what is known, which side can see it, the likely causes "
                "in order, and what to do. Words in parentheses name the case in which a line holds, "
                "words in brackets stand there when they are known. Of several codes the first one "
                "holds; *unknown-peer* and *other-key* are of callers that belong to no peer, "
                "*no-route* and *local-overload* of the device. docs/troubleshooting.md shows "
                "outputs of both sides.")
    out.append("")
    for code in table:
        out.append(f"*{code.word}*")
        out += wrap(scd("; or ".join(code.known)) + ".", "\t", "\t")
        for more in (man_list("Seen by", [code.sides]), man_list("Causes", code.causes),
                     man_list("Remedy", code.remedy)):
            out += [""] * bool(more) + more
        out.append("")
    return "\n".join(out)


def man_page(table):
    text = read(MAN)
    section = man_section(table)
    old = re.search(r"^# EXPLANATIONS\n.*?(?=^# )", text, re.M | re.S)
    if old:
        return text[:old.start()] + section + "\n" + text[old.end():]
    return text.replace("# SEE ALSO\n", section + "\n# SEE ALSO\n")


# --- the page ---

def faults(table):
    """Each fault: its number and name, prose, and the sides as (side, codes, lines)."""
    out, by_word = [], {code.word: code for code in table}
    for path in sorted((ROOT / FAULTS).glob("*.txt")):
        head, *sides = re.split(r"^## ", path.read_text(), flags=re.M)
        blocks = []
        for side in sides:
            title, _, body = side.partition("\n")
            match = re.fullmatch(r"(.+): ([a-z-]+(?:, [a-z-]+)*)", title)
            words = match.group(2).split(", ") if match else []
            if not match or any(word not in by_word for word in words):
                sys.exit(f"why_docs: {path.name}: expected: ## SIDE: CODE, not {title}")
            for word in words:
                if not by_word[word].says(body):
                    sys.exit(f"why_docs: {path.name}: {title}: not what {TABLE} says: record the "
                             "outputs again (docs/testing.md)")
            blocks.append((match.group(1), words, body.strip("\n").split("\n")))
        out.append((path.stem, head.partition("\n")[2].strip(), blocks))
    return out


def cell(text):
    return text.replace("|", "\\|")


def code_link(word):
    return f"[{word}](#{word})"


def page_faults(found):
    out = ["| what is wrong | here | at the peer |", "|---|---|---|"]
    for _, prose, blocks in found:
        seen = [", ".join(map(code_link, block[1])) for block in blocks]
        out.append(f"| {cell(prose)} | " + " | ".join((seen + ["", ""])[:2]) + " |")
    return out


def page_items(items):
    return [line for item in items for line in wrap(full_stop(capital(item)), "- ", "  ")]


def page_fault(prose, blocks):
    out = wrap(f"**{capital(prose)}.**") + [""]
    for side, _, lines in blocks:
        out += [f"{capital(side)}:", "", *(f"    {line}".rstrip() for line in lines), ""]
    return out


def has_code(code, fine, blocks):
    """Whether a fault is an example of the code: of one that is fine, if all its codes are."""
    words = [word for block in blocks for word in block[1]]
    return code.word in words and (not code.fine or set(words) <= fine)


def page_code(code, found, fine, shown):
    """shown: the faults whose outputs stand above, with the code where they do."""
    out = [f"### {code.word}", ""]
    out += wrap(" Or: ".join(capital(line) + "." for line in code.known)) + [""]
    out += wrap(f"Seen by: {code.sides}.") + [""]
    for title, items in (("Causes, the likely one first:", code.causes),
                         ("What to do:", code.remedy)):
        if items:
            out += [title, "", *page_items(items), ""]
    examples = [fault for fault in found if has_code(code, fine, fault[2])]
    fresh = [fault for fault in examples if fault[0] not in shown]
    for name, prose, blocks in fresh or examples[:1]:
        out += page_fault(prose, blocks)
    for name, prose, _ in [fault for fault in examples if fresh and fault not in fresh]:
        out += wrap(f"Also, under {code_link(shown[name])}: {prose}.") + [""]
    for name, _, _ in fresh:
        shown[name] = code.word
    return out


INTRODUCTION = """<!-- SPDX-License-Identifier: MIT -->
<!-- Written by scripts/why_docs.py from src/ipc/why.def and docs/troubleshooting. -->
# Troubleshooting

A tunnel does not work, or not as it should. In this order:

1. **On both sides**: `xtunnel why NAME`. It says of each peer what is known, the likely causes and
   what to do, with the addresses, ports, counts and times. Each side sees what the other one cannot.
   Where the other side is another implementation, this side alone has to do.
2. **With both files at hand**: `xtunnel check FILE OTHER` compares keys, AllowedIPs, ports and
   endpoints, each disagreement with both places.
3. **While nothing is sent**, nothing is known: `xtunnel ping NAME PEER`, or `xtunnel why NAME
   --probe`, then `why` again.
4. **When the code is `up`**, packets do pass between the two instances. `xtunnel capture NAME` shows
   them, the dropped ones too, with the reason.

The codes are stable: the same ones stand in `show`, `ping`, the log, `events` and in
[JSON](json.md). An ICMP error is a hint that anyone can forge; it changes words only.
"""


def page(table):
    found = faults(table)
    out = INTRODUCTION.splitlines()
    if found:
        out += ["", "## What breaks, and what each side says", "",
                "The first ten are what breaks most often. The outputs are below, at these codes.", ""]
        out += page_faults(found)
    out += ["", "## The codes", ""]
    out += wrap("Of several that hold, the first one is a peer's. `unknown-peer` and `other-key` are of "
                "callers that belong to no peer, `no-route` and `local-overload` of the device. Words "
                "in brackets stand there when they are known; words in parentheses name the case in "
                "which a line holds.") + [""]
    out += ["| code | what is known | seen by |", "|---|---|---|"]
    for code in table:
        out.append(f"| {code_link(code.word)} | {cell(code.known[0])} | {cell(code.sides)} |")
    out.append("")
    fine, shown = {code.word for code in table if code.fine}, {}
    for code in table:
        out += page_code(code, found, fine, shown)
    return "\n".join(out).rstrip("\n") + "\n"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    table, bad = codes(), 0
    for path, text in ((MAN, man_page(table)), (PAGE, page(table))):
        target = ROOT / path
        if not check:
            target.write_text(text)
        elif not target.is_file() or target.read_text() != text:
            print(f"{path} is not what {TABLE} says: run scripts/why_docs.py")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
