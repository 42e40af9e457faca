#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""json_valid.py SCHEMA [--lines]: validate the JSON on standard input, or each line of it.

Strict: a key that the schema does not describe is an error, although readers of published objects
must ignore it. The exit status is 1 when something is not as described, and when there is no input."""
import json
import sys

import jsonschema


def close(schema):
    """Refuse the keys that an object's schema does not list."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def leaves(error):
    """The innermost errors, those of the kind of object that fits best."""
    if not error.context:
        return [error]
    kinds = {}
    for child in error.context:
        kinds.setdefault(child.schema_path[0], []).append(child)
    best = min(kinds.values(), key=lambda children: (len(children), -max(
        len(child.path) for child in children)))
    return [leaf for child in best for leaf in leaves(child)]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    close(schema)
    text = sys.stdin.read()
    values = text.splitlines() if "--lines" in sys.argv[2:] else [text]
    if not text.strip():
        sys.exit("nothing to validate")
    validator, bad = jsonschema.Draft202012Validator(schema), 0
    for value in values:
        for error in validator.iter_errors(json.loads(value)):
            for leaf in leaves(error):
                print(f"{leaf.json_path}: {leaf.message[:300]}")
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
