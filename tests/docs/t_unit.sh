#!/bin/bash
# SPDX-License-Identifier: MIT
# The units as they are installed: what systemd finds wrong with them, how it rates them, and that
# docs/systemd.md names each line that confines. `systemctl start` is tests/vm.
source=${XT_SOURCE:-$(dirname "$0")/../..} build=${XT_BUILD:?}
skip() {
	echo "skip: $*"
	exit 77
}
command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
version=$(systemd-analyze --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 250 ] || skip "systemd $version cannot rate a file"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
complain() {
	echo "FAIL: $*"
	bad=1
}

# judge NAME MOST: at most that exposure, in tenths
judge() {
	local unit=$work/$1@.service out key
	sed "s,^\(Exec[A-Za-z]*=\)[^ ]*,\1$XT_BIN," "$build/$1@.service" >"$unit"
	out=$(systemd-analyze verify --man=no "$unit" 2>&1) || complain "$1@: verify: $out"
	[ -z "$out" ] || complain "$1@: verify: $out"
	if systemd-analyze security --offline=true --threshold="$2" "$unit" >"$work/out" 2>&1; then
		echo "ok: $1@ $(grep -o 'exposure level.*: [0-9.]*' "$work/out" | grep -o '[0-9.]*$')"
	else
		cat "$work/out"
		complain "$1@: above $2"
	fi
	for key in Type=notify NotifyAccess=main WatchdogSec= KillMode=mixed ExecReload= \
		Restart=on-failure LimitCORE=0; do
		grep -q "^$key" "$unit" || complain "$1@: no $key"
	done
}
judge xtunnel 28
judge xtunnel-strict 20

unit=$work/xtunnel-exporter.service
sed "s,^\(ExecStart=\)/[^ ]*,\1$XT_BIN," "$build/xtunnel-exporter.service" >"$unit"
out=$(systemd-analyze verify --man=no "$unit" 2>&1) || complain "exporter: verify: $out"
[ -z "$out" ] || complain "exporter: verify: $out"
systemd-analyze security --offline=true --threshold=12 "$unit" >"$work/out" 2>&1 ||
	complain "exporter: above 1.2: $(tail -n 1 "$work/out")"

while read -r key; do
	grep -q "\`$key" "$source/docs/systemd.md" || complain "docs/systemd.md says nothing of $key"
done < <(sed -n 's/^\(\(Protect\|Private\|Restrict[A-Z]\|NoNew\|Lock\|Memory\|Keyring\|SystemCall\|Capability\)[A-Za-z]*=\).*/\1/p' \
	"$source/conf/xtunnel@.service.in" | grep -v -e RestartPrevent -e SystemCallErrorNumber | sort -u)

if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$work/root/etc" "$work/root/usr/lib/sysusers.d"
	printf 'root:x:0:\n' >"$work/root/etc/group"
	printf 'root:x:0:0::/root:/bin/sh\n' >"$work/root/etc/passwd"
	cp "$source/conf/xtunnel.sysusers" "$work/root/usr/lib/sysusers.d/xtunnel.conf"
	systemd-sysusers --root="$work/root" >"$work/out" 2>&1 &&
		grep -q '^xtunnel:' "$work/root/etc/passwd" || complain "sysusers: $(cat "$work/out")"
fi
exit $bad
