# SPDX-License-Identifier: MIT
"""The figures as an SVG bar chart: a panel for each figure, a bar for each contender, a thin line
from the least to the greatest round.  Colours follow the light or dark mode of the page."""
from xml.sax.saxutils import escape

PANELS = [
    ("tcp_gbps", "TCP, 1 stream", "Gbit/s", "more is better"),
    ("tcp4_gbps", "TCP, 4 streams", "Gbit/s", "more is better"),
    ("bidir_gbps", "TCP, both ways at once", "Gbit/s", "more is better"),
    ("tcp_cpu_s_per_GB", "CPU of both ends", "s/GB", "less is better"),
    ("udp_kpps", "UDP 1,360 B, delivered", "kpps", "more is better"),
    ("small_kpps", "UDP 64 B, delivered", "kpps", "more is better"),
    ("pp_us", "ping-pong, p50", "µs", "less is better"),
    ("load_ms", "ping under a TCP stream", "ms", "less is better"),
    ("hs_per_s", "handshakes answered", "1/s", "more is better"),
    ("rss_MB", "memory at its peak", "MB", "less is better"),
]
COLUMNS, WIDTH, LABEL, BAR, GAP = 2, 460, 128, 15, 6
HEAD, FOOT = 34, 22
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px } .small { font-size: 11px; fill: #57606a }
.ours { fill: #1f6feb } .theirs { fill: #8c959f } .wire { fill: #d0d7de }
.spread { stroke: #24292f; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 }
.ours { fill: #4493f8 } .theirs { fill: #656c76 } .wire { fill: #3d444d }
.spread { stroke: #e6edf3 }
}"""


def short(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def values(result, key):
    """(contender, median, least, greatest)"""
    for name, figures in result["rounds"].items():
        middle = result["median"][name].get(key)
        if middle is None:
            continue
        all_ = [one[key] for one in figures if one.get(key) is not None]
        yield name, middle, min(all_), max(all_)


def bar_class(name):
    return "wire" if name == "raw" else "ours" if name.startswith("xtunnel") else "theirs"


def panel(out, x, y, result, key, title, unit, hint):
    bars = list(values(result, key))
    # The bare wire would flatten all other bars: its bar is cut off and marked with an arrow.
    top = max([b[3] for b in bars if b[0] != "raw"] or [b[3] for b in bars]) or 1
    room = WIDTH - LABEL - 70
    out.append(f'<text class="title" x="{x}" y="{y + 14}">{escape(title)}, {escape(unit)} '
               f'<tspan class="small" font-weight="400">{escape(hint)}</tspan></text>')
    for i, (name, middle, low, high) in enumerate(bars):
        at = y + HEAD - 8 + i * (BAR + GAP)
        wide = min(middle / top, 1) * room
        mid = at + BAR / 2
        out.append(f'<text x="{x + LABEL - 8}" y="{at + 12}" text-anchor="end">{escape(name)}</text>')
        out.append(f'<rect class="{bar_class(name)}" x="{x + LABEL}" y="{at}" width="{wide:.1f}" '
                   f'height="{BAR}" rx="2"><title>{escape(name)}: {short(middle)} {escape(unit)} '
                   f'({short(low)} to {short(high)})</title></rect>')
        end = wide
        if middle <= top:
            a, b = (LABEL + x + v / top * room for v in (low, min(high, top)))
            out.append(f'<line class="spread" x1="{a:.1f}" x2="{b:.1f}" y1="{mid}" y2="{mid}"/>')
            end = max(wide, min(high / top, 1) * room)
        cut = " →" if middle > top else ""
        out.append(f'<text class="small" x="{x + LABEL + end + 6:.1f}" y="{at + 12}">'
                   f'{short(middle)}{cut}</text>')
    return HEAD + len(bars) * (BAR + GAP)


def svg(result):
    shown = [p for p in PANELS if any(True for _ in values(result, p[0]))]
    body, y = [], 40
    for first in range(0, len(shown), COLUMNS):
        heights = [panel(body, 16 + c * WIDTH, y, result, *p)
                   for c, p in enumerate(shown[first:first + COLUMNS])]
        y += max(heights) + 14
    machine = result["machine"]
    foot = (f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {result['date']}; "
            f"medians of {result['n_rounds']} rounds, lines from the least to the greatest")
    width, height = COLUMNS * WIDTH + 32, y + FOOT
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        "<title>xtunnel and other userspace implementations of WireGuard</title>",
        f"<style>{STYLE}</style>",
        '<text class="title" x="16" y="22">Both ends, the sender and the receiver on one machine</text>',
        *body, f'<text class="small" x="16" y="{height - 10}">{escape(foot)}</text>', "</svg>", ""])
