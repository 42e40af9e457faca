#!/bin/bash
# SPDX-License-Identifier: MIT
# t_debian.sh SUITE: the Debian packages, built in a chroot of SUITE twice with the same hash, in
# another one: they install, a first link comes up, running instances go on over an update without a
# lost packet or a handshake, the confined instances do with its C library what they do with ours, a
# removal ends them, a purge leaves only keys, and asks. lintian finds nothing.
#
#   XT_DEBS             a folder of packages that scripts/package deb has made; else they are made
#   XT_PACKAGES_QUICK   not empty: without the end-to-end tests
#   chroots.sh has more
#
# cases: bookworm trixie noble
# timeout: 5400
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
ok() { echo "ok: $suite: $*"; }
. "$here/tests/packages/chroots.sh"

# Tests that run in the chroot, with the program of the package: each process of an instance is
# locked, and has to do there all that it does.
CONFINED="confined_inside upgrade upgrade_faults upgrade_kinds names hooks reload key_command quick_dns
	quick_route aead cleanup log endpoints secrets_memory exporter service_manager"
NEEDED="confined_inside upgrade names hooks reload quick_route" # may not be skipped

# next_make PACKAGE: $T/PACKAGE.next.deb, that package of the next release. The program is another
# one as well, since a note is added to it.
next_make() {
	local tree=$T/next-$1
	dpkg-deb -R "$T/debs/$1"_*.deb "$tree" || fail "dpkg-deb -R"
	sed -i 's/^Version: .*/&+next/; /^Depends:/s/\(xtunnel (= [^)]*\))/\1+next)/' "$tree/DEBIAN/control"
	if [ -e "$tree/usr/bin/xtunnel" ]; then
		echo next >"$T/note"
		objcopy --add-section .note.next="$T/note" "$tree/usr/bin/xtunnel" || fail "objcopy"
	fi
	(cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' |
		LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$tree" "$T/$1.next.deb" >/dev/null || fail "dpkg-deb -b"
}

if [ -z "${XT_PACKAGES_INSIDE:-}" ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	for program in mmdebstrap dpkg-deb objcopy ip ping script; do
		command -v $program >/dev/null || skip "no $program (scripts/bootstrap --vm)"
	done
	(: <>/dev/net/tun) 2>/dev/null || skip "/dev/net/tun cannot be opened"
	suite_check
	T=$(mktemp -d "${TMPDIR:-/tmp}/xt-packages.XXXXXX") || exit 1
	export T
	trap 'rm -rf --one-file-system "$T"' EXIT

	if [ -z "${XT_DEBS:-}" ]; then
		packages_build
	else
		mkdir "$T/helpers" && cp -r "$XT_DEBS" "$T/debs" || fail "no packages in $XT_DEBS"
		cp "${XT_BUILD:-$here/build/debug}/e2e_inject" "$T/helpers/" || fail "no e2e_inject (XT_BUILD)"
	fi
	next_make xtunnel
	next_make xtunnel-exporter

	depends=$(for deb in "$T"/debs/xtunnel_*.deb; do dpkg-deb -f "$deb" Depends; done |
		sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g')
	system_make root apt "iproute2 iputils-ping procps python3 jq curl wireguard-tools nftables
		netcat-openbsd tcpdump $depends"
	cp -L /etc/resolv.conf "$T/root/etc/resolv.conf" # for what the exporter depends on
	cp "$T"/debs/xtunnel_*.deb "$T/root/first.deb"
	cp "$T"/debs/xtunnel-exporter_*.deb "$T/root/exporter.deb"
	cp "$T"/xtunnel*.next.deb "$T/root/"
	mkdir "$T/root/source" && cp -r "$here/tests" "$here/scripts" "$here/conf" "$here/docs" "$here/src" \
		"$T/root/source/" && cp -r "$T/helpers" "$T/root/" || fail "cp of the sources"
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
inside getent group xtunnel-observer >/dev/null || fail "no group of observers"
inside xtunnel exporter >"$T/out" 2>&1 && fail "an exporter without its library"
grep -q "Debian: the package xtunnel-exporter" "$T/out" || fail "no hint: $(cat "$T/out")"
inside apt-get install -y -q --no-install-recommends ./exporter.deb >"$T/apt.log" 2>&1 ||
	fail "install of the exporter: $(tail -n 20 "$T/apt.log")"
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/xtunnel-exporter.service" ] ||
	fail "an installation enables the exporter"
ok "installed, $(head -n 1 "$T/version")"

# --- two hosts
for name in left right; do
	ip netns add $name && ip -n $name link set lo up || fail "no network namespace"
done
ip link add wire netns left type veth peer name wire netns right || fail "no veth"
ip -n left addr add 198.18.0.1/24 dev wire
ip -n right addr add 198.18.0.2/24 dev wire
ip -n left link set wire up
ip -n right link set wire up
(umask 022 && printf '198.18.0.%s %s.example\n' 1 left 2 right >>"$root/etc/hosts")
umask 077
# As the tutorial has it, with hooks whose runs are counted.
inside sh -c 'cd /etc/xtunnel && xtunnel new left.example right.example' >"$T/new" 2>&1 ||
	fail "new: $(cat "$T/new")"
sed -i 's,^ListenPort.*,&\nPostUp = echo up >>/run/hooks\nPostDown = echo down >>/run/hooks,' \
	"$root/etc/xtunnel/left.conf" "$root/etc/xtunnel/right.conf"
inside xtunnel check /etc/xtunnel/left.conf /etc/xtunnel/right.conf >"$T/check" 2>&1 ||
	fail "check: $(cat "$T/check")"
at() {
	local name=$1
	shift
	ip netns exec "$name" chroot "$root" "$@"
}
for name in left right; do
	at $name xtunnel up $name >"$T/up" 2>&1 || fail "up $name: $(cat "$T/up")"
done
awaits 20 at left ping -c1 -W1 192.168.7.2 ||
	fail "no answer through the tunnel: $(at left xtunnel why left; at right xtunnel why right)"
at left xtunnel ping left right -c 2 >"$T/ping" 2>&1 || fail "xtunnel ping: $(cat "$T/ping")"
at left ping -c1 -W5 fd07::2 >"$T/ping" 2>&1 || fail "IPv6: $(cat "$T/ping")"
at left xtunnel show left >"$T/show" 2>&1 || fail "show: $(cat "$T/show")"
grep -i '^ *sandbox' "$T/show" | grep -q ': on' || fail "not every lock is taken: $(cat "$T/show")"
ok "a first link, $(sed -n 's/^ *\(sandbox: .*\)/\1/p' "$T/show")"
pid() { at "$1" xtunnel show "$1" --json | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p' | head -n 1; }
handshakes() { at left xtunnel show left latest-handshakes; }

# --- the exporter, as root and therefore another user
ip netns exec left chroot "$root" xtunnel exporter >"$T/exporter" 2>&1 & # not at(): $! is to be its
exporter=$!
metrics() { inside curl -s --unix-socket /run/xtunnel/xtunnel-exporter.sock http://localhost/metrics; }
answers() { metrics | grep -q "^$1"; }
awaits 20 answers 'xtunnel_up{interface="right"} 1' ||
	fail "the exporter: $(cat "$T/exporter"; metrics)"
kill -TERM "$exporter" && wait "$exporter" || fail "the exporter ends with $?: $(cat "$T/exporter")"
ok "the exporter answers"

# --- update
first=$(handshakes) pids="$(pid left) $(pid right)"
case $pids in *[0-9]" "[0-9]*) ;; *) fail "no process: $pids" ;; esac
at left ping -n -i 0.01 -c 1000 -W 5 192.168.7.2 >"$T/ping" 2>&1 &
stream=$!
inside dpkg -i /xtunnel.next.deb /xtunnel-exporter.next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
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
ok "1000 of 1000 pings over an update, no handshake, no hook"

# --- an instance that cannot go on is not restarted
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
pids=$(pid left)
inside dpkg -i /xtunnel.next.deb /xtunnel-exporter.next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
[ "$(pid left)" = "$pids" ] || fail "policy-rc.d is not heeded: $(cat "$T/update")"
rm "$root/usr/sbin/policy-rc.d"
ok "policy-rc.d"

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
inside dpkg -i /xtunnel.next.deb /xtunnel-exporter.next.deb >"$T/update" 2>&1 || fail "update: $(cat "$T/update")"
for what in daemon-reload "reload xtunnel@left.service" "reload xtunnel@right.service"; do
	grep -qx -- "$what" "$root/run/systemctl" || fail "no $what: $(cat "$root/run/systemctl")"
done
grep -E '(^| )(re)?start .*xtunnel-exporter.service' "$root/run/systemctl" >/dev/null ||
	fail "the exporter is not restarted: $(cat "$root/run/systemctl")"
grep -E '(^| )(re)?(start|stop)' "$root/run/systemctl" | grep -v 'xtunnel-exporter.service' &&
	fail "more than a reload"
[ "$(pid left) $(pid right)" = "$pids" ] || fail "a unit was upgraded from outside: $(cat "$T/update")"
grep -q "xtunnel@right.service goes on in the program before" "$T/update" ||
	fail "nothing says that a reload failed: $(cat "$T/update")"
rm -r "$root/usr/local/bin/systemctl" "$root/run/systemctl" "$root/run/systemd/system"
ok "units are reloaded, the exporter is restarted, and nothing else"

# --- the end-to-end tests of what is locked, with the C library and the program of the chroot
end_to_end() {
	local name code try ran=0 note= failed=
	for name in $CONFINED; do
		for try in 1 2; do # some measure time, and the machine may be busy
			system_run root env XT_BIN=/usr/bin/xtunnel XT_BUILD=/helpers TMPDIR=/tmp \
				"/source/tests/e2e/t_$name.sh" >"$T/e2e" 2>&1 </dev/null
			code=$?
			[ $code != 0 ] && [ $code != 77 ] || break
			echo "# e2e_$name, try $try: exit $code: $(grep -a '^FAIL' "$T/e2e" || tail -n 3 "$T/e2e")"
		done
		case $code in
		0)
			ran=$((ran + 1))
			[ $try = 1 ] || note="$note; $name in its second try"
			;;
		77)
			[[ " ${NEEDED//[$'\t\n']/ } " != *" $name "* ]] ||
				fail "e2e_$name is skipped: $(cat "$T/e2e")"
			note="$note; $name is skipped: $(sed -n 's/^skip: //p' "$T/e2e")"
			;;
		*) failed="$failed $name" ;;
		esac
	done
	[ -z "$failed" ] || fail "end-to-end tests with $(cat "$T/libc"):$failed"
	ok "$ran end-to-end tests of confined instances with $(cat "$T/libc")$note"
}
inside ldd --version | head -n 1 >"$T/libc"
[ -n "${XT_PACKAGES_QUICK:-}" ] || end_to_end

# --- removal
inside dpkg -r xtunnel-exporter xtunnel >"$T/remove" 2>&1 || fail "remove: $(cat "$T/remove")"
ip -n left link show left >/dev/null 2>&1 && fail "the interface is left: $(cat "$T/remove")"
[ "$(grep -c down "$root/run/hooks")" = 2 ] || fail "PostDown: $(cat "$root/run/hooks")"
[ -d "$root/var/lib/xtunnel" ] || fail "a removal took the state"
ok "a removal ends the instances"
wants=etc/systemd/system/multi-user.target.wants
mkdir -p "$root/$wants"
for name in xtunnel@left xtunnel-exporter; do
	ln -s "/usr/lib/systemd/system/${name%left}.service" "$root/$wants/$name.service"
done
inside dpkg -P xtunnel-exporter xtunnel >"$T/purge" 2>&1 || fail "purge: $(cat "$T/purge")"
grep -q "/etc/xtunnel is kept" "$T/purge" || fail "purge says nothing: $(cat "$T/purge")"
rm -f "$root/run/hooks"
# The user stays, as with every package of Debian; /run/wireguard is of all implementations.
rest=$(comm -13 <(echo "$before") <(state) |
	grep -vE "^user xtunnel:|^run/wireguard\$|^etc/hosts\$|^etc/systemd/system/multi-user")
[ "$rest" = "etc/xtunnel
etc/xtunnel/left.conf
etc/xtunnel/right.conf" ] || fail "a purge leaves: $rest"
links=$(ls "$root/$wants")
[[ $links != *xtunnel* ]] || fail "a purge leaves links of units: $links"
inside debconf-show xtunnel | grep . && fail "a purge leaves its question"
ok "a purge that cannot ask leaves nothing but /etc/xtunnel"

# --- a purge asks
install_again() {
	inside dpkg -i /first.deb >"$T/apt.log" 2>&1 || fail "install again: $(tail -n 5 "$T/apt.log")"
}
purge_answered() { # purge_answered ANSWER: on a terminal
	printf '%s\n' "$1" | inside env DEBIAN_FRONTEND=readline TERM=dumb \
		script -qec "dpkg -P xtunnel" /dev/null >"$T/purge" 2>&1
	grep -q "Remove the configurations and private keys of xtunnel?" "$T/purge" ||
		fail "a purge does not ask: $(cat "$T/purge")"
	inside dpkg -s xtunnel 2>&1 | grep -q "^Status: .*installed" && fail "purge: $(cat "$T/purge")"
}
install_again
purge_answered no
[ -s "$root/etc/xtunnel/left.conf" ] || fail "no is the answer, and keys are gone: $(cat "$T/purge")"
install_again
inside xtunnel check left >/dev/null 2>&1 || fail "the configuration that was kept"
purge_answered yes
[ ! -e "$root/etc/xtunnel" ] || fail "yes is the answer, and keys are there: $(cat "$T/purge")"
install_again
touch "$root/etc/xtunnel/left.conf"
echo xtunnel xtunnel/purge-keys boolean true | inside debconf-set-selections
inside dpkg -P xtunnel >"$T/purge" 2>&1 || fail "purge: $(cat "$T/purge")"
[ ! -e "$root/etc/xtunnel" ] || fail "an answer given before is not heeded: $(cat "$T/purge")"
install_again
inside dpkg -P xtunnel >"$T/purge" 2>&1 || fail "purge: $(cat "$T/purge")"
grep -q "is kept" "$T/purge" && fail "an empty /etc/xtunnel is kept"
[ ! -e "$root/etc/xtunnel" ] || fail "an empty /etc/xtunnel stays"
ok "a purge asks; no keeps the keys, yes removes them, also when given before"
