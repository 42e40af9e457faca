#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""document.py: run the commands of a document, and compare their output with what it shows.

    document.py [--write] FILE.md     as root, with XT_BIN; tests/e2e/documents.sh calls it

Commands stand in fenced blocks that are called `console`. A line `HOST# COMMAND` runs COMMAND as
root on HOST; what follows is its output, on both streams. `...` stands for any lines. Comments of
the document, which no reader sees, say the rest:

    <!-- hosts: NAME -->           end all hosts and make those of the function lab_NAME below
    <!-- run HOST: COMMAND -->     a step that the reader does otherwise, or need not do
    <!-- await HOST: COMMAND -->   repeat COMMAND until it succeeds, 20 seconds at most
    <!-- file HOST: PATH -->       the next block is written to this file, in mode 0600
    <!-- insert HOST: PATH -->     its lines are added to the section [Interface] of this file
    <!-- replace HOST: PATH -->    each of its lines, `Key = ...`, replaces the one of that key

A host is a set of namespaces (network, mounts, processes, host name) with its own /etc, /run and
/root. Outputs are compared in form: keys, numbers and times may differ, words and addresses may
not. A command that fails is an error, so the document shows `|| echo "exit status $?"` where that
is the point. --write replaces the outputs of the document by those of this run.
"""
import os
import re
import select
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
MARK = "=end of command="
WAIT = 90


def die(text):
    sys.exit("document.py: " + text)


def call(*argv, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode != 0:
        die("%s: %s" % (" ".join(argv), done.stdout.strip()))


# Hosts -------------------------------------------------------------------------------------------

PREPARE = r"""
set -e
umask 022
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1"/root
cover() { # cover FOLDER DIR: what the host changes in it is the host's
    mkdir -p "$1/upper$2" "$1/work$2"
    options=lowerdir=$2,upperdir=$1/upper$2,workdir=$1/work$2
    mount -t overlay -o "$options" overlay "$2" 2>/dev/null ||
        mount -t overlay -o "$options,userxattr" overlay "$2"
}
cover "$1" /etc
cover "$1" /var/lib
mount --bind "$1"/root /root
mount -t tmpfs tmpfs /run
mkdir -p /run/wireguard /run/xtunnel
[ -L /var/run ] || { mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/wireguard; }
rm -rf /etc/xtunnel /etc/wireguard /var/lib/xtunnel
ip link set lo up
hostname "$2" 2>/dev/null || :
install -d -m 750 /etc/xtunnel
cat "$3" >/etc/hosts
: >/etc/resolv.conf
touch "$1"/ready
exec sleep infinity
"""

# Stand-ins for programs that need another machine. scp copies to the other host's files; systemctl
# runs what the unit of this tree says.
SCP = r"""#!/bin/bash
[ $# = 2 ] || exit 2
host=${2#root@} path=${host#*:} host=${host%%:*}
file=$(mktemp "$DOCUMENT_MAIL/XXXXXX") && cp -p "$1" "$file" &&
    printf '%s %s\n' "${host%%.*}" "$path" >"$file.to"
"""
SYSTEMCTL = r"""#!/bin/bash
verb=$1; shift
[ "$1" != --now ] || shift
name=${1#xtunnel@}
unit=$DOCUMENT_ROOT/conf/xtunnel@.service.in
line() {
    sed -n "s|^$1=||p" "$unit" | sed "s|@[A-Z_]*@/xtunnel|xtunnel|; s|%[iI]|$name|g; s|^/[^ ]*/xtunnel|xtunnel|"
}
case $verb in
enable | start)
    setsid $(line ExecStart) </dev/null >>/run/$name.log 2>&1 &
    for ((i = 0; i < 400; i++)); do xtunnel show "$name" >/dev/null 2>&1 && exit 0; sleep 0.05; done
    cat /run/$name.log; exit 1 ;;
reload) $(line ExecReload) 2>/dev/null ;;
stop | disable) xtunnel down "$name" 2>/dev/null ;;
is-active) xtunnel status "$name" >/dev/null && echo active ;;
daemon-reload) ;;
*) echo "systemctl: no $verb here" >&2; exit 1 ;;
esac
"""


class Host:
    """Namespaces with a first process, and a shell in them."""

    def __init__(self, lab, name):
        self.name = name
        self.folder = os.path.join(lab.folder, name)
        os.makedirs(self.folder)
        self.first = subprocess.Popen(
            ["unshare", "-n", "-m", "-p", "-u", "-f", "--mount-proc", "--kill-child", "bash", "-c",
             PREPARE, "host", self.folder, name, lab.names], stdin=subprocess.DEVNULL)
        self.pid = self.await_first()
        environment = dict(os.environ, HOME="/root", TERM="dumb", NO_COLOR="1", LC_ALL="C.UTF-8",
                           PATH=lab.programs + ":" + os.environ["PATH"],
                           DOCUMENT_MAIL=lab.mail, DOCUMENT_ROOT=ROOT)
        for unwanted in ("XT_E2E_INSIDE", "LOG_LEVEL", "NOTIFY_SOCKET", "XT_STATE_DIR"):
            environment.pop(unwanted, None)
        self.shell = subprocess.Popen(
            ["nsenter", "-t", str(self.pid), "-n", "-m", "-p", "-u",
             "bash", "-c", "umask 022; cd /root; exec bash --noprofile --norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=environment)

    def await_first(self):
        """The PID, out here, of the first process of the host, once it is ready."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                with open("/proc/%d/task/%d/children" % (self.first.pid, self.first.pid),
                          encoding="ascii") as file:
                    pid = int(file.read().split()[0])
                if os.path.exists("/proc/%d/root%s/ready" % (pid, self.folder)):
                    return pid
            except (OSError, IndexError, ValueError):
                pass
            if self.first.poll() is not None:
                die("the host %s cannot be made" % self.name)
            time.sleep(0.01)
        return die("the host %s is not ready" % self.name)

    def path(self, name):
        return "/proc/%d/root%s" % (self.pid, name)

    def run(self, command):
        """Exit status and output of a command in the host's shell."""
        script = os.path.join(self.folder, "command")
        output = os.path.join(self.folder, "output")
        with open(self.path(script), "w", encoding="utf-8") as file:
            file.write(command + "\n")
        self.shell.stdin.write(". %s </dev/null >%s 2>&1; echo '%s' $?\n" % (script, output, MARK))
        self.shell.stdin.flush()
        if not select.select([self.shell.stdout], [], [], WAIT)[0]:
            self.shell.kill()
            die("%s# %s: no end within %d s" % (self.name, command, WAIT))
        line = self.shell.stdout.readline()
        if not line.startswith(MARK):
            die("%s: the shell ended in: %s" % (self.name, command))
        with open(self.path(output), encoding="utf-8", errors="replace") as file:
            return int(line.split()[-1]), file.read().splitlines()

    def end(self):
        if self.shell.poll() is None:
            self.run("for i in /run/xtunnel/*.sock; do [ -S $i ] || continue; i=${i##*/}; "
                     "xtunnel down ${i%.sock} --if-running; done; kill $(jobs -p) 2>/dev/null")
            self.shell.stdin.close()
            self.shell.wait()
        self.first.kill()
        self.first.wait()


class Lab:
    """The hosts of a document at one time, and the wires between them."""

    def __init__(self, folder):
        self.folder = folder
        self.programs = os.path.join(folder, "programs")
        self.names = os.path.join(folder, "names")
        self.mail = os.path.join(folder, "mail")
        self.hosts = {}
        os.makedirs(self.programs)
        os.makedirs(self.mail)
        os.symlink(os.path.realpath(os.environ["XT_BIN"]), os.path.join(self.programs, "xtunnel"))
        for name, text in (("scp", SCP), ("systemctl", SYSTEMCTL)):
            path = os.path.join(self.programs, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)

    def make(self, names, hosts):
        for host in list(self.hosts.values()):
            host.end()
            shutil.rmtree(host.folder, ignore_errors=True)
        self.hosts = {}
        with open(self.names, "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost\n::1 localhost\n" + names)
        for name in hosts:
            self.hosts[name] = Host(self, name)

    def wire(self, one, device_one, addresses_one, other, device_other, addresses_other):
        call("ip", "link", "add", "wire-one", "type", "veth", "peer", "name", "wire-other")
        for name, device, raw, addresses in ((one, device_one, "wire-one", addresses_one),
                                             (other, device_other, "wire-other", addresses_other)):
            host = self.hosts[name]
            call("ip", "link", "set", raw, "netns", str(host.pid), "name", device)
            self.root(name, "ip link set %s addrgenmode none up" % device)
            for address in addresses.split():
                self.root(name, "ip addr add %s dev %s%s" % (address, device,
                                                             " nodad" if ":" in address else ""))

    def deliver(self):
        """What scp of a host has left to be copied goes to the files of the other host."""
        for name in os.listdir(self.mail):
            if name.endswith(".to"):
                with open(os.path.join(self.mail, name), encoding="utf-8") as file:
                    host, path = file.read().split()
                source = os.path.join(self.mail, name[:-3])
                shutil.copy(source, self.hosts[host].path(path))
                os.remove(source)
                os.remove(source + ".to")

    def root(self, name, command):
        code, output = self.hosts[name].run(command)
        if code != 0:
            die("%s# %s: %s" % (name, command, "\n".join(output)))

    def end(self):
        self.make("", [])


def lab_two(lab):
    """left and right, on one wire."""
    lab.make("198.18.0.1 left.example\n198.18.0.2 right.example\n", ["left", "right"])
    lab.wire("left", "eth0", "198.18.0.1/24", "right", "eth0", "198.18.0.2/24")


def lab_one(lab):
    """A host without a network."""
    lab.make("", ["laptop"])


def lab_nat(lab):
    """home in the internet; lab and printer behind the NAT of router."""
    lab.make("198.18.0.1 home.example\n", ["home", "router", "lab", "printer", "switch"])
    lab.wire("home", "eth0", "198.18.0.1/24", "router", "outside", "198.18.0.2/24")
    lab.root("switch", "ip link add lan type bridge && ip link set lan up")
    for name, address in (("router", "1"), ("lab", "2"), ("printer", "9")):
        lab.wire(name, "lan" if name == "router" else "eth0", "10.20.0.%s/24" % address,
                 "switch", name, "")
        lab.root("switch", "ip link set %s master lan" % name)
        if name != "router":
            lab.root(name, "ip route add default via 10.20.0.1")
    lab.root("router", "sysctl -q -w net.ipv4.ip_forward=1 && nft add table ip nat && "
             "nft add chain ip nat out '{ type nat hook postrouting priority 100; }' && "
             "nft add rule ip nat out oifname outside masquerade")


def lab_hub(lab):
    """hub, with laptops that reach it by a router, and a server beyond it."""
    laptops = ["laptop1", "laptop2"]
    lab.make("198.18.0.1 hub.example\n198.18.9.9 site.example\n",
             ["hub", "router", "site"] + laptops)
    lab.wire("hub", "eth0", "198.18.0.1/24", "router", "hub", "198.18.0.254/24")
    lab.wire("site", "eth0", "198.18.9.9/24", "router", "site", "198.18.9.254/24")
    lab.root("router", "sysctl -q -w net.ipv4.ip_forward=1")
    lab.root("hub", "ip route add default via 198.18.0.254")
    lab.root("site", "ip route add default via 198.18.9.254")
    for number, name in enumerate(laptops, 1):
        lab.wire(name, "eth0", "198.18.1%d.2/24" % number, "router", name,
                 "198.18.1%d.1/24" % number)
        lab.root(name, "ip route add default via 198.18.1%d.1" % number)


# Documents ---------------------------------------------------------------------------------------

class Step:
    """A command with the lines of the document that show its output."""

    def __init__(self, host, command, line):
        self.host, self.command, self.line = host, command, line
        self.first, self.shown = line, []


PROMPT = re.compile(r"^([a-z][a-z0-9]*)# (.*)$")
COMMENT = re.compile(r"^<!-- (hosts|run|await|file|insert|replace)(?: ([a-z0-9]+))?: (.*) -->$")


def block_steps(lines, begin, end):
    """Commands and outputs of the block between two lines."""
    steps, at = [], begin
    while at < end:
        found = PROMPT.match(lines[at])
        if not found:
            if not steps:
                die("line %d: a block begins with a command" % (at + 1))
            steps[-1].shown.append(lines[at])
            at += 1
            continue
        command, last = found.group(2), re.search(r"<<-?'?([A-Z]+)'?", found.group(2))
        while command.endswith("\\") or last:
            at += 1
            if at >= end:
                die("line %d: the command does not end" % at)
            command += "\n" + lines[at]
            if last and lines[at] == last.group(1):
                break
        at += 1
        steps.append(Step(found.group(1), command, at))
        steps[-1].first = at
    return steps


def document_parts(lines):
    """(kind, host, text or steps, line) in order; kinds are those of COMMENT, and console."""
    at, pending = 0, None
    while at < len(lines):
        line = lines[at]
        comment = COMMENT.match(line)
        if comment and comment.group(1) in ("file", "insert", "replace"):
            pending = comment
        elif comment:
            yield comment.group(1), comment.group(2), comment.group(3), at + 1
        elif line.startswith("```"):
            begin = at + 1
            at = begin
            while at < len(lines) and not lines[at].startswith("```"):
                at += 1
            if pending:
                yield pending.group(1), pending.group(2), (pending.group(3), lines[begin:at]), begin
                pending = None
            elif line == "```console":
                yield "console", None, block_steps(lines, begin, at), begin
        at += 1


def form(text):
    """A line without what differs from run to run, or is known to one side only."""
    text = re.sub(r"[A-Za-z0-9+/]{43}=", "KEY", text)
    text = re.sub(r", path MTU \d+ bytes|, round trip [\d.]+ ms|, loss \d+ %", "", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    text = re.sub(r"^(\s*(?:aead|offload|sandbox)):.*", r"\1: *", text)
    text = re.sub(r"\b(?:less than 1|\d+) (second|minute|hour|day)s?\b", r"N \1s", text)
    text = re.sub(r"(N minutes, )?N seconds", "N seconds", text)
    text = re.sub(r"\b[\d.]+ ([KMG]i)?B\b", "N B", text)
    text = re.sub(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) .*\d{4}\b", "DATE", text)
    addresses = re.compile(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?|[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*::"
                           r"[0-9a-f:]*(?:/\d+)?")
    text = re.sub(r"\b(response|initiation|datagram|packet)s?\b", r"\1s", text)
    text = re.sub(r"\bonce\b|\d+ times\b", "N times", text)
    kept = addresses.findall(text)
    text = re.sub(r"\d+(?:[.,]\d+)*", "N", addresses.sub("\0", text))
    for address in kept:
        text = text.replace("\0", address, 1)
    return " ".join(text.split())


SOMETIMES = re.compile(r"[▀▄█]|^\w+ drops: |^ *(path mtu|ignored|echo): ")


def forms(lines):
    """Forms of lines, without QR codes and what `show` says only sometimes."""
    return [form(line) for line in lines if not SOMETIMES.search(line)]


def match(shown, real):
    """Whether `real` is what `shown` shows: `...` stands for any lines."""
    if not shown:
        return not real
    if shown[0] == "...":
        return any(match(shown[1:], real[skip:]) for skip in range(len(real) + 1))
    return bool(real) and shown[0] == real[0] and match(shown[1:], real[1:])


def refreshed(shown, real):
    """The lines of `shown` with the text of `real` where the form is the same."""
    by_form = {}
    for line in real:
        by_form.setdefault(form(line), []).append(line)
    lines = []
    for line in shown:
        same = by_form.get(form(line))
        lines.append(same.pop(0) if same and line != "..." else line)
    return lines


class Runner:
    def __init__(self, lab, write):
        self.lab, self.write, self.failed, self.count = lab, write, 0, 0
        self.changes = []

    def host(self, name, line):
        if name not in self.lab.hosts:
            die("line %d: no host %s" % (line, name))
        return self.lab.hosts[name]

    def command(self, step):
        code, real = self.host(step.host, step.line).run(step.command)
        self.lab.deliver()
        while real and not real[-1]:
            real.pop()
        self.count += 1
        if os.environ.get("DOCUMENT_VERBOSE"):
            print("%s# %s" % (step.host, step.command), *real, sep="\n")
        matched = match(forms(step.shown), forms(real))
        if self.write and code == 0:
            real = [line.rstrip() for line in real]
            lines = refreshed(step.shown, real) if matched else real
            self.changes.append((step.first, len(step.shown), lines))
            return
        if code == 0 and matched:
            return
        self.failed += 1
        print("line %d: %s# %s\n  exit status %d" % (step.line, step.host, step.command, code))
        if not matched:
            print("  shown:", *step.shown, "  real:", *real, sep="\n    ")

    @staticmethod
    def edit(kind, path, block):
        text = ""
        if kind != "file":
            with open(path, encoding="utf-8") as file:
                text = file.read()
        new = "\n".join(block) + "\n"
        if kind == "insert":
            text = text.replace("[Interface]\n", "[Interface]\n" + new, 1)
        for line in block if kind == "replace" else []:
            text = re.sub("(?m)^%s = .*" % re.escape(line.split(" = ")[0]), line, text, count=1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(new if kind == "file" else text)
        os.chmod(path, 0o600)

    def part(self, kind, name, value, line):
        if kind == "hosts":
            globals()["lab_" + value](self.lab)
        elif kind == "console":
            for step in value:
                self.command(step)
        elif kind in ("file", "insert", "replace"):
            self.edit(kind, self.host(name, line).path(value[0]), value[1])
        elif kind == "run":
            code, real = self.host(name, line).run(value)
            self.lab.deliver()
            if code != 0:
                die("line %d: %s# %s: %s" % (line, name, value, "\n".join(real)))
        elif kind == "await":
            end = time.monotonic() + (WAIT if os.environ.get("XT_SANITIZE") else 20)
            while self.host(name, line).run(value)[0] != 0:
                if time.monotonic() > end:
                    die("line %d: %s# %s: not in time" % (line, name, value))
                time.sleep(0.05)


def main():
    write = sys.argv[1:2] == ["--write"]
    paths = sys.argv[2:] if write else sys.argv[1:]
    if len(paths) != 1 or "XT_BIN" not in os.environ:
        sys.exit(__doc__)
    os.umask(0o077)
    with open(paths[0], encoding="utf-8") as file:
        lines = file.read().splitlines()
    folder = os.environ.get("T") or os.environ.get("TMPDIR") or "/tmp"
    lab = Lab(os.path.join(folder, "document.%d" % os.getpid()))
    runner = Runner(lab, write)
    try:
        for part in document_parts(lines):
            runner.part(*part)
    finally:
        lab.end()
    if runner.failed:
        die("%s: %d of %d commands differ" % (paths[0], runner.failed, runner.count))
    if runner.count == 0:
        die("%s has no command" % paths[0])
    for first, length, new in reversed(runner.changes):
        lines[first:first + length] = new
    if write:
        with open(paths[0], "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    print("%s: %d commands" % (os.path.relpath(paths[0], ROOT), runner.count))


main()
