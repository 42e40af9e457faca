#!/bin/bash
# SPDX-License-Identifier: MIT
# t_debian.sh [SUITE]: the Debian package in a chroot of SUITE (bookworm): it installs, running
# instances go on over an update without a lost packet or a handshake, a removal ends them, a purge
# leaves only configurations. lintian finds nothing.
#
#   XT_DEBS   a directory of packages that scripts/package deb has made; else they are made
#   XT_MIRROR of SUITE
#
# timeout: 1800
# alone
set -u
suite=${1:-bookworm}
here=$(cd "$(dirname "$0")/../.." && pwd)
skip() {
	echo "skip: $*"
	exit 77
}
fail() {
	echo "FAIL: $*"
	exit 1
}
if [ -z "${XT_PACKAGES_INSIDE:-}" ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	for program in mmdebstrap dpkg-deb dpkg-buildpackage dh ip ping; do
		command -v $program >/dev/null || skip "no $program (scripts/bootstrap --vm)"
	done
	(: <>/dev/net/tun) 2>/dev/null || skip "/dev/net/tun cannot be opened"
	T=$(mktemp -d "${TMPDIR:-/tmp}/xt-packages.XXXXXX") || exit 1
	export T
	trap 'rm -rf --one-file-system "$T"' EXIT

	if [ -z "${XT_DEBS:-}" ]; then
		export XT_DEBS=$T/packages
		XT_PACKAGES=$XT_DEBS "$here/scripts/package" deb >"$T/package.log" 2>&1 ||
			fail "scripts/package deb: $(tail -n 20 "$T/package.log")"
	fi
	deb=$(ls "$XT_DEBS"/xtunnel_*.deb) || fail "no package in $XT_DEBS"
	if command -v lintian >/dev/null; then
		lintian --allow-root --fail-on error,warning "$XT_DEBS"/*.changes >"$T/lintian" 2>&1 ||
			fail "lintian: $(cat "$T/lintian")"
		echo "ok: lintian"
	fi

	# The next release: another version, and another program, since a note is added to it.
	dpkg-deb -R "$deb" "$T/next" || fail "dpkg-deb -R"
	sed -i 's/^Version: .*/&+next/' "$T/next/DEBIAN/control"
	echo next >"$T/note"
	objcopy --add-section .note.next="$T/note" "$T/next/usr/bin/xtunnel" || fail "objcopy"
	(cd "$T/next" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' |
		LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$T/next" "$T/next.deb" >/dev/null || fail "dpkg-deb -b"

	depends=$(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
	# shellcheck disable=SC2086
	mmdebstrap -q --variant=apt --include="iproute2,iputils-ping,$depends" "$suite" "$T/root" \
		${XT_MIRROR:-} >"$T/mmdebstrap.log" 2>&1 ||
		skip "no $suite here: $(tail -n 3 "$T/mmdebstrap.log")"
	cp "$deb" "$T/root/first.deb"
	cp "$T/next.deb" "$T/root/next.deb"
	XT_PACKAGES_INSIDE=1 unshare -m -p -f --mount-proc --kill-child "$0" "$suite"
	exit
fi

root=$T/root
inside() { chroot "$root" env LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
files() {
	local other='^var/lib/(dpkg|apt|systemd|pam|dbus)|^run/(lock|dbus|user|systemd|netns)|cache'
	other="$other|^etc/(ld\.so|passwd|group|g?shadow)|machine-id"
	(cd "$root" && find etc usr/bin usr/lib/systemd usr/lib/sysusers.d usr/lib/tmpfiles.d \
		usr/share/doc/xtunnel usr/share/man usr/share/bash-completion usr/share/fish \
		usr/share/zsh var/lib run -xdev 2>/dev/null | grep -vE "$other")
}
state() { # of the system, to compare
	{
		files
		sed 's/^/user /' "$root/etc/passwd"
	} | LC_ALL=C sort
}
awaits() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/run" && mount -t tmpfs tmpfs /run &&
	mount --rbind /dev "$root/dev" || fail "mount"
mkdir -p /run/netns

# --- install
before=$(state)
inside apt-get install -y -q --no-install-recommends ./first.deb >"$T/apt.log" 2>&1 ||
	fail "install: $(tail -n 20 "$T/apt.log")"
inside xtunnel --version >"$T/version" || fail "the program does not start"
inside id xtunnel >/dev/null || fail "no user xtunnel"
[ "$(stat -c %a "$root/etc/xtunnel")" = 750 ] || fail "/etc/xtunnel: $(stat "$root/etc/xtunnel")"
[ "$(inside stat -c %U:%G /etc/xtunnel)" = root:xtunnel ] || fail "the owner of /etc/xtunnel"
inside test -e /run/xtunnel && fail "an instance is running"
echo "ok: $suite: installed, $(head -n 1 "$T/version")"

# --- two hosts
for name in left right; do
	ip netns add $name && ip -n $name link set lo up || fail "no network namespace"
done
ip link add wire netns left type veth peer name wire netns right || fail "no veth"
ip -n left addr add 198.18.0.1/24 dev wire
ip -n right addr add 198.18.0.2/24 dev wire
ip -n left link set wire up
ip -n right link set wire up
umask 077
left=$(inside xtunnel genkey) right=$(inside xtunnel genkey)
public() { inside xtunnel pubkey <<<"$1"; }
conf() { # conf NAME KEY NUMBER PEER_KEY PEER_NUMBER
	printf '%s\n' "[Interface]" "PrivateKey = $2" "ListenPort = 5180$3" "Address = 10.7.0.$3/24" \
		"PostUp = echo up >>/run/hooks" "PostDown = echo down >>/run/hooks" "[Peer]" \
		"PublicKey = $(public "$4")" "AllowedIPs = 10.7.0.$5/32" \
		"Endpoint = 198.18.0.$5:5180$5" >"$root/etc/xtunnel/$1.conf"
}
conf left "$left" 1 "$right" 2
conf right "$right" 2 "$left" 1
at() {
	local name=$1
	shift
	ip netns exec "$name" chroot "$root" "$@"
}
for name in left right; do
	at $name xtunnel up $name >"$T/up" 2>&1 || fail "up $name: $(cat "$T/up")"
done
awaits 20 at left ping -c1 -W1 10.7.0.2 || fail "no answer through the tunnel"
pid() { at "$1" xtunnel show "$1" --json | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p' | head -n 1; }
handshakes() { at left xtunnel show left latest-handshakes; }

# --- update
first=$(handshakes) pids="$(pid left) $(pid right)"
case $pids in *[0-9]" "[0-9]*) ;; *) fail "no process: $pids" ;; esac
at left ping -n -i 0.01 -c 1000 -W 5 10.7.0.2 >"$T/ping" 2>&1 &
stream=$!
inside dpkg -i /next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
wait $stream
grep -q " 1000 received, 0% packet loss" "$T/ping" || fail "pings: $(tail -n 3 "$T/ping"; cat "$T/update")"
[ "$(handshakes)" = "$first" ] || fail "a handshake: $(cat "$T/update")"
grep -q "left: goes on in xtunnel" "$T/update" || fail "no upgrade: $(cat "$T/update")"
for name in left right; do
	now=$(pid $name)
	case " $pids " in *" $now "*) fail "$name runs in the process before" ;; esac
	cmp -s "/proc/$now/exe" "$root/usr/bin/xtunnel" || fail "$name runs the program before"
done
[ "$(grep -c . "$root/run/hooks")" = 2 ] || fail "hooks ran: $(cat "$root/run/hooks")"
echo "ok: $suite: 1000 of 1000 pings over an update, no handshake, no hook"

# --- an instance that cannot go on is not restarted
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
pids=$(pid left)
inside dpkg -i /next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
[ "$(pid left)" = "$pids" ] || fail "policy-rc.d is not heeded: $(cat "$T/update")"
rm "$root/usr/sbin/policy-rc.d"
echo "ok: $suite: policy-rc.d"

# --- units: systemd is a script here, which says that left is one and that right cannot be reloaded
mkdir -p "$root/run/systemd/system" "$root/usr/local/bin"
cat >"$root/usr/local/bin/systemctl" <<'EOF'
#!/bin/sh
echo "$*" >>/run/systemctl
case "$*" in
*list-units*) printf '%s loaded active running text\n' xtunnel@left.service xtunnel@right.service ;;
*is-active*) ;;
"reload xtunnel@right.service") exit 1 ;;
esac
EOF
chmod 755 "$root/usr/local/bin/systemctl"
pids="$(pid left) $(pid right)"
inside dpkg -i /next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
for what in daemon-reload "reload xtunnel@left.service" "reload xtunnel@right.service"; do
	grep -qx -- "$what" "$root/run/systemctl" || fail "no $what: $(cat "$root/run/systemctl")"
done
grep -E '(^| )(re)?(start|stop)' "$root/run/systemctl" && fail "more than a reload"
[ "$(pid left) $(pid right)" = "$pids" ] || fail "a unit was upgraded from outside: $(cat "$T/update")"
grep -q "xtunnel@right.service goes on in the program before" "$T/update" ||
	fail "nothing says that a reload failed: $(cat "$T/update")"
rm -r "$root/usr/local/bin/systemctl" "$root/run/systemctl" "$root/run/systemd/system"
echo "ok: $suite: units are reloaded, and nothing else"

# --- removal
inside dpkg -r xtunnel >"$T/remove" 2>&1 || fail "remove: $(cat "$T/remove")"
ip -n left link show left >/dev/null 2>&1 && fail "the interface is left: $(cat "$T/remove")"
[ "$(grep -c down "$root/run/hooks")" = 2 ] || fail "PostDown: $(cat "$root/run/hooks")"
[ -d "$root/var/lib/xtunnel" ] || fail "a removal took the state"
echo "ok: $suite: a removal ends the instances"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s /lib/systemd/system/xtunnel@.service \
	"$root/etc/systemd/system/multi-user.target.wants/xtunnel@left.service"
inside dpkg -P xtunnel >"$T/purge" 2>&1 || fail "purge: $(cat "$T/purge")"
grep -q "/etc/xtunnel is kept" "$T/purge" || fail "purge says nothing: $(cat "$T/purge")"
rm "$root/run/hooks"
# The user stays, as with every package of Debian; /run/wireguard is of all implementations.
rest=$(comm -13 <(echo "$before") <(state) | grep -vE '^user xtunnel:|^run/wireguard$')
[ "$rest" = "etc/xtunnel
etc/xtunnel/left.conf
etc/xtunnel/right.conf" ] || fail "a purge leaves: $rest"
echo "ok: $suite: a purge leaves nothing but /etc/xtunnel"
inside apt-get install -y -q --no-install-recommends ./first.deb >"$T/apt.log" 2>&1 ||
	fail "a second install: $(tail -n 5 "$T/apt.log")"
rm -r "$root/etc/xtunnel"/*
inside dpkg -P xtunnel >"$T/purge" 2>&1 || fail "purge: $(cat "$T/purge")"
[ ! -e "$root/etc/xtunnel" ] || fail "an empty /etc/xtunnel stays"
echo "ok: $suite: installed again, purged without keys"
