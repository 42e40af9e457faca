#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""msi_finish.py FILE UNIX-TIME GUID: what wixl cannot do.

Adds the program's folder to PATH (table Environment), and makes the file reproducible: its times
become UNIX-TIME, its package code GUID, which wixl draws at random.
"""
import re
import struct
import subprocess
import sys
import time

PATH = [
    "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL, "
    "`Value` CHAR(255), `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)",
    # = set, - remove with the component, * of the system; [~] is what PATH has.
    "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) "
    "VALUES ('Path', '=-*PATH', '[~];[INSTALLDIR]', 'Program')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) "
    "VALUES ('RemoveEnvironmentStrings', 3300)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) "
    "VALUES ('WriteEnvironmentStrings', 5200)",
]
EPOCH = 11644473600  # seconds from 1601 to 1970
VT_FILETIME = struct.pack("<I", 0x40)


def filetime(seconds):
    return int((seconds + EPOCH) * 10_000_000)


def set_times(data, seconds):
    """The times of the summary: each of the type FILETIME and of the last hour."""
    new, count = filetime(seconds), 0
    low, high = filetime(time.time() - 3600), filetime(time.time() + 60)
    at = data.find(VT_FILETIME)
    while at >= 0:
        (value,) = struct.unpack_from("<Q", data, at + 4) if at + 12 <= len(data) else (0,)
        if low <= value <= high:
            struct.pack_into("<Q", data, at + 4, new)
            count += 1
        at = data.find(VT_FILETIME, at + 1)
    return count


def main():
    path, seconds, guid = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    for query in PATH:
        subprocess.run(["msibuild", path, "-q", query], check=True)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if set_times(data, seconds) != 2:
        sys.exit("msi_finish: the summary has not two times")
    summary = subprocess.run(["msiinfo", "suminfo", path], check=True, capture_output=True, text=True)
    code = re.search(r"\{[0-9A-F-]{36}\}", summary.stdout).group(0)
    if data.count(code.encode()) != 1:
        sys.exit("msi_finish: the package code is not there once")
    with open(path, "wb") as file:
        file.write(data.replace(code.encode(), f"{{{guid}}}".encode()))


main()
