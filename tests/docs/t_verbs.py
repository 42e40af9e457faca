#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The verbs and options of `xtunnel --help` and those of xtunnel(8) are the same.
import re

from common import end, plain, read, run, want

page = read("docs/man/xtunnel.8.scd")
text = plain(page)
listed = re.search(r"^Verbs:\n((?:  \S.*\n)+)", run("--help"), re.M)
want(listed, "--help lists no verbs")
verbs = re.findall(r"^  (\S+)", listed.group(1) if listed else "", re.M)
# A verb's paragraph begins with its bold name at the margin or in a heading of its own.
documented = re.findall(r"^\*([a-z]+)\*(?: .*)?$", page.split("\n# VERBS", 1)[-1].split("\n# ")[0],
                        re.M)
for verb in verbs:
    want(verb in documented, f"verb {verb} has no paragraph in xtunnel(8)")
    help_text = run("help", verb)
    want(help_text.startswith("Examples:\n"), f"help {verb} does not begin with examples")
    want(help_text == run(verb, "--help"), f"help {verb} and {verb} --help differ")
    for option in re.findall(r"^ .*?(--[a-z-]+)", help_text.split("Options:")[-1], re.M):
        want(option in text, f"option {option} of {verb} is not in xtunnel(8)")
for verb in documented:
    want(verb in verbs, f"xtunnel(8) has a verb {verb}, --help has not")
for option in sorted(set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help", "--version", "--foreground"}):
    want(any(option in run("help", verb) for verb in verbs),
         f"xtunnel(8) has an option {option}, no verb has")
want("--foreground" in run("--help") and "--foreground" in text, "-f, --foreground INTERFACE")
readme = read("README.md")
for verb in re.findall(r"\bxtunnel ([a-z]+) ", readme):
    want(verb in verbs + ["help"], f"README.md has a verb {verb}")
for verb in verbs:
    want(f"xtunnel {verb}" in readme or f"`{verb}`" in readme, f"README.md does not name {verb}")
end(f"{len(verbs)} verbs")
