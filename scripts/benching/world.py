# SPDX-License-Identifier: MIT
"""Two hosts and their link: namespaces, a veth pair, an instance of one implementation in each."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

A, B = "benchA", "benchB"
DEVICE = {A: "rcA", B: "rcB"}
WIRE = {A: "vA", B: "vB"}
OUTSIDE = {A: "198.18.0.1", B: "198.18.0.2"}
INSIDE = {A: "192.168.7.1", B: "192.168.7.2"}
INSIDE6 = {A: "fd07::1", B: "fd07::2"}
MTU = 1420
PORT = 51820
TICKS = os.sysconf("SC_CLK_TCK")
FOLDER = "/run/bench"  # on a private tmpfs, see inside()


class Failed(Exception):
    """A contender or a tool failed; the text says why."""


def sh(command, check=True, timeout=60, **more):
    words = shlex.split(command) if isinstance(command, str) else command
    try:
        done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=None if "input" in more else subprocess.DEVNULL,
                              timeout=timeout, **more)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{words[0]}: not done after {timeout} s") from error
    if check and done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stdout.strip()[:300]}")
    return done.stdout


def at(name, command, **more):
    return sh(f"ip netns exec {name} {command}", **more)


def spawn(name, command, env=None, errors=subprocess.DEVNULL):
    return subprocess.Popen(["ip", "netns", "exec", name] + shlex.split(command), env=env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)


def await_that(what, seconds, condition, process=None):
    """Waits until condition() holds, checking each millisecond."""
    end = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            raise Failed(f"{what}: the program ended with code {process.returncode}")
        if time.monotonic() > end:
            raise Failed(f"{what}: not after {seconds} s")
        time.sleep(0.001)


def pids_in(name):
    return [int(pid) for pid in sh(f"ip netns pids {name}", check=False).split() if pid.isdigit()]


def cpu_s(pids):
    """utime + stime of the processes that still run."""
    total = 0
    for pid in pids:
        try:
            words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(words[11]) + int(words[12])
        except FileNotFoundError:
            pass
    return total / TICKS


def machine_s():
    """Busy time of all processors."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, _ = map(int, words)
    return (user + nice + system + irq + softirq) / TICKS


def peak_mb(pids):
    total = 0
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmHWM:\s+(\d+)", text)[1])
        except (FileNotFoundError, TypeError):
            pass
    return total / 1024


def inside():
    """Called once, in a private mount and PID namespace: nothing of it remains."""
    sh("mount -t tmpfs tmpfs /run")
    for folder in ("/run/netns", "/run/wireguard", FOLDER):
        os.makedirs(folder)
    if not os.path.samefile("/var/run", "/run"):
        sh("mount --bind /run /var/run")
    os.environ["XT_STATE_DIR"] = f"{FOLDER}/state"
    os.environ["WG_LOG_FILE"] = f"{FOLDER}/peer.log"


def world():
    for name in (A, B):
        sh(f"ip netns del {name}", check=False)
    for name in (A, B):
        sh(f"ip netns add {name}")
        at(name, "ip link set lo up")
    sh(f"ip link add {WIRE[A]} netns {A} type veth peer name {WIRE[B]} netns {B}")
    for name in (A, B):
        at(name, f"ip addr add {OUTSIDE[name]}/24 dev {WIRE[name]}")
        at(name, f"ip link set {WIRE[name]} up")
        at(name, "sysctl -qw net.core.rmem_max=16777216", check=False)


class Contender:
    """command: the interface's name is appended; it daemonizes or stays in the foreground, and
    serves the UAPI. None: the bare veth pair."""

    def __init__(self, name, command, env=None):
        self.name, self.command, self.env = name, command, env or {}
        self.spawned, self.ends, self.keys = [], {A: [], B: []}, {}
        self.start_ms = None

    def up(self):
        world()
        if self.command is None:
            return OUTSIDE[B]
        for name in (A, B):
            private = sh("wg genkey").strip()
            self.keys[name] = private, sh(["wg", "pubkey"], input=private).strip()
        self.start(B, A)
        begin = time.monotonic()
        self.start(A, B)
        self.first_reply()
        self.start_ms = (time.monotonic() - begin) * 1000
        self.ends = {name: pids_in(name) for name in (A, B)}
        return INSIDE[B]

    def start(self, name, other):
        device = DEVICE[name]
        env = dict(os.environ, LOG_LEVEL="silent", WG_PROCESS_FOREGROUND="1", **self.env)
        with open(f"{FOLDER}/{device}.errors", "w", encoding="utf-8") as errors:
            process = spawn(name, f"{self.command} {device}", env, errors)
        self.spawned.append(process)
        socket = f"/run/wireguard/{device}.sock"
        await_that(f"{self.name}: {socket}", 5, lambda: os.path.exists(socket),
                   None if process.poll() == 0 else process)
        keyfile = pathlib.Path(FOLDER, "key")
        keyfile.touch(0o600)
        keyfile.write_text(self.keys[name][0])
        for _ in range(50):
            output = at(name, f"wg set {device} private-key {keyfile} listen-port {PORT} "
                      f"peer {self.keys[other][1]} "
                      f"allowed-ips {INSIDE[other]}/32,{INSIDE6[other]}/128 "
                      f"endpoint {OUTSIDE[other]}:{PORT}", check=False)
            if not output.strip():
                break
            time.sleep(0.02)
        else:
            raise Failed(f"{self.name}: wg set: {output.strip()}")
        sh(["ip", "-n", name, "-batch", "-"],
           input=f"addr add {INSIDE[name]}/32 dev {device}\nlink set {device} mtu {MTU} up\n"
                 f"route add {INSIDE[other]}/32 dev {device}\n")

    def first_reply(self):
        output = at(A, f"ping -q -c 1 -w 10 -i 0.01 {INSIDE[B]}", check=False)
        if " 0 received" in output or "received" not in output:
            raise Failed(f"{self.name}: no ping")

    def pids(self):
        return self.ends[A] + self.ends[B]

    def rss_mb(self):
        return max(peak_mb(self.ends[name]) for name in (A, B))

    def failure(self):
        """A sentence when an instance ended by itself or with an error, such as a sanitizer's, with
        its messages; else None."""
        codes = [process.returncode for process in self.spawned
                 if process.returncode not in (0, -signal.SIGTERM, 128 + signal.SIGTERM)]
        if not codes:
            return None
        messages = "".join(path.read_text(errors="replace")[:4000]
                       for path in sorted(pathlib.Path(FOLDER).glob("*.errors")))
        return f"{self.name}: an instance ended with {codes}\n{messages}".rstrip()

    def down(self):
        """Ends all processes in the two namespaces.  Returns what failure() returns."""
        for sign, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 2)):
            for name in (A, B):
                for pid in pids_in(name):
                    try:
                        os.kill(pid, sign)
                    except ProcessLookupError:
                        pass
            for process in self.spawned:
                try:
                    process.wait(seconds)
                except subprocess.TimeoutExpired:
                    pass
        failure = self.failure()
        self.spawned, self.ends, self.keys = [], {A: [], B: []}, {}
        for name in (A, B):
            sh(f"ip netns del {name}", check=False)
            pathlib.Path(f"/run/wireguard/{DEVICE[name]}.sock").unlink(missing_ok=True)
        return failure
