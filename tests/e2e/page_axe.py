#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""page_axe.py EXPORTER AXE: what axe-core finds on the status page of the exporter at http://EXPORTER,
in Chromium, in light and dark, wide and as on a phone. Prints a line for each view and finding; the
exit status is 1 when there is one. Contrast that axe-core leaves for review is computed here."""
import base64
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request

VIEWS = [(scheme, size) for scheme in ("light", "dark") for size in ("1280,900", "500,900")]
# The page polls; its second answer has rates and plots. Each text is compared with the nearest
# background that is not transparent.
RUN = """
<script src="/axe.js"></script>
<script>
function rgb(text) { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; }
function light(c) {
	const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function over(top, below) { return [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])); }
function contrast(node) {
	const layers = [];
	for (let n = node; n; n = n.parentElement)
		layers.push(rgb(getComputedStyle(n).backgroundColor));
	let below = [255, 255, 255];
	for (const layer of layers.reverse())
		below = over(layer, below);
	const [a, b] = [light(over(rgb(getComputedStyle(node).color), below)), light(below)].sort((x, y) => y - x);
	return (a + 0.05) / (b + 0.05);
}
setTimeout(async () => {
	const found = await axe.run(document);
	const lows = [];
	for (const node of document.querySelectorAll("body, body *"))
		if ([...node.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && node.getClientRects().length &&
			!["SCRIPT", "STYLE"].includes(node.tagName) && contrast(node) < 4.5)
			lows.push(node.tagName + " " + node.className + " " + contrast(node).toFixed(2));
	const brief = list => list.map(r => r.id + ": " + r.help + ": " + r.nodes.map(n => n.html).join(" | "));
	const out = document.createElement("script");
	out.type = "application/json";
	out.id = "axe-result";
	out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({
		passes: found.passes.length, violations: brief(found.violations),
		review: brief(found.incomplete.filter(r => r.id !== "color-contrast")), lows,
		peers: document.querySelectorAll("tbody tr").length, dark: matchMedia("(prefers-color-scheme: dark)").matches}))));
	document.body.append(out);
}, 5000);
</script>
"""


class Proxy(http.server.BaseHTTPRequestHandler):
    """The page as it is, but for the policy that keeps other scripts out, and with axe-core."""

    def do_GET(self):
        if self.path == "/axe.js":
            body, kind = pathlib.Path(self.server.axe).read_bytes(), "text/javascript"
        elif self.path == "/favicon.ico":
            body, kind = b"", "image/png"
        else:
            with urllib.request.urlopen(f"http://{self.server.exporter}{self.path}") as answer:
                body, kind = answer.read(), answer.headers["Content-Type"]
        if self.path == "/":
            body = body.replace(b"</body>", RUN.encode() + b"</body>")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def look(url, scheme, size):
    with tempfile.TemporaryDirectory() as folder:
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", f"--user-data-dir={folder}", f"--window-size={size}",
                   f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
                   "--virtual-time-budget=12000", "--dump-dom", url]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'id="axe-result">([^<]+)<', run.stdout)
    if not found:
        sys.exit(f"no result of axe-core: {run.stdout[-500:]} {run.stderr[-1500:]}")
    return json.loads(base64.b64decode(found.group(1)))


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.exporter, server.axe = sys.argv[1:3]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bad = 0
    for scheme, size in VIEWS:
        found = look(f"http://127.0.0.1:{server.server_port}/", scheme, size)
        if found["dark"] != (scheme == "dark") or not found["peers"]:
            found["violations"].append(f"not the view that was asked for: {found}")
        for finding in found["violations"] + found["review"] + found["lows"]:
            print(f"{scheme}, {size}: {finding}")
            bad = 1
        print(f"{scheme}, {size}: {found['passes']} rules passed, {found['peers']} peers")
    return bad


if __name__ == "__main__":
    sys.exit(main())
