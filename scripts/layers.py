#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""layers.py [ROOT]: check the architecture of src/ (docs/architecture.md).

Two rules:
  - an include follows the arrows between the rooms, and keeps system headers out of libxtunnel;
  - no .c file calls a function of another file that, directly or through others, calls back.

Each violation is printed with the files, what one uses of the other, and the rule; exit status 1.
Only the text of the sources is read, so no build is needed."""
import collections
import pathlib
import re
import sys

# Room -> rooms whose headers it may include. An arrow never points upwards.
MAY_SEE = {
    "base": set(),
    "packet": {"base"},
    "crypto": {"base"},
    "core": {"crypto", "packet", "base"},
    "platform": {"packet", "base"},
    "config": {"core", "crypto", "packet", "base"},
    "ipc": {"platform", "core", "base"},
    "host": {"config", "platform", "base"},
    "tunnel": {"platform", "core", "crypto", "packet", "base"},
    "daemon": {"host", "tunnel", "config", "ipc", "platform", "core", "crypto", "packet", "base"},
    "exporter": {"daemon", "host", "config", "ipc", "platform", "base"},
    "cli": {"exporter", "daemon", "host", "tunnel", "config", "ipc", "platform", "core", "crypto", "packet",
            "base"},
}
# A link plan is data: config fills it in, platform carries it out.
SINGLE = {("config", "platform/link.h")}
# libxtunnel does no I/O, reads no clock and starts no thread.
PURE = {"base", "packet", "crypto", "core"}
IMPURE = re.compile(r"sys/(socket|epoll|ioctl|time|uio|un)\.h|netinet/.*|net/.*|linux/.*|"
                    r"unistd\.h|fcntl\.h|time\.h|pthread\.h|threads\.h|poll\.h|signal\.h|uv\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')


def include_fault(path, room, kind, name):
    """Why this include is refused, or None. path: from the root; kind: < or \"."""
    if name.endswith(".def"):
        return None  # an X-macro table is data, and lies beside its user
    if name == "uv.h" and not path.stem.endswith("_uv"):
        return "only *_uv.c and *_uv.h include <uv.h>"
    if room in PURE and kind == "<" and IMPURE.fullmatch(name):
        return f"{room} belongs to libxtunnel: no I/O, no clock, no thread"
    if kind == "<":
        return None
    other, slash, rest = name.partition("/")
    if not slash or other not in MAY_SEE:
        return "name the room: #include \"room/file.h\" (public headers by <xtunnel/...>)"
    if name.startswith("platform/windows/") and path.stem.removesuffix("_uv").endswith("_windows"):
        return None  # errors, texts and rights of Windows are the same in every room
    if other == "platform" and "/" in rest and room != "platform":
        return "the folders of platform are its own: include a header of platform/ itself"
    if other == room or other in MAY_SEE[room] or (room, name) in SINGLE:
        return None
    sees = ", ".join(sorted(MAY_SEE[room])) or "no other room"
    return f"{room} may include from {sees}; not from {other}"


def check_includes(root):
    """Prints what is wrong with the includes of src/ and include/; returns how much."""
    faults = 0
    for path in sorted((root / "src").rglob("*.[ch]")):
        path = path.relative_to(root)
        room = path.parts[1]
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if room not in MAY_SEE:
                fault, match = f"{room} is not a room of src/", True
            else:
                fault = match and include_fault(path, room, *match.groups())
            if fault:
                name = match.group(2) if match is not True else path.name
                print(f"{path}:{number}: {name}: {fault}")
                faults += 1
            if match is True:
                break
    for path in sorted((root / "include").rglob("*.h")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and (match.group(1) == '"' or IMPURE.fullmatch(match.group(2))):
                print(f"{path.relative_to(root)}:{number}: {match.group(2)}: "
                      "a public header includes public and standard headers only")
                faults += 1
    return faults


NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)(.*)$")
TOKEN = re.compile(r"[A-Za-z_]\w*|->|[^\s\w]")
# A name behind one of these is a tag or a member, not a function.
NOT_A_FUNCTION = {"struct", "union", "enum", "goto", ".", "->"}


def names_used(tokens):
    """Identifiers among tokens that may name a function."""
    used = set()
    before = ""
    for token in tokens:
        if (token[0].isalpha() or token[0] == "_") and before not in NOT_A_FUNCTION:
            used.add(token)
        before = token
    return used


def defined_name(head):
    """The function or table of functions that tokens, up to a body, define; None: a type."""
    depth = 0
    name = None
    for i, token in enumerate(head):
        if token == "=" and depth == 0:
            return name
        if token == "(" and depth == 0 and i > 0 and head[i - 1] != "__attribute__":
            return name
        if token in "([":
            depth += 1
        elif token in ")]":
            depth -= 1
        elif depth == 0 and re.match(r"[A-Za-z_]", token):
            name = token
    return None


class Source:
    """What one file defines and uses.
    defines   functions, and tables of them, that other files can use
    private   the static ones
    inlines   name -> names: what a macro or a function of a header brings with it
    uses      names used anywhere in the file but in directives
    pastes    beginnings of names that a macro completes (xt_key_##parser)"""

    def __init__(self, text, header=False):
        self.defines, self.private, self.inlines, self.pastes = set(), set(), {}, set()
        text = NOISE.sub(lambda m: " " if m.group(0)[0] == "/" else '""', text)
        text = text.replace("\\\n", " ")
        tokens = self.directives(text)
        self.uses = names_used(tokens)
        self.definitions(tokens, header)

    def directives(self, text):
        """Takes macros in; returns the tokens of the rest, of each #if its first branch only."""
        tokens = []
        skipping = []  # one for each open #if: does its present branch count for nothing?
        for line in text.split("\n"):
            match = DIRECTIVE.match(line)
            if not match:
                if not any(skipping):
                    tokens += TOKEN.findall(line)
                continue
            word, rest = match.groups()
            if word in ("if", "ifdef", "ifndef"):
                skipping.append(rest.strip() == "__cplusplus")
            elif word in ("else", "elif") and skipping:
                # Alternatives may both open the same brace: only uses of the first are known.
                skipping[-1] = True
            elif word == "endif" and skipping:
                skipping.pop()
            elif word == "define":
                body = TOKEN.findall(rest)
                if body:
                    self.inlines.setdefault(body[0], set()).update(names_used(body[1:]))
                    self.pastes.update(re.findall(r"(\w+)\s*##", rest))
        return tokens

    def definitions(self, tokens, header):
        """Finds functions: at file level, what stands before a body."""
        head, depth, name, body = [], 0, None, []
        for token in tokens:
            if token == "{":
                if depth == 0:
                    name = defined_name(head)
                    if name and not header:
                        (self.private if "static" in head else self.defines).add(name)
                    body = []
                depth += 1
            elif token == "}":
                depth -= 1
                if depth == 0:
                    if name and header:
                        self.inlines.setdefault(name, set()).update(names_used(body))
                    if name and "=" not in head:
                        head = []  # a function ends here, a type or a table at its semicolon
            elif depth == 0:
                head = [] if token == ";" else head + [token]
            else:
                body.append(token)


def call_graph(root):
    """{file: {other file: one function of it that file uses}} over all .c files of src/."""
    sources, inlines, tables = {}, {}, {}
    for path in sorted((root / "src").rglob("*.c")):
        sources[str(path.relative_to(root))] = Source(path.read_text())
    for top in ("src", "include"):
        for path in sorted((root / top).rglob("*.h")):
            for name, used in Source(path.read_text(), header=True).inlines.items():
                inlines.setdefault(name, set()).update(used)
    for path in sorted((root / "src").rglob("*.def")):
        tables[str(path.relative_to(root / "src"))] = Source(path.read_text()).uses
    owners = collections.defaultdict(list)  # alternatives of a build define the same function
    for path, source in sources.items():
        for name in source.defines:
            owners[name].append(path)

    graph = {}
    for path, source in sources.items():
        used = set(source.uses)
        for table in re.findall(r'^#include "(.*\.def)"', (root / path).read_text(), re.M):
            row = tables.get(table, set())
            used |= row | {paste + name for paste in source.pastes for name in row}
        todo = list(used)
        while todo:  # macros and inline functions in terms of what they use
            name = todo.pop()
            for more in source.inlines.get(name, set()) | inlines.get(name, set()):
                if more not in used:
                    used.add(more)
                    todo.append(more)
        calls = {}
        for name in sorted(used - source.defines - source.private):
            for owner in owners.get(name, []):
                calls.setdefault(owner, name)
        graph[path] = calls
    return graph


def groups_of(graph):
    """The groups of files that can reach each other, each sorted; single files are none."""
    reach = {}
    for start in graph:
        seen, todo = set(), [start]
        while todo:
            for other in graph[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        reach[start] = seen
    groups = {tuple(sorted(o for o in reach[path] if path in reach[o])) for path in graph}
    return sorted(group for group in groups if group)


def check_calls(root):
    """Prints the groups of files that call each other in a circle; returns how many."""
    graph = call_graph(root)
    groups = groups_of(graph)
    for group in groups:
        print(f"call cycle: {', '.join(group)}: a .c file may not call one that calls it back")
        for path in group:
            for other, name in sorted(graph[path].items()):
                if other in group:
                    print(f"    {path} calls {name}() of {other}")
    return len(groups)


def main(root):
    files = sum(1 for top in ("src", "include") for _ in (root / top).rglob("*.[ch]"))
    faults = check_includes(root)
    cycles = check_calls(root)
    print(f"{files} files, {faults} includes against the arrows, {cycles} call cycles")
    return 1 if faults or cycles or not files else 0


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        print(__doc__)
        sys.exit(0 if len(sys.argv) == 2 else 2)
    here = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here))
