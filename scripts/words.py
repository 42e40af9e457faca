#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""words.py [ROOT]: check the words and the form of sources, documents and commits.

  - retired words (scripts/words.txt): in src/, include/, docs/ and README.md, each with its
    replacement; some of them in identifiers and file names only
  - comment lines of sources, tests and scripts: at most 100 columns
  - subjects of commits since scripts/words.txt came: "area: do this", at most 72 columns, the area
    in lower case, no full stop. Skipped where history is missing: in a tarball or a shallow clone.

Each violation is one line, file:line: what, and what to write; exit status 1."""
import pathlib
import re
import subprocess
import sys

LIST = "scripts/words.txt"
COLUMNS = 100
SUBJECT_COLUMNS = 72
TAB = 8
# The glossary may name what it replaces; the plot's text comes from scripts/bench.
NOT_READ = {"docs/glossary.md", "docs/performance.svg"}
CODE = {".c", ".h", ".def"}
NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
INCLUDE = re.compile(r"^\s*#\s*include\b.*$", re.M)
AREA = r"[a-z0-9][a-z0-9_./-]*"
SUBJECT = re.compile(rf"{AREA}(, {AREA})*: [a-z]\S*( .*)?[^.\s]")
# Folders of data and of what programs leave.
DATA = {"__pycache__", "corpus", "vectors"}


class Words:
    """The list: text and identifiers map a word to its replacement."""

    def __init__(self, path):
        self.text, self.identifiers, self.allowed = {}, {}, []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line or line[0] == "#":
                continue
            fields = re.split(r"\s{2,}|\t+", line.strip(), maxsplit=2)
            if len(fields) == 2 and fields[1] == "allowed":
                self.allowed.append(fields[0])
            elif len(fields) == 3 and fields[1] in ("text", "identifiers"):
                getattr(self, fields[1])[fields[0]] = fields[2]
            else:
                sys.exit(f"{path}:{number}: expected: word, where, replacement")
        self.in_text = self.matcher(self.text)
        self.in_identifiers = self.matcher({**self.text, **self.identifiers})
        self.phrases = re.compile("|".join(map(re.escape, self.allowed)) or r"$.", re.I)

    @staticmethod
    def matcher(words):
        """Matches a word between anything but letters, so also a part of xt_some_name."""
        choice = "|".join(sorted(words, key=len, reverse=True)) or r"$."
        return re.compile(rf"(?<![A-Za-z])({choice})(?![A-Za-z])", re.I)

    def replacement(self, word):
        return self.text.get(word) or self.identifiers[word]


def without(pattern, text):
    """text with what pattern matches blanked, lines and columns kept."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def check_file(root, path, words):
    """Retired words in one file and in its name."""
    found = []
    name = str(path.relative_to(root))
    code = path.suffix in CODE
    matcher = words.in_identifiers if code else words.in_text
    for match in matcher.finditer(words.phrases.sub("", name)):
        word = match.group(1).lower()
        found.append(f"{name}:1: file name: \"{word}\" is retired: {words.replacement(word)}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return found  # not text
    text = without(words.phrases, text)
    hits = {(match.start(), match.group(1)) for match in words.in_text.finditer(text)}
    if code:
        names = without(INCLUDE, without(NOISE, text))
        hits |= {(match.start(), match.group(1)) for match in words.in_identifiers.finditer(names)}
    for at, word in sorted(hits):
        line = text.count("\n", 0, at) + 1
        found.append(f"{name}:{line}: \"{word}\" is retired: {words.replacement(word.lower())}")
    return found


def check_columns(root, path):
    """Comment lines that are too long."""
    name = str(path.relative_to(root))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    lines = text.split("\n")
    numbers = set()
    if path.suffix in CODE:
        # Strings are blanked first: a /* in one opens no comment.
        strings = re.compile(r"(/\*.*?\*/|//[^\n]*)|\"(?:\\.|[^\"\\\n])*\"", re.S)
        plain = strings.sub(lambda m: m.group(0) if m.group(1) else " " * len(m.group(0)), text)
        for match in COMMENT.finditer(plain):
            first = plain.count("\n", 0, match.start()) + 1
            numbers.update(range(first, first + match.group(0).count("\n") + 1))
    else:
        numbers = {i for i, line in enumerate(lines, 1) if line.lstrip().startswith("#")}
    return [f"{name}:{i}: a comment line of {len(lines[i - 1].expandtabs(TAB))} columns: "
            f"at most {COLUMNS}"
            for i in sorted(numbers) if len(lines[i - 1].expandtabs(TAB)) > COLUMNS]


def git(root, *args):
    """What git prints, or None."""
    try:
        run = subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True,
                             check=False)
    except FileNotFoundError:
        return None
    return run.stdout if run.returncode == 0 else None


def check_subjects(root):
    """Subjects of the commits since the list was added."""
    top = git(root, "rev-parse", "--show-toplevel")
    if not top or pathlib.Path(top.strip()).resolve() != root.resolve():
        return []
    if git(root, "rev-parse", "--is-shallow-repository") != "false\n":
        return []
    added = (git(root, "log", "--diff-filter=A", "--format=%H", "--", LIST) or "").split()
    if not added:
        return []
    found = []
    log = git(root, "log", "--no-merges", "--format=%h %s", f"{added[-1]}..HEAD") or ""
    for line in log.splitlines():
        commit, _, subject = line.partition(" ")
        if len(subject) > SUBJECT_COLUMNS:
            found.append(f"{commit}: \"{subject}\": {len(subject)} columns, at most "
                         f"{SUBJECT_COLUMNS}")
        elif not SUBJECT.fullmatch(subject):
            found.append(f"{commit}: \"{subject}\": write \"area: do this\", the area in lower "
                         "case, no full stop")
    return found


def files_of(root, *tops):
    for top in tops:
        path = root / top
        if path.is_file():
            yield path
        else:
            yield from (p for p in sorted(path.rglob("*"))
                        if p.is_file() and not DATA & set(p.parts))


def main(root):
    words = Words(root / LIST)
    found = []
    for path in files_of(root, "src", "include", "docs", "README.md"):
        if str(path.relative_to(root)) not in NOT_READ:
            found += check_file(root, path, words)
    for path in files_of(root, "src", "include", "tests", "scripts"):
        if path.suffix in CODE | {".sh", ".py", ".cmake"} or not path.suffix:
            found += check_columns(root, path)
    found += check_subjects(root)
    for line in found:
        print(line)
    print(f"{len(found)} words, comment lines and commit subjects to mend")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        print(__doc__)
        sys.exit(0 if len(sys.argv) == 2 else 2)
    here = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here))
