#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tally.py NAME=RESULTS.xml …: count the results in ctest's JUnit files, name failures and skips with
their reasons, and end with the line `N passed, N failed, N skipped`.  NAME=! is a build that failed.

A cmocka program counts by its cases, a script by its `ok:` lines, anything else as one."""
import re
import sys
import xml.etree.ElementTree as ET


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lines = []

    def fail(self, where, why):
        self.failed += 1
        self.lines.append(f"FAILED  {where}: {why}")

    def skip(self, where, why):
        self.skipped += 1
        self.lines.append(f"SKIPPED {where}: {why}")


def last_sentence(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith("FAIL"):
            return line
    return lines[-1] if lines else "no output"


def judge(tally, run, case):
    name = f"{run}/{case.get('name')}"
    text = case.findtext("system-out") or ""
    status = case.get("status")
    if status == "disabled":
        tally.skip(name, "disabled")
        return
    if case.find("skipped") is not None and status != "fail":
        message = case.find("skipped").get("message", "no reason given")
        if message == "Unable to find executable":
            tally.fail(name, "it was not built")
            return
        reason = re.search(r"^skip: (.*)$", text, re.M)
        tally.skip(name, reason.group(1) if reason else message)
        return
    cases = [int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) test", text, re.M)]
    bad = re.findall(r"^\[  FAILED  \] (\w+)$", text, re.M)
    parts = re.findall(r"^skip-part: (.*)$", text, re.M)
    if status == "fail" or case.find("failure") is not None:
        tally.passed += sum(cases) or len(re.findall(r"^ok: ", text, re.M))
        for one in sorted(set(bad)):
            tally.fail(f"{name}", one)
        if not bad:
            why = case.find("failure")
            tally.fail(name, f"{why.get('message', '') if why is not None else ''} "
                             f"{last_sentence(text)}".strip())
    else:
        tally.passed += sum(cases) or len(re.findall(r"^ok: ", text, re.M)) or 1
        for one in sorted(set(re.findall(r"^\[  SKIPPED \] (\w+)$", text, re.M))):
            why = re.search(rf"^skip-case: {re.escape(one)}: (.*)$", text, re.M)
            tally.skip(f"{name}", f"{one} ({why.group(1) if why else 'the program says why'})")
    for why in parts:
        tally.skip(name, why)


def main(results):
    tally = Tally()
    for result in results:
        run, _, path = result.partition("=")
        if path == "!":
            tally.fail(run, "does not build")
            continue
        try:
            cases = ET.parse(path).getroot().iter("testcase")
        except (OSError, ET.ParseError) as error:
            tally.fail(run, f"no results: {error}")
            continue
        before = (tally.passed, tally.failed, tally.skipped)
        n = 0
        for case in cases:
            judge(tally, run, case)
            n += 1
        if not n:
            tally.fail(run, "no tests")
        print(f"{run}: {tally.passed - before[0]} passed, {tally.failed - before[1]} failed, "
              f"{tally.skipped - before[2]} skipped in {n} programs")
    for line in tally.lines:
        print(line)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
