#!/bin/bash
# SPDX-License-Identifier: MIT
# waits
# scripts/selfcheck: all of it passes here, nothing is left, and the report tells no secret.
. "$(dirname "$0")/lib.sh"
# The search for leaks starts a thread, which a process that has left its PID namespace cannot.
[ -z "$XT_SANITIZE" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0

check() { # check CODE PROGRAM
	CODE=0
	"$SOURCE/scripts/selfcheck" "$2" >report.log 2>&1 </dev/null || CODE=$?
	[ $CODE = "$1" ] || fail "exit $CODE, not $1"
}
nothing_left() {
	! ip link show xtcheck1 >/dev/null 2>&1 && ! ip link show xtcheck2 >/dev/null 2>&1 &&
		! ip link show xtcheck0 >/dev/null 2>&1 &&
		! pgrep -f 'xtcheck[012]' >/dev/null && ! compgen -G "${TMPDIR:-/tmp}/xtunnel-selfcheck.*" >/dev/null
}

export TMPDIR=$T
check 0 "$XT_BIN"
grep -q '^selfcheck: 19 ok, 0 failed, 0 skipped$' report.log || fail "not all of it passes"
grep -q '^system: Linux ' report.log || fail "no system"
grep -q '^ *xtunnel [0-9]' report.log || fail "no version"
[ "$(grep -c 'rtt min/avg/max' report.log)" = 6 ] || fail "no times"
nothing_left || fail "something is left"
ok "each step passes, with versions and times, and nothing is left"

! grep -E '[A-Za-z0-9+/]{43}=' report.log || fail "a key"
! grep -F "$T" report.log || fail "a path of this machine"
ok "no key and no path is in the report"

mkdir fake
cat >fake/xtunnel <<END
#!/bin/sh
case \$1 in
up) basename "\$2" >>"$T/names"; echo "PrivateKey = \$("$XT_BIN" genkey) is refused"; exit 1 ;;
esac
exec "$XT_BIN" "\$@"
END
printf '#!/bin/sh\necho Darwin\n' >fake/uname
chmod +x fake/xtunnel fake/uname
PATH=$PWD/fake:$PATH check 1 "$PWD/fake/xtunnel"
[ "$(cat names)" = utun72.conf ] || fail "names that macOS does not take: $(cat names)"
rm fake/uname
grep -q '^FAIL: up of the far endpoint$' report.log || fail "no step is named"
grep -q '^ *PrivateKey = (key) is refused$' report.log || fail "no reason, or with the key"
grep -q '^selfcheck: [0-9]* ok, 1 failed' report.log || fail "no sum"
nothing_left || fail "something is left"
ok "a step that fails is named with its reason, without keys; the exit status is 1"

printf '#!/bin/sh\necho 1000\n' >fake/id
chmod +x fake/id
PATH=$PWD/fake:$PATH check 0 "$XT_BIN"
grep -q '^skip: echo, two endpoints' report.log || fail "without root nothing is skipped"
ok "without root it tests what needs none, and says so"
