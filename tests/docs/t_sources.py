#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Every source stands in a list of its folder, in its CMakeLists.txt or a .cmake file beside it, in
# order: no source is left out of the build unnoticed.
import re

from common import SOURCE, end, want

# Built by other means: by tests/docs/t_embed.sh; by tests/CMakeLists.txt for an emulator; never, or
# by a maker of vectors.
ELSEWHERE = {"tests/embed", "tests/skips", "tests/vectors"}
n = 0
for folder in [*sorted((SOURCE / "src").iterdir()), *sorted((SOURCE / "tests").iterdir())]:
    sources = sorted(folder.rglob("*.c")) if folder.is_dir() else []
    name = str(folder.relative_to(SOURCE))
    if not sources or name in ELSEWHERE:
        continue
    lists = folder / "CMakeLists.txt"
    want(lists.exists(), f"{name} has sources and no CMakeLists.txt")
    if not lists.exists():
        continue
    # The lists of a system stand beside: src/platform/linux.cmake.
    text = "\n".join(re.sub(r"#.*", "", path.read_text())
                     for path in [lists, *sorted(folder.glob("*.cmake"))])
    words = set(re.findall(r"[\w./-]+", text))
    for source in sources:
        n += 1
        path = str(source.relative_to(folder))
        # Lists of names: test_batch; case_NAME.c and fuzz_NAME.c by NAME.
        forms = {path, path[:-2], re.sub(r"^(case|fuzz)_", "", path[:-2])}
        want(words & forms, f"{name}/CMakeLists.txt does not list {path}")
    for block in re.findall(r"(?:\n +(?![A-Z])[\w/.-]+)+", text):
        items = [item for item in block.split() if re.fullmatch(r"[\w/]+\.c|test_\w+", item)]
        want(items == sorted(items), f"{name}/CMakeLists.txt: not in order: {' '.join(items)}")
end(f"{n} sources listed")
