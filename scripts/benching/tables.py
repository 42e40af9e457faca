# SPDX-License-Identifier: MIT
"""Figures as text: a table, the ratios to one contender with their targets, Markdown."""
import re
import statistics

REFERENCE = "tailscale"
# column -> index of its targets
COLUMNS = {"xtunnel boringssl": 0, "xtunnel ipsec-mb": 0, "xtunnel sodium": 1}

# key, title, unit, digits
FIGURES = [
    ("tcp_gbps", "TCP, 1 stream", "Gbit/s", 2), ("tcp4_gbps", "TCP, 4 streams", "Gbit/s", 2),
    ("rev_gbps", "TCP back, 1 stream", "Gbit/s", 2),
    ("rev4_gbps", "TCP back, 4 streams", "Gbit/s", 2),
    ("bidir_gbps", "TCP both ways, 1 + 1", "Gbit/s", 2),
    ("bidir4_gbps", "TCP both ways, 4 + 4", "Gbit/s", 2),
    ("tcp_retr", "retransmits, 1 stream", "", 0),
    ("tcp_cpu_s_per_GB", "CPU of both ends, 1 stream", "s/GB", 2),
    ("tcp4_cpu_s_per_GB", "CPU of both ends, 4 streams", "s/GB", 2),
    ("bidir_cpu_s_per_GB", "CPU of both ends, both ways", "s/GB", 2),
    ("tcp_machine_s_per_GB", "whole machine, 1 stream", "s/GB", 2),
    ("udp_kpps", "UDP 1,360 B, delivered", "kpps", 0),
    ("small_kpps", "UDP 64 B, delivered", "kpps", 0),
    ("udp_cpu_us_per_pkt", "CPU a datagram of 1,360 B", "µs", 1),
    ("small_cpu_us_per_pkt", "CPU a datagram of 64 B", "µs", 1),
    ("pp_us", "ping-pong, p50", "µs", 0), ("pp_p99_us", "ping-pong, p99", "µs", 0),
    ("ping_ms", "ping each 2 ms", "ms", 3),
    ("load_ms", "ping under a TCP stream", "ms", 2),
    ("rss_MB", "memory at its peak", "MB", 1),
    ("start_ms", "start to first reply", "ms", 0),
    ("hs_per_s", "handshakes answered", "1/s", 0),
    ("hs_load_ms", "handshake under a TCP stream, p50", "ms", 2),
    ("hs_load_max_ms", "the slowest of 50", "ms", 2),
]
# what, key, more is better, targets: with an optimised library, with libsodium
TARGETS = [
    ("TCP, 1 stream, speed", "tcp_gbps", True, (1.5, 1.0)),
    ("TCP, 4 streams, speed", "tcp4_gbps", True, (1.6, 1.0)),
    ("CPU-s per GB, 1 stream", "tcp_cpu_s_per_GB", False, (0.55, 0.95)),
    ("CPU-s per GB, 4 streams", "tcp4_cpu_s_per_GB", False, (0.55, 0.95)),
    ("UDP 1,360 B, delivered", "udp_kpps", True, (2.5, 2.0)),
    ("UDP 64 B, delivered", "small_kpps", True, (2.5, 2.5)),
    ("ping-pong p50", "pp_us", False, (0.6, 0.6)),
    ("ping under a TCP stream", "load_ms", False, (0.5, 0.8)),
    ("RSS", "rss_MB", False, (0.7, 0.7)),
]


def medians(rounds):
    """{contender: [figures of a round]} -> {contender: {key: median}}, keys in order of appearance."""
    keys = {key: None for figures in rounds.values() for one in figures for key in one}
    out = {}
    for name, figures in rounds.items():
        out[name] = {}
        for key in keys:
            values = [one[key] for one in figures if one.get(key) is not None]
            out[name][key] = statistics.median(values) if values else None
    return out


def number(value, digits):
    return "–" if value is None else f"{value:,.{digits}f}"


def rows(median):
    for key, what, unit, digits in FIGURES:
        if any(figures.get(key) is not None for figures in median.values()):
            yield what, unit, [number(figures.get(key), digits) for figures in median.values()]


def table(median):
    names = list(median)
    width = [max(10, len(name)) + 2 for name in names]
    lines = ["".ljust(44) + "".join(n.rjust(w) for n, w in zip(names, width))]
    for what, unit, cells in rows(median):
        lines.append(f"{what} {unit and f'({unit})'}".ljust(44) +
                     "".join(c.rjust(w) for c, w in zip(cells, width)))
    return "\n".join(lines)


def spread(result, name, key):
    """The least and the greatest ratio of one round."""
    pairs = zip(result["rounds"].get(name, []), result["rounds"].get(REFERENCE, []))
    values = [one[key] / other[key] for one, other in pairs if one.get(key) and other.get(key)]
    return (min(values), max(values)) if values else None


def ratios(result):
    """Yields rows: what, whether more is better, [(ratio, target, reached, spread) or None]."""
    median = result["median"]
    reference = median.get(REFERENCE, {})
    for what, key, more, targets in TARGETS:
        cells = []
        for name, which in COLUMNS.items():
            target = targets[which]
            ours, theirs = median.get(name, {}).get(key), reference.get(key)
            if not ours or not theirs:
                cells.append(None)
                continue
            ratio = ours / theirs
            reached = ratio >= target if more else ratio <= target
            cells.append((ratio, target, reached, spread(result, name, key) or (ratio, ratio)))
        if any(cells):
            yield what, more, cells


def ratio_table(result):
    lines = [f"as a ratio to {REFERENCE}".ljust(28) +
             "".join(f"{name}  target  (rounds)".rjust(44) for name in COLUMNS)]
    for what, more, cells in ratios(result):
        line = what.ljust(28)
        for cell in cells:
            if cell is None:
                line += "–".rjust(44)
                continue
            ratio, target, reached, (low, high) = cell
            line += (f"{ratio:.2f} {'ok  ' if reached else 'MISS'} {'≥' if more else '≤'} {target:.2f}"
                     f"  ({low:.2f}–{high:.2f})").rjust(44)
        lines.append(line)
    return "\n".join(lines) if len(lines) > 1 else ""


def grid(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def markdown(result, plot):
    machine = result["machine"]
    out = [f"    {result['command']}", "",
           f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, "
           f"{machine['congestion']} as TCP's congestion control; {result['date']}. Medians of "
           f"{result['n_rounds']} rounds of {result['seconds']} s a workload, interleaved; load average "
           f"before: {machine['load']}.", ""]
    out.append("; ".join(f"{name}: {about}" for name, about in result["versions"].items()) + ".")
    if result["left_out"]:
        out.append("Left out: " + "; ".join(f"{n} ({w})" for n, w in result["left_out"].items()) + ".")
    median = result["median"]
    out += ["", grid(["", *median], [[f"{what}{', ' + unit if unit else ''}", *cells]
                                     for what, unit, cells in rows(median)]), ""]
    body = []
    for what, more, cells in ratios(result):
        row = [what]
        for cell in cells:
            if cell is None:
                row += ["–", "–"]
                continue
            ratio, target, reached, (low, high) = cell
            row += [f"{'**' if reached else ''}{ratio:.2f}{'**' if reached else ''} "
                    f"({low:.2f}–{high:.2f})", f"{'≥' if more else '≤'} {target:.2f}"]
        body.append(row)
    if body:
        out += [f"As ratios to {REFERENCE} of the same run (in brackets the least and the greatest of "
                "a round; bold: reached):", "",
                grid(["", *(head for name in COLUMNS for head in (name, "target"))], body), ""]
    if plot:
        out += [f"![The same as bars]({plot})", ""]
    return "\n".join(out).rstrip() + "\n"


def put(path, mark, text):
    """Writes text to path, between <!-- mark: begin --> and end if the file has them."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    old = path.read_text() if path.exists() else ""
    if begin in old and end in old:
        text = re.sub(re.escape(begin) + ".*?" + re.escape(end),
                      lambda _: f"{begin}{text}{end}", old, count=1, flags=re.S)
    path.write_text(text)
