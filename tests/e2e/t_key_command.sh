#!/bin/bash
# SPDX-License-Identifier: MIT
# PrivateKeyCommand and %d: run, up and reload get the key from a command or a credential; check and
# strip run nothing; each failure names its line and changes nothing.
. "$(dirname "$0")/lib.sh"
hosts_link
configs_write
sed "/^PrivateKey/d" left.conf >bare.conf
with() { # with LINE: left.conf with it in place of PrivateKey
	sed "s~^\[Interface\]~&\n$1~" bare.conf >left.conf
}
echo "$KEY_left" >left.secret
chmod 600 left.secret bare.conf left.conf
cat >print <<EOF
#!/bin/sh
echo "\$1" >>$T/ran
cat $T/left.secret
EOF
chmod 755 print

with "#: PrivateKeyCommand = $T/print %i # comment"
at left "$XT_BIN" check left.conf >out 2>&1 || fail "check: $(cat out)"
has "left.conf:2:.*hint: PrivateKeyCommand is not run by check.*\[key-command\]" out || fail "check: $(cat out)"
at left "$XT_BIN" strip left.conf >out 2>err || fail "strip: $(cat err)"
has "PrivateKey" out && fail "strip prints a key: $(cat out)"
has "PrivateKeyCommand is not run by strip" err || fail "strip: $(cat err)"
[ ! -e ran ] || fail "check or strip ran the command"
ok "check and strip do not run the command, and say so"

instances_start
[ "$(cat ran)" = left ] || fail "it ran so: $(cat ran)"
both_families left 2
instances_stop
at left "$XT_BIN" up left.conf 2>up.log || fail "up: $(cat up.log)"
[ "$(at left wg show left private-key)" = "$KEY_left" ] || fail "up has another key"
grep -qF "$KEY_left" left.log up.log && fail "the key is in a log"
ok "run and up have the key that it prints"

: >ran
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
[ "$(wc -l <ran)" = 1 ] || fail "reload did not run it once"
has "unchanged\|nothing" out || fail "reload: $(cat out)"
"$XT_BIN" genkey >left.secret
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
[ "$(at left wg show left private-key)" = "$(cat left.secret)" ] || fail "reload has not the new key"
at left "$XT_BIN" save left || fail "save: $?"
has "^#: PrivateKeyCommand = $T/print %i # comment" left.conf && ! has "^PrivateKey =" left.conf ||
	fail "save: $(cat left.conf)"
ok "reload applies the key that it prints now, and save keeps the line"

old=$(cat left.secret)
echo "exit 7" >print
refuses 4 "left.conf:.*error: PrivateKeyCommand ended with status \(7\|126\)" at left "$XT_BIN" reload left
[ "$(at left wg show left private-key)" = "$old" ] || fail "the key has changed"
at left "$XT_BIN" down left || fail "down: $?"
for case in "ended with status 3:exit 3" "printed no key:true" "did not print a key:echo key" \
	"was ended by signal 9:kill -9 \$\$"; do
	with "PrivateKeyCommand = ${case#*:}"
	for verb in run up; do
		refuses 4 "left.conf:2:.*PrivateKeyCommand ${case%%:*}" at left "$XT_BIN" $verb left.conf
	done
	at left ip link show left >/dev/null 2>&1 && fail "${case#*:}: the interface is there"
done
ok "a command that fails: exit status 4 with file and line, and nothing is changed"

if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 /run/conf
	with "PrivateKeyCommand = touch $T/untrusted"
	cp left.conf /run/conf/left.conf
	chmod 602 /run/conf/left.conf
	for verb in run up; do
		refuses 4 "PrivateKeyCommand runs as root: chmod go-w" at left "$XT_BIN" $verb /run/conf/left.conf
	done
	[ ! -e untrusted ] || fail "the command ran"
	ok "a file that others may write does not run its command"
fi

with "PrivateKeyFile = %d/key"
mkdir -m 700 credentials
echo "$KEY_left" >credentials/key
chmod 600 credentials/key
for verb in run up check; do
	refuses 4 "left.conf:2:.*PrivateKeyFile: %d.*CREDENTIALS_DIRECTORY is not set" \
		env -u CREDENTIALS_DIRECTORY ip netns exec left "$XT_BIN" $verb left.conf
done
export CREDENTIALS_DIRECTORY=$T/credentials
start left
[ "$(at left wg show left private-key)" = "$KEY_left" ] || fail "the key is not the credential"
at left "$XT_BIN" reload left >out 2>&1 || fail "reload: $(cat out)"
stop left
ok "%d is the directory of credentials"
