#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# README, tutorial, operations, faq and comparison: links lead somewhere, every block of commands is
# one that a test runs, and each figure in a table is one that was measured.
import re

from common import SOURCE, end, read, want

RUN = {"README.md": "t_docs_pages.sh", "docs/tutorial.md": "t_docs_tutorial.sh",
       "docs/operations.md": "t_docs_pages.sh", "docs/faq.md": "t_docs_pages.sh"}
PAGES = list(RUN) + ["docs/comparison.md"]
MEASURED = ["docs/performance.md", "docs/security.md", "docs/recovery.md"]
# Blocks of commands that build the program and measure it: README by CI, the others by their pages.
INDENTED = ["README.md", "docs/comparison.md"]


def anchors(text):
    """The names of a page's headings, as they stand in links."""
    titles = re.findall(r"^#+ (.*)", re.sub(r"(?ms)^```.*?^```", "", text), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links_check(page, text):
    for target in re.findall(r"\]\(([^)#]*(?:#[^)]*)?)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (SOURCE / page).parent / path if path else SOURCE / page
        want(file.exists(), f"{page}: no {target}")
        if anchor and file.exists():
            want(anchor in anchors(file.read_text()), f"{page}: no heading for {target}")


def blocks_check(page, text):
    """Each fenced block is run, or it is a file that a marker writes."""
    before = ""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            inside = not inside
            if inside:
                want(line in ("```console", "```ini"), f"{page}:{number}: {line}: no test runs it")
                want(line != "```ini" or re.match("<!-- (file|insert|replace) ", before),
                     f"{page}:{number}: what file is it?")
        elif not inside and line.startswith("    ") and page not in INDENTED:
            want(False, f"{page}:{number}: an indented block, which no test runs")
        before = line or before
    want(not inside, f"{page}: a block without end")


for name in PAGES:
    content = read(name)
    links_check(name, content)
    blocks_check(name, content)
    if name in RUN:
        want("```console" in content, f"{name} has no commands")
        want(name in read("tests/e2e/" + RUN[name]), f"{RUN[name]} does not run {name}")
        want(name in read("scripts/readme"), f"scripts/readme does not refresh {name}")

# A figure of a table has to be in a table of the pages that have the commands.
measured = {cell.strip() for path in MEASURED for row in re.findall(r"^\|.*\|$", read(path), re.M)
            for cell in row.split("|")}
figures = 0
for name in ("README.md", "docs/comparison.md"):
    for row in re.findall(r"^\|.*\|$", read(name), re.M):
        for cell in row.strip("|").split("|")[1:]:
            if re.search(r"\d", cell) and not re.search("[a-z]{4}", cell):
                figures += 1
                want(cell.strip() in measured, f"{name}: {cell.strip()} was not measured")
want(figures > 100, "README.md and docs/comparison.md have no figures")
for path in (SOURCE / "docs").glob("**/*.md"):
    name = str(path.relative_to(SOURCE))
    want(name in RUN or "```console" not in path.read_text(), f"{name}: no test runs its commands")
end(f"{len(PAGES)} documents, {figures} figures")
