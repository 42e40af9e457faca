#!/usr/bin/env python3
"""layers.py [ROOT]: does every include follow the arrows of docs/architecture.md?"""
import pathlib
import re
import sys

MAY_SEE = {
    "base": set(),
    "packet": {"base"},
    "crypto": {"base"},
    "core": {"crypto", "packet", "base"},
    "platform": {"packet", "base"},
    "config": {"core", "crypto", "packet", "base"},
    "ipc": {"core", "base"},
    "host": {"config", "platform", "packet", "base"},
    "tunnel": {"platform", "core", "crypto", "packet", "base"},
    "daemon": {"host", "tunnel", "config", "ipc", "platform", "core", "crypto", "packet", "base"},
    "cli": {"daemon", "host", "tunnel", "config", "ipc", "platform", "core", "crypto", "packet",
            "base"},
}
# A plan for the link is data: config fills it, platform carries it out.
SINGLE = {("config", "platform/link.h")}
# The library does no I/O, asks no clock and makes no thread.
PURE = {"base", "packet", "crypto", "core"}
IMPURE = re.compile(r"sys/(socket|epoll|ioctl|time|uio|un)\.h|netinet/.*|net/.*|linux/.*|"
                    r"unistd\.h|fcntl\.h|time\.h|pthread\.h|threads\.h|poll\.h|signal\.h|uv\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')


def wrong(path, layer, kind, name):
    """Why this include may not stand here, or None."""
    if name == "uv.h" and not path.stem.endswith("_uv"):
        return "only *_uv.c and *_uv.h include <uv.h>"
    if layer in PURE and kind == "<" and IMPURE.fullmatch(name):
        return f"{layer} belongs to libxtunnel: no I/O, no clock, no thread"
    if kind == "<":
        return None
    other, slash, _ = name.partition("/")
    if not slash or other not in MAY_SEE:
        return "name the layer: #include \"layer/file.h\" (public headers by <xtunnel/…>)"
    if other == layer or other in MAY_SEE[layer] or (layer, name) in SINGLE:
        return None
    return f"{layer} may not see {other}"


def main(root):
    found = 0
    files = 0
    for path in sorted((root / "src").rglob("*.[ch]")):
        layer = path.relative_to(root / "src").parts[0]
        files += 1
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            why = match and wrong(path, layer, *match.groups())
            # X-macro tables lie beside their user.
            if why and match.group(2).endswith(".def"):
                why = None
            if why:
                print(f"{path.relative_to(root)}:{number}: {match.group(2)}: {why}")
                found += 1
    for path in sorted((root / "include").rglob("*.h")):
        files += 1
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and (match.group(1) == '"' or IMPURE.fullmatch(match.group(2))):
                print(f"{path.relative_to(root)}:{number}: {match.group(2)}: "
                      "a public header includes public and standard headers")
                found += 1
    print(f"{files} files, {found} includes against the arrows")
    return 1 if found or not files else 0


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here))
