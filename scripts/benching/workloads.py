# SPDX-License-Identifier: MIT
"""The workloads: each runs over the contender's tunnel and returns named figures."""
import json
import os
import pathlib
import re
import subprocess

from benching.world import (A, B, DEVICE, FOLDER, OUTSIDE, PORT, WIRE, Failed, at, await_that, cpu_s,
                            machine_s, sh, spawn)

# name: iperf3's options
FLOWS = {"tcp": "", "tcp4": "-P 4", "rev": "-R", "rev4": "-R -P 4", "bidir": "--bidir",
         "bidir4": "--bidir -P 4", "udp": "-u -b 0 -l 1360", "small": "-u -b 0 -l 64"}
WORKLOADS = list(FLOWS) + ["pp", "ping", "load", "hs"]


def listens(pid, proto, port):
    """Is the port bound in the namespace of that process?"""
    state = " 0A " if proto == "tcp" else " 07 "
    for suffix in ("", "6"):
        try:
            lines = pathlib.Path(f"/proc/{pid}/net/{proto}{suffix}").read_text().splitlines()
        except FileNotFoundError:
            continue
        if any(f":{port:04X} " in line and state in line for line in lines[1:]):
            return True
    return False


def serve(command, proto, port):
    process = spawn(B, command)
    await_that(command, 5, lambda: listens(process.pid, proto, port), process)
    return process


def stop(process):
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def sent_bytes(pid, device):
    try:
        text = pathlib.Path(f"/proc/{pid}/net/dev").read_text()
    except FileNotFoundError:
        return 0
    found = re.search(rf"^\s*{device}:\s*(.*)$", text, re.M)
    return int(found[1].split()[8]) if found else 0


def stream(contender, to, seconds):
    """Starts a TCP stream in the background; returns when it carries data."""
    device = DEVICE[A] if contender.command is not None else WIRE[A]
    process = spawn(A, f"iperf3 -c {to} -t {seconds}")
    try:
        await_that("a TCP stream", 5, lambda: sent_bytes(process.pid, device) > 50_000_000, process)
    except Failed:
        stop(process)
        raise
    return process


def rtt(text, key):
    found = re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)/", text)
    return {f"{key}_ms": float(found[2]), f"{key}_max_ms": float(found[3])} if found else {}


def per_second(text, contender, workload, cpu, machine):
    try:
        end = json.loads(text)["end"]
        total = end.get("sum_received") or end["sum"]
    except (ValueError, KeyError) as error:  # nothing arrived, or iperf3 failed
        raise Failed(f"{contender.name}: {workload}: {text.strip()[-200:]}") from error
    ends = contender.pids()
    if workload in ("udp", "small"):
        total = end["sum"]
        got = total["packets"] - total["lost_packets"]
        out = {f"{workload}_kpps": got / total["seconds"] / 1e3,
               f"{workload}_loss": 100 * total["lost_packets"] / max(1, total["packets"])}
        if ends and got:
            out[f"{workload}_cpu_us_per_pkt"] = cpu * 1e6 / got
        return out
    carried = total["bytes"] + end.get("sum_received_bidir_reverse", {}).get("bytes", 0)
    out = {f"{workload}_gbps": carried * 8 / total["seconds"] / 1e9,
           f"{workload}_retr": end.get("sum_sent", {}).get("retransmits")}
    if carried:
        out[f"{workload}_machine_s_per_GB"] = machine / (carried / 1e9)
        if ends:
            out[f"{workload}_cpu_s_per_GB"] = cpu / (carried / 1e9)
    return out


def flow(contender, workload, to, seconds):
    cpu, machine = cpu_s(contender.pids()), machine_s()
    text = at(A, f"timeout {seconds + 15} iperf3 -J -c {to} -t {seconds} -O 0 {FLOWS[workload]}",
              check=False, timeout=seconds + 20)
    return per_second(text, contender, workload, cpu_s(contender.pids()) - cpu,
                      machine_s() - machine)


def ping(to):
    return rtt(at(A, f"ping -q -i 0.002 -c 1000 -w 20 {to}", check=False), "ping")


def ping_under_load(contender, to, seconds):
    background = stream(contender, to, seconds + 10)
    try:
        text = at(A, f"ping -q -i 0.01 -w {seconds} {to}", check=False)
    finally:
        stop(background)
    return rtt(text, "load")


def ping_pong(to, seconds):
    """sockperf reports half of the round trip."""
    server = serve(f"sockperf sr -i {to}", "udp", 11111)
    try:
        text = at(A, f"sockperf pp -i {to} -t {seconds}", check=False, timeout=seconds + 20)
    finally:
        stop(server)
    out = {}
    for key, percentile in (("pp_us", "50"), ("pp_p99_us", "99")):
        found = re.search(rf"percentile {percentile}\.000 =\s*([\d.]+)", text)
        if found:
            out[key] = 2 * float(found[1])
    return out


def call(program, key, options):
    return json.loads(at(A, f"{program} -c {OUTSIDE[B]}:{PORT} -r {key} {options}", timeout=40))


def handshakes(contender, to, program, callers=1000):
    """Runs last, because it leaves B with many peers."""
    if contender.command is None or not program:
        return {}
    config = pathlib.Path(FOLDER, "callers.conf")
    keys = sh(f"{program} -k {callers}").split()
    # Not every implementation learns a caller's endpoint.
    config.write_text("".join(f"[Peer]\nPublicKey = {key}\nEndpoint = {OUTSIDE[A]}:{20000 + n}\n"
                              for n, key in enumerate(keys)))
    at(B, f"wg addconf {DEVICE[B]} {config}")
    key = contender.keys[B][1]
    answer = call(program, key, f"-n {callers} -p 3")
    out = {"hs_per_s": answer["per_second"], "hs_lost": answer["lost"],
           "hs_cookies": answer["cookies"]}
    server = serve("iperf3 -s", "tcp", 5201)
    try:
        background = stream(contender, to, 30)
        try:
            answer = call(program, key, "-n 50 -p 2 -w 1 -g 20")
        finally:
            stop(background)
    finally:
        stop(server)
    if answer["answered"]:
        out.update(hs_load_ms=answer["p50_ms"], hs_load_max_ms=answer["max_ms"])
    out["hs_load_lost"] = answer["lost"]
    return out


def measure(contender, workloads, seconds, program, report):
    """All workloads of one contender in one round.  Failures are reported and left out."""
    res = {}
    to = contender.up()
    server = None
    try:
        if contender.start_ms is not None:
            res["start_ms"] = contender.start_ms
        for workload in workloads:
            try:
                if workload == "hs":
                    continue
                if server is None or server.poll() is not None:
                    server = serve("iperf3 -s", "tcp", 5201)
                if workload in FLOWS:
                    res.update(flow(contender, workload, to, seconds))
                elif workload == "pp":
                    res.update(ping_pong(to, seconds))
                elif workload == "ping":
                    res.update(ping(to))
                elif workload == "load":
                    res.update(ping_under_load(contender, to, seconds))
            except Failed as error:
                report(f"{contender.name}: {workload}: {error}")
                if server:
                    stop(server)
                server = None
        if contender.pids():
            res["rss_MB"] = contender.rss_mb()
        if server:
            stop(server)
        if "hs" in workloads:
            try:
                res.update(handshakes(contender, to, program))
            except Failed as error:
                report(f"{contender.name}: hs: {error}")
        if contender.pids() and not all(os.path.exists(f"/proc/{p}") for p in contender.pids()):
            report(f"{contender.name}: one of its processes ended early", failed=True)
    finally:
        failure = contender.down()
        if failure:
            report(failure, failed=True)
    return res
