#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""json_docs.py [--check]: write docs/json.md and docs/schema/VERB-VERSION.json, the description of
what the verbs print with --json, from docs/schema/fields.txt and the tables that it names.

--check writes nothing; exit status 1 when a file is not what the tables say."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIELDS = "docs/schema/fields.txt"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
KEY = "^[A-Za-z0-9+/]{43}=$"

# Types of rows and of status.def: the JSON schema, and the word of the page.
TYPES = {
    "text": ({"type": "string"}, "text"),
    "text-or-null": ({"type": ["string", "null"]}, "text or null"),
    "key": ({"type": "string", "pattern": KEY}, "key in base64"),
    "endpoint": ({"type": "string", "pattern": ":[0-9]+$"}, "address:port"),
    "address": ({"type": "string"}, "address"),
    "network": ({"type": "string"}, "address/length"),
    "number": ({"type": "integer", "minimum": 0}, "integer"),
    "signed": ({"type": "integer"}, "integer"),
    "real": ({"type": "number"}, "number"),
    "number-or-null": ({"type": ["integer", "null"], "minimum": 0}, "integer or null"),
    "real-or-null": ({"type": ["number", "null"]}, "number or null"),
    "flag": ({"type": "boolean"}, "boolean"),
    "true": ({"const": True}, "true"),
    "numbers": ({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
                "object of integers"),
    "words": ({"type": "object", "additionalProperties": {"type": "string"}}, "object of texts"),
    "object": ({"type": "object"}, "object"),
    "list": ({"type": "array", "items": {"type": "object"}}, "array of objects"),
    "texts": ({"type": "array", "items": {"type": "string"}}, "array of texts"),
    "networks": ({"type": "array", "items": {"type": "string", "pattern": "/[0-9]+$"}},
                 "array of address/length"),
}
STATUS_TYPES = {"TEXT": "text", "KEY": "key", "ENDPOINT": "endpoint", "ADDRESS": "address",
                "NUMBER": "number", "LOSS": "number", "FLAG": "flag", "NETWORKS": "networks", "ENDPOINTS": "list",
                "COUNTERS": "counters", "LOCKS": "words", "VERDICTS": "nonzero-counters", "PEERS": "list"}
COUNTERS = ("counters", "nonzero-counters")
STATUS_PATHS = {"TOP": "", "UDP": "udp.", "ECHO": "echo.", "SANDBOX": "sandbox.",
                "PEER": "peers[]."}

# The unit of a number: by the end of its key, else by the first of these words in its sentence.
UNIT_ENDS = {"_us": "microseconds", "_ms": "milliseconds", "_ns": "nanoseconds", "_s": "seconds",
             "_bytes": "bytes", "_ppm": "parts per million"}
UNIT_WORDS = ("bytes a second", "packets a second", "gigabits a second", "processors", "peers", "bytes",
              "seconds", "milliseconds", "microseconds", "packets", "datagrams", "messages",
              "requests", "initiations", "threads", "offloads", "differences", "answers", "replies",
              "events", "lines", "errors", "responses", "percent", "sessions")
NO_UNIT = ("port", "user", "mark", "index", "version", "number of the request", "process number", "errno")


class Row:
    def __init__(self, path, kind, sentence):
        self.path, self.kind, self.sentence = path, kind, sentence
        match = re.search(r"(?:^|; )(absent .*)$", sentence)
        self.absent = match.group(1)[len("absent "):] if match else None
        self.meaning = sentence[:match.start()] if match else sentence

    def unit(self):
        if self.kind.removesuffix("-or-null") not in ("number", "signed", "real"):
            return ""
        for end, unit in UNIT_ENDS.items():
            if self.path.endswith(end):
                return unit
        words = re.search(rf"\b(?:{'|'.join(NO_UNIT + UNIT_WORDS)})\b", self.sentence)
        if words:
            return "none" if words.group() in NO_UNIT else words.group()
        sys.exit(f"json_docs: {self.path}: {self.sentence}: this number has no unit")


class Kind:
    def __init__(self, name, sentence):
        self.name, self.sentence, self.rows = name, sentence, []


class Verb:
    def __init__(self, name, version, form):
        self.name, self.version, self.form = name, int(version), form
        self.calls, self.prose, self.examples, self.kinds = [], [], [], []

    @property
    def schema_name(self):
        return f"{self.name}-{self.version}.json"


def read(path):
    return (ROOT / path).read_text()


def labels():
    """The enum of each verdict and its label."""
    return dict(re.findall(r'^X\((\w+), "(\w+)"', read("include/xtunnel/verdict.def"), re.M))


def counted(kind):
    """Labels of a device's counters, or of a peer's."""
    names = labels()
    if kind == "counters":
        return list(names.values())
    text = read("include/xtunnel/facts.h")
    return [names[name] for name in re.findall(r"^\tX\((XT_\w+)\)", text, re.M)]


def status_rows():
    text = re.sub(r"/\*.*?\*/", "", read("src/ipc/status.def"), flags=re.S)
    found = re.findall(r'^(?:GIVEN|REPORT)\((\w+), "(\w+)", (\w+),.*?"([^"]+)"\)$', text,
                       re.M | re.S)
    if len(found) != len(re.findall(r"^(?:GIVEN|REPORT)\(", text, re.M)):
        sys.exit("json_docs: src/ipc/status.def: a row was not read")
    rows = []
    for where, key, kind, sentence in found:
        if kind not in STATUS_TYPES:
            sys.exit(f"json_docs: src/ipc/status.def: {key}: unknown type {kind}")
        rows.append(Row(STATUS_PATHS[where] + key, STATUS_TYPES[kind], sentence))
    for parent, sentence in (("udp", "the UDP sockets"), ("echo", "the echo responder"),
                             ("sandbox", "the rights that the instance has given up")):
        at = next(i for i, row in enumerate(rows) if row.path.startswith(parent + "."))
        rows.insert(at, Row(parent, "object", sentence))
    return rows


def codes(path):
    found = re.findall(r'^X\(\w+,\s*"([a-z-]+)"', read(path), re.M)
    return found or sys.exit(f"json_docs: {path}: no codes")


def row_parse(line, where):
    cells = re.split(r" {2,}", line.strip(), maxsplit=2)
    if len(cells) != 3:
        sys.exit(f"{where}: expected: key, type and sentence, set apart by two spaces")
    key, kind, sentence = cells
    if kind.startswith("codes:"):
        kind = "|".join(codes(kind.removeprefix("codes:")))
    if kind not in TYPES and kind not in COUNTERS and "|" not in kind:
        sys.exit(f"{where}: {key}: unknown type {kind}")
    return Row(key, kind, sentence)


def fields():
    verbs = []
    for number, line in enumerate(read(FIELDS).splitlines(), 1):
        where = f"{FIELDS}:{number}"
        if not line or line[0] == "#":
            continue
        mark, rest = line[0], line[2:]
        if mark == "@":
            verbs.append(Verb(*rest.split()))
        elif mark == "$":
            verbs[-1].calls.append(rest)
        elif mark == ">":
            verbs[-1].prose.append(rest)
        elif mark == "?":
            verbs[-1].examples.append(rest)
        elif mark == "=":
            verbs[-1].kinds.append(Kind(*rest.split(": ", 1)))
        elif mark == "<":
            if rest != "src/ipc/status.def":
                sys.exit(f"{where}: unknown table {rest}")
            verbs[-1].kinds[-1].rows += status_rows()
        else:
            verbs[-1].kinds[-1].rows.append(row_parse(line, where))
    return verbs


def sentence_of(row):
    return row.sentence[0].upper() + row.sentence[1:] + "."


def row_schema(row):
    if "|" in row.kind:
        schema = {"enum": row.kind.split("|")}
    elif row.kind in COUNTERS:
        number = {"type": "integer", "minimum": 0}
        names = counted(row.kind)
        schema = {"type": "object", "properties": {name: number for name in names}}
        if row.kind == "counters":
            schema["required"] = names
    else:
        schema = json.loads(json.dumps(TYPES[row.kind][0]))
    if row.path == "schema":
        schema = {"const": int(re.search(r"\d+", row.sentence).group())}
    return {"description": sentence_of(row), **schema}


def row_put(schema, row):
    """Put the row's schema to its place below that of the object."""
    *parents, key = row.path.split(".")
    for parent in parents:
        name = parent.removesuffix("[]")
        if name not in schema.get("properties", {}):
            sys.exit(f"json_docs: {row.path}: {name} has no row before it")
        schema = schema["properties"][name]
        if parent.endswith("[]"):
            schema = schema["items"]
    if row.absent is None:
        schema.setdefault("required", []).append(key)
    schema.setdefault("properties", {})[key] = row_schema(row)


def kind_schema(kind):
    schema = {"description": kind.sentence[0].upper() + kind.sentence[1:] + ".", "type": "object",
              "properties": {}, "required": []}
    for row in kind.rows:
        row_put(schema, row)
    return schema


def verb_schema(verb):
    title = verb.calls[0] + (", each line" if verb.form == "lines" else "")
    schema = {"$schema": DRAFT, "title": title}
    if verb.form == "names":
        return {**schema, "type": "array", "items": {"type": "string"}}
    kinds = {kind.name: kind_schema(kind) for kind in verb.kinds}
    refs = [{"$ref": f"#/$defs/{name}"} for name in kinds]
    one = refs[0] if len(refs) == 1 else {"anyOf": refs}
    if verb.form == "array":
        schema.update({"type": "array", "items": one})
    elif verb.form == "objects":
        schema.update({"if": {"type": "array"}, "then": {"items": one}, "else": one})
    else:
        schema.update(one)
    return {**schema, "$defs": kinds}


def cell(text):
    return text.replace("|", "\\|")


def kind_word(row):
    if row.kind.count("|") > 8:
        return "code"
    if "|" in row.kind:
        return ", ".join(f"`{word}`" for word in row.kind.split("|"))
    if row.kind in COUNTERS:
        return "object of integers"
    return TYPES[row.kind][1]


def page_verb(verb):
    out = [f"## {verb.name.replace('-', ' ')}", ""]
    out += [f"    {call}" for call in verb.calls] + [""]
    if verb.prose:
        out += verb.prose + [""]
    out += [f"Version {verb.version}: [schema/{verb.schema_name}](schema/{verb.schema_name}).", ""]
    if verb.examples:
        out += [f"    {example}" for example in verb.examples] + [""]
    for kind in verb.kinds:
        if len(verb.kinds) > 1:
            out += [f"### {kind.name}", ""]
            out += [kind.sentence[0].upper() + kind.sentence[1:] + ".", ""]
        out += ["| key | type | unit | meaning | absent |", "|---|---|---|---|---|"]
        for row in kind.rows:
            cells = (f"`{row.path}`", kind_word(row), row.unit(), row.meaning, row.absent or "never")
            out.append("| " + " | ".join(map(cell, cells)) + " |")
        out.append("")
    return out


INTRODUCTION = """<!-- SPDX-License-Identifier: MIT -->
<!-- Written by scripts/json_docs.py from docs/schema/fields.txt and src/ipc/status.def. -->
# JSON of the verbs

What the verbs print with `--json`, for scripts. Each section has a table and a JSON schema (draft
2020-12) of its objects. The tests compare both with what a running instance prints.

- A key is never renamed or removed, and never changes its type, unit or meaning, without a new
  version of its object. The objects of `show`, `reload` and `why` state theirs in `schema`; the
  others have the version that this page says.
- Keys are added without a new version. Read what you know and ignore the rest.
- A key that does not apply is absent, and null only where the type says so. The last column says
  when; *never* means that it is always there.
- Integers have up to 63 bits. `jq` before 1.7 rounds those above 2^53.
- No object holds a private key or a pre-shared key.
- Diagnostics go to standard error. Standard output is JSON or empty. EXIT STATUS in *xtunnel*(8) has
  the exit codes.
"""


def outputs():
    verbs = fields()
    page = INTRODUCTION.splitlines() + [""]
    files = {}
    for verb in verbs:
        page += page_verb(verb)
        schema = json.dumps(verb_schema(verb), indent=2, ensure_ascii=False)
        files[f"docs/schema/{verb.schema_name}"] = schema + "\n"
    files["docs/json.md"] = "\n".join(page).rstrip("\n") + "\n"
    return files


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    files, bad = outputs(), 0
    for path, text in files.items():
        target = ROOT / path
        if not check:
            target.write_text(text)
        elif not target.is_file() or target.read_text() != text:
            print(f"{path} is not what the tables say: run scripts/json_docs.py")
            bad = 1
    for path in (ROOT / "docs/schema").glob("*.json"):
        if f"docs/schema/{path.name}" not in files:
            print(f"docs/schema/{path.name}: no row of {FIELDS} makes it")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
