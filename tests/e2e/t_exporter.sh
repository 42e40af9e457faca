#!/bin/bash
# SPDX-License-Identifier: MIT
# exporter serves the state of running instances as an observer: metrics, health and a page; it
# refuses other hosts, methods, bodies and paths, bounds its clients, and has no rights.
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || skip "no curl"
"$XT_BIN" exporter --listen 127.0.0.1:0 2>&1 | grep -q "not in this build" && skip "no libmicrohttpd"
gid=61999
grep -v ^xtunnel-observer: /etc/group >group
echo "xtunnel-observer:x:$gid:" >>group
host_files_cover group || skip "/etc cannot be covered"

SOCKET=/run/xtunnel/xtunnel-exporter.sock
exporter_start() { # exporter_start NAME NAMESPACE OPTION…; PID[NAME]
	local name=$1 where=$2
	shift 2
	ip netns exec "$where" "$XT_BIN" exporter "$@" >"$name.log" 2>&1 &
	PID[$name]=$!
	await 10 "$name" has "serving on" "$name.log"
}
exporter_stop() {
	kill -TERM "${PID[$1]}"
	wait "${PID[$1]}"
	CODE=$?
	unset "PID[$1]"
	[ $CODE = 0 ] || fail "$1 ended with $CODE"
}
ask() { curl -s --max-time 20 --unix-socket $SOCKET "$@"; }
status() { ask -o answer -w '%{http_code}' "$@"; }
refused() { # refused CODE OPTION…
	local code=$1 got
	shift
	got=$(status "$@")
	[ "$got" = "$code" ] || fail "$*: $got, not $code"
}

tunnel_start "" "" "" "Name = other
Critical = yes
PersistentKeepalive = 1"
[ "$(stat -c %g:%a /run/xtunnel/left.sock)" = $gid:660 ] ||
	fail "left.sock is not open to the group: $(stat -c %g:%a /run/xtunnel/left.sock)"
exporter_start exporter left
[ "$(stat -c %g:%a $SOCKET)" = $gid:660 ] || fail "the socket is not open to the group"
[ "$(at left "$XT_BIN" show --json | jq length)" = 2 ] || fail "the socket counts as an instance"
child=$(pgrep -P "${PID[exporter]}") || fail "one process only"
[ "$(awk '/^Uid|^Gid/ {print $2}' "/proc/$child/status" | tail -1)" = $gid ] || fail "its group"
[ "$(awk '/^Uid/ {print $2}' "/proc/$child/status")" -ge 61184 ] || fail "its user"
grep -Eq '^CapPrm:.0+$' "/proc/$child/status" || fail "it has capabilities"
grep -q '^NoNewPrivs:.1$' "/proc/$child/status" || fail "it could gain rights"
ok "it is a process without rights, of the group of observers"

[ "$(status http://localhost/metrics)" = 200 ] || fail "/metrics"
grep -qx "xtunnel_peer_up{interface=\"left\",public_key=\"$PUB_right\",name=\"other\"} 1" answer ||
	fail "$(cat answer)"
[ "$(grep -c '^xtunnel_up{.*} 1$' answer)" = 2 ] || fail "$(grep ^xtunnel_up answer)"
grep -qF -e "$KEY_left" -e "$KEY_right" answer && fail "metrics hold a key"
ask -D head -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' \
	http://localhost/metrics >answer
grep -qi '^content-type: application/openmetrics-text; version=1.0.0' head || fail "$(cat head)"
[ "$(tail -n 1 answer)" = "# EOF" ] || fail "no end"
[ "$(ask -I http://localhost/metrics | head -n 1 | tr -d '\r')" = "HTTP/1.1 200 OK" ] || fail "HEAD"
if command -v promtool >/dev/null; then
	ask http://localhost/metrics | promtool check metrics || fail "promtool"
fi
ok "/metrics as text and as OpenMetrics"

status http://localhost/healthz | grep -qx 200 || fail "/healthz: $(cat answer)"
[ "$(cat answer)" = ok ] || fail "/healthz: $(cat answer)"
kill -STOP "$(tunnel_process "${PID[right]}")"
status http://localhost/healthz | grep -qx 503 || fail "/healthz with a silent instance"
grep -q '^right: does not answer$' answer || fail "$(cat answer)"
kill -CONT "$(tunnel_process "${PID[right]}")"
stop right
ip -n right link set wire down
at left ping -c1 -W1 -q 10.7.0.2 >/dev/null
unhealthy() { [ "$(status http://localhost/healthz)" = 503 ]; }
sed -i '/^PersistentKeepalive/d' left.conf
stop left
start left
await 10 "503" unhealthy
grep -q '^left: other: ' answer || fail "no reason: $(cat answer)"
sed -i 's/^Critical = yes/Critical = no/' left.conf
at left "$XT_BIN" reload left >/dev/null || fail "reload"
status http://localhost/healthz | grep -qx 200 || fail "a reload keeps Critical: $(cat answer)"
ok "/healthz is that of critical peers and of instances, also after a reload"

ask -D head http://localhost/ >page.html
for line in 'content-type: text/html; charset=utf-8' 'x-content-type-options: nosniff' \
	"content-security-policy: default-src 'none'; style-src 'sha256-[^']*'; script-src 'sha256-[^']*'; connect-src 'self'; "; do
	grep -qi "^$line" head || fail "no $line: $(cat head)"
done
grep -qi '^set-cookie' head && fail "a cookie"
grep -Eq '(src|href)="?(https?:)?//' page.html && fail "the page has files outside"
"$PYTHON" - <<-'EOT' || fail "the hashes of the page"
	import base64, hashlib, re
	page, head = open("page.html", newline="").read(), open("head").read()
	for tag in ("style", "script"):
	    body = re.search(f"<{tag}>(.*?)</{tag}>", page, re.S).group(1)
	    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
	    assert f"{tag}-src 'sha256-{digest}'" in head, tag
EOT
ask http://localhost/status.json | jq -e '.healthy and .instances[0].name == "left" and
	.instances[0].peers[0].name == "other"' >/dev/null || fail "/status.json"
ok "the page is one document whose hashes the policy names"

refused 403 -H 'Host: evil.example' http://localhost/metrics
refused 403 -H 'Host: localhost.evil.example' http://localhost/metrics
refused 400 -H 'Host:' http://localhost/metrics
refused 405 -X POST -d a=b http://localhost/metrics
refused 405 -X OPTIONS http://localhost/
refused 413 -X GET -d a=b http://localhost/metrics
refused 404 http://localhost/etc/passwd
refused 404 --path-as-is http://localhost/../../etc/passwd
got=$(status -H "A: $(head -c 40000 /dev/zero | tr '\0' a)" http://localhost/metrics)
[[ $got = 4* ]] || fail "a head of 40 kB: $got"
"$PYTHON" - <<-'EOT' || fail "clients that say nothing"
	import socket, time
	for hosts in ("", "Host: localhost\r\nHost: evil.example\r\n"):
	    s = socket.socket(socket.AF_UNIX)
	    s.connect("/run/xtunnel/xtunnel-exporter.sock")
	    s.sendall(f"GET /metrics HTTP/1.1\r\n{hosts}\r\n".encode())
	    assert s.recv(4096).startswith(b"HTTP/1.1 400"), hosts
	    s.close()
	idle = []
	for i in range(64):
	    s = socket.socket(socket.AF_UNIX)
	    s.connect("/run/xtunnel/xtunnel-exporter.sock")
	    idle.append(s)
	for s in idle:
	    s.settimeout(20)
	    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
	begin = time.monotonic()
	for s in idle:
	    while s.recv(4096):
	        pass
	assert time.monotonic() - begin < 20
EOT
[ "$(status http://localhost/healthz)" = 200 ] || fail "no answer after clients that say nothing"
ok "other hosts, methods, bodies and paths are refused, and clients are bounded"

exporter_stop exporter
[ ! -e $SOCKET ] || fail "its socket is left"
exporter_start tcp left --listen 127.0.0.1:9586 --host proxy.example,other.example
grep -q 'shows every user who can connect what `wg show` hides' tcp.log || fail "$(cat tcp.log)"
for host in localhost:9586 127.0.0.1 other.example '[::1]:1'; do
	got=$(at left curl -s -o /dev/null -w '%{http_code}' -H "Host: $host" http://127.0.0.1:9586/metrics)
	[ "$got" = 200 ] || fail "Host $host: $got"
done
got=$(at left curl -s -o /dev/null -w '%{http_code}' -H "Host: example" http://127.0.0.1:9586/metrics)
[ "$got" = 403 ] || fail "Host example: $got"
at left "$XT_BIN" exporter --listen 127.0.0.1:9586 2>err && fail "a port twice"
grep -q "another process does" err || fail "$(cat err)"
exporter_stop tcp
for where in 127.0.0.1 9586 example:9586 unix:relative 127.0.0.1:99999; do
	at left "$XT_BIN" exporter --listen $where 2>err
	[ $? = 2 ] || fail "--listen $where: $(cat err)"
done
ok "a TCP port is said to be open, and wrong addresses are refused"

# A user without root, as DynamicUser= makes one: a member of the group, then another one.
as_user() { setpriv --reuid 61998 --regid "$1" --clear-groups "${@:2}"; }
if as_user $gid test -x "$XT_BIN" 2>/dev/null; then
	mkdir -m 755 /run/member /run/other
	chown 61998 /run/member /run/other
	for who in member:$gid other:61998; do
		name=${who%:*}
		ip netns exec left setpriv --reuid 61998 --regid "${who#*:}" --clear-groups \
			"$XT_BIN" exporter --listen unix:/run/$name/e.sock >"$name.log" 2>&1 &
		PID[$name]=$!
		await 10 "$name" has "serving on" "$name.log"
		curl -s --unix-socket /run/$name/e.sock http://localhost/metrics >$name.prom
		curl -s --unix-socket /run/$name/e.sock http://localhost/healthz >$name.health
		exporter_stop $name
		[ ! -e /run/$name/e.sock ] || fail "the socket of $name is left"
	done
	grep -qx 'xtunnel_up{interface="left"} 1' member.prom || fail "a member: $(cat member.prom member.log)"
	grep -q '^wireguard_sent_bytes_total{interface="left"' member.prom || fail "$(cat member.prom)"
	grep -qx 'xtunnel_up{interface="left"} 0' other.prom || fail "another user: $(cat other.prom)"
	grep -q wireguard other.prom && fail "another user learns a state"
	grep -q '^left: this user may not ask it; members of the group' other.health ||
		fail "$(cat other.health)"
	ok "a user needs no root but the group"
fi

exporter_start killed left
kill -KILL "$(pgrep -P "${PID[killed]}")"
wait "${PID[killed]}"
[ $? = 1 ] || fail "the end of the process that serves"
unset "PID[killed]"
[ ! -e $SOCKET ] || fail "its socket is left"
stop left
ok "when the process that serves ends, its socket goes as well"
