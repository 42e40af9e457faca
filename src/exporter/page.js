
// SPDX-License-Identifier: MIT
"use strict";
const EVERY_MS = 2000, POINTS = 60;
const seen = new Map();		// totals of an instance or peer at the last fetch, and its rates
let paused = false, failed = false;

function element(name, text, attributes) {
	const made = document.createElement(name);
	if (text !== undefined)
		made.textContent = text;
	for (const [key, value] of Object.entries(attributes || {}))
		made.setAttribute(key, value);
	return made;
}

function bytes(n) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let i = 0;
	while (n >= 1024 && i < units.length - 1) {
		n /= 1024;
		i++;
	}
	return n.toFixed(i && n < 100 ? 1 : 0) + "\u00a0" + units[i];
}

function bits(n) {
	const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];
	let i = 0;
	n *= 8;
	while (n >= 1000 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return n.toFixed(i && n < 100 ? 1 : 0) + "\u00a0" + units[i];
}

function duration(s) {
	for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]])
		if (s >= size)
			return Math.floor(s / size) + " " + unit;
	return Math.max(0, Math.floor(s)) + " s";
}

// Bytes a second since the last fetch; the totals restart with the instance.
function rate(key, rx, tx, now) {
	const last = seen.get(key) || {now, rx, tx, points: []};
	const s = (now - last.now) / 1000;
	if (s > 0)
		last.points.push(rx >= last.rx && tx >= last.tx ?
			{rx: (rx - last.rx) / s, tx: (tx - last.tx) / s} : {rx: 0, tx: 0});
	if (last.points.length > POINTS)
		last.points.shift();
	seen.set(key, {now, rx, tx, points: last.points});
	return last.points;
}

function latest(points) {
	return points[points.length - 1] || {rx: 0, tx: 0};
}

// Nothing is known of a rate before the second fetch.
function rateText(points, key) {
	return points.length ? bits(latest(points)[key]) : "rate not known yet";
}

function plot(points, name) {
	const svgName = "http://www.w3.org/2000/svg";
	const most = Math.max(1, ...points.map(p => Math.max(p.rx, p.tx)));
	const figure = element("figure");
	const svg = document.createElementNS(svgName, "svg");
	svg.setAttribute("viewBox", "0 0 " + (POINTS - 1) + " 100");
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("role", "img");
	svg.setAttribute("aria-label", "Throughput of " + name + " in the last two minutes, at most " +
		bits(most) + ": receiving " + rateText(points, "rx") + ", sending " + rateText(points, "tx"));
	for (const [key, style] of [["rx", "in"], ["tx", "out"]]) {
		const line = document.createElementNS(svgName, "polyline");
		line.setAttribute("class", style);
		line.setAttribute("points", points.map((p, i) =>
			(POINTS - points.length + i) + "," + (97 - 94 * p[key] / most).toFixed(1)).join(" "));
		svg.append(line);
	}
	const caption = element("figcaption");
	caption.append(element("span", "receiving: " + rateText(points, "rx"), {"class": "in"}),
		element("span", "sending (dashed): " + rateText(points, "tx"), {"class": "out"}),
		element("span", points.length ? "top of the plot: " + bits(most) : ""));
	figure.append(svg, caption);
	return figure;
}

function facts(instance) {
	const list = element("dl");
	const rows = [["running for", duration(instance.uptime_s)], ["UDP port", instance.listen_port],
		["MTU", instance.mtu], ["AEAD", instance.aead], ["offload", instance.offload],
		["sandbox", instance.sandbox], ["dropped packets", instance.drops],
		["processor", instance.cpu_us === undefined ? undefined :
			(instance.cpu_us / 1e6).toFixed(1) + " s"], ["version", instance.version]];
	for (const [name, value] of rows) {
		if (value === undefined || value === "")
			continue;
		const row = element("div");
		row.append(element("dt", name), element("dd", value));
		list.append(row);
	}
	return list;
}

function peerRow(instance, peer, now) {
	const row = element("tr");
	const points = rate(instance.name + " " + peer.public_key, peer.rx_bytes || 0, peer.tx_bytes || 0, now);
	const title = peer.name || peer.public_key.slice(0, 10) + "\u2026";
	const state = peer.code + (peer.critical ? ", critical" : "") +
		(peer.sentence ? ": " + peer.sentence : "");
	row.append(element("th", title, {scope: "row", title: peer.public_key}));
	const cells = [["state", state, "word " + (peer.fine ? "good" : "bad")],
		["endpoint", peer.endpoint || "not known"],
		["handshake", peer.latest_handshake ?
			duration(now / 1000 - peer.latest_handshake) + " ago" : "never"],
		["received", bytes(peer.rx_bytes || 0) + (points.length ? ", " + rateText(points, "rx") : "")],
		["sent", bytes(peer.tx_bytes || 0) + (points.length ? ", " + rateText(points, "tx") : "")],
		["round trip", peer.rtt_us ? (peer.rtt_us / 1000).toFixed(1) + " ms" : "not known"],
		["loss", peer.loss_ppm === undefined ? "not known" :
			(peer.loss_ppm / 10000).toFixed(1) + " %"],
		["path MTU", peer.path_mtu || "not known"],
		["allowed IPs", peer.allowed_ips.replaceAll(",", ", ")]];
	for (const [label, text, style] of cells) {
		const cell = element("td", text, {"data-label": label});
		if (style)
			cell.className = style;
		row.append(cell);
	}
	return row;
}

function peers(instance, now) {
	const area = element("div", undefined, {"class": "scroll", tabindex: "0", role: "region",
		"aria-label": "Peers of " + instance.name});
	const table = element("table");
	const head = element("thead"), names = element("tr"), body = element("tbody");
	const up = instance.peers.filter(p => p.code === "up").length;
	table.append(element("caption", up + " of " + instance.peers.length + " peers up" +
		(instance.omitted ? "; " + instance.omitted + " more are not shown" : "")));
	for (const name of ["Peer", "State", "Endpoint", "Handshake", "Received", "Sent", "Round trip", "Loss",
		"Path MTU", "Allowed IPs"])
		names.append(element("th", name, {scope: "col"}));
	head.append(names);
	for (const peer of instance.peers)
		body.append(peerRow(instance, peer, now));
	table.append(head, body);
	area.append(table);
	return area;
}

function section(instance, index, now) {
	const made = element("section", undefined, {"aria-labelledby": "i" + index});
	made.append(element("h2", instance.name, {id: "i" + index}));
	if (!instance.up) {
		made.append(element("p", instance.name + " " + instance.reason, {"class": "bad"}));
		return made;
	}
	const sum = key => instance.peers.reduce((n, p) => n + (p[key] || 0), 0);
	made.append(facts(instance),
		plot(rate(instance.name, sum("rx_bytes"), sum("tx_bytes"), now), instance.name),
		peers(instance, now));
	return made;
}

// Announced only when it changes.
function say(text, good) {
	const state = document.getElementById("state");
	if (state.textContent !== text)
		state.textContent = text;
	state.className = good ? "good" : "bad";
}

function draw(status, now) {
	const main = document.getElementById("main");
	const focused = document.activeElement && document.activeElement.getAttribute("aria-label");
	const scrolled = new Map([...document.querySelectorAll(".scroll")].map(
		e => [e.getAttribute("aria-label"), e.scrollLeft]));
	main.replaceChildren(...status.instances.map((instance, i) => section(instance, i, now)));
	if (!status.instances.length)
		main.append(element("p", "No instance is running."));
	for (const area of document.querySelectorAll(".scroll")) {
		const label = area.getAttribute("aria-label");
		area.scrollLeft = scrolled.get(label) || 0;
		if (label === focused)
			area.focus();
	}
	document.getElementById("version").textContent = "xtunnel " + status.version;
	say(status.healthy ? "healthy" : "not healthy: a critical peer or an instance is down",
		status.healthy);
}

async function update() {
	if (!paused && !document.hidden) {
		try {
			const answer = await fetch("/status.json", {cache: "no-store"});
			if (!answer.ok)
				throw new Error(answer.status);
			draw(await answer.json(), Date.now());
			failed = false;
		} catch (error) {
			if (!failed)
				say("the exporter does not answer", false);
			failed = true;
		}
	}
	setTimeout(update, EVERY_MS);
}

document.getElementById("pause").addEventListener("click", event => {
	paused = !paused;
	event.target.setAttribute("aria-pressed", String(paused));
});
update();
