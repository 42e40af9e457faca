#!/bin/bash
# SPDX-License-Identifier: MIT
# add --qr: a code for a phone, on the terminal, as PNG and as SVG, read by another program.
. "$(dirname "$0")/lib.sh"
"$XT_BIN" new --hub hub.example:4242 anna -a 10.9.0.0/24,fd09::/64 >/dev/null 2>&1 || fail "new --hub"
"$XT_BIN" --version >version
if ! grep -q libqrencode version; then
	cp hub.conf before.conf
	refuses 1 "without libqrencode" "$XT_BIN" add hub.conf phone --qr
	cmp hub.conf before.conf && [ ! -e phone.conf ] || fail "a code that cannot be made, and a peer"
	ok "built without libqrencode: said before anything is changed"
	exit 0
fi
"$XT_BIN" add hub.conf one --qr --dns 10.9.0.1,example.org >code1 2>err || fail "add --qr: $(cat err)"
"$XT_BIN" add hub.conf two --qr=two.png >code2 2>err || fail "add --qr=two.png: $(cat err)"
"$XT_BIN" add hub.conf three --qr=three.svg --allowed-ips 0.0.0.0/0,::/0 >code3 2>err || fail "add --qr=three.svg: $(cat err)"
[ "$(head -n 1 code1)" = one.conf ] && [ "$(wc -L <code1)" -le 80 ] || fail "a code of more than 80 columns: $(cat code1)"
grep -q "$(printf '\033')" code1 && fail "colour in a file"
[ "$(cat code2)" = $'two.conf\ntwo.png' ] || fail "paths: $(cat code2)"
for file in two.png three.svg; do
	[ "$(stat -c %a $file)" = 600 ] || fail "$file has mode $(stat -c %a $file)"
done
WG_COLOR_MODE=always "$XT_BIN" add hub.conf four --qr >code4 2>/dev/null || fail "add --qr in colour"
grep -q "$(printf '\033')\[97;40m" code4 || fail "no colour where it is always"
file two.png | grep -q "PNG image data" || fail "not a PNG: $(file two.png)"
ok "printed, as PNG and as SVG, mode 0600"

refuses 2 ".png or .svg" "$XT_BIN" add hub.conf five --qr=five.gif
refuses 1 "No such file" "$XT_BIN" add hub.conf five --qr=none/five.png
refuses 1 "not overwritten" "$XT_BIN" add hub.conf five --qr=two.png
[ ! -e five.conf ] && ! grep -q five hub.conf || fail "a peer whose image was not written"
refuses 1 "too long" "$XT_BIN" add hub.conf five --qr --allowed-ips "$(printf '10.%d.0.0/16,' {1..250})10.0.0.0/16"
[ ! -e five.conf ] && ! grep -q five hub.conf || fail "a peer whose code is too long"
ok "an image that cannot be written, or a code that is too long: no peer"

command -v zbarimg >/dev/null || { ok "no zbarimg: codes were not read"; exit 0; }
"$PYTHON" "$SOURCE/tests/e2e/qr_read.py" code1 one.png || fail "draw the code of the terminal"
"$PYTHON" "$SOURCE/tests/e2e/qr_read.py" three.svg three.png || fail "draw the SVG"
"$PYTHON" "$SOURCE/tests/e2e/qr_read.py" code4 four.png || fail "draw the code in colour"
for name in one two three four; do
	zbarimg -q --raw $name.png >$name.read 2>/dev/null || fail "$name.png cannot be read"
	grep -v '^#\|^$' $name.conf >want
	grep -v '^$' $name.read >got
	cmp want got || fail "$name: $(diff want got)"
	grep -q '#' $name.read && fail "comments in the code: $(cat $name.read)"
done
"$XT_BIN" strip ./one.conf | grep -q PresharedKey || fail "strip"
ok "another program reads what is in the file"
