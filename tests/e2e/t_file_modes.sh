#!/bin/bash
# SPDX-License-Identifier: MIT
# A configuration or key file that others may write, or replace, is refused when its hooks would run
# as root. Down runs the hooks that up read, and refuses nothing.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "no root"
hosts_link
mkdir -m 755 /run/conf
configs_write "" "" "PostUp = touch $T/ran
PostDown = touch $T/down"
sed "s|^PrivateKey.*|#: PrivateKeyFile = left.key|" left.conf >/run/conf/left.conf
echo "$KEY_left" >/run/conf/left.key
chmod 600 /run/conf/*

refused() { # refused WHAT CHMOD PATH: up, run and check refuse it, with that chmod to type
	local verb
	for verb in "up" "run" "check"; do
		refuses 4 "chmod $2 $3\( \[untrusted\]\)\?\$" at left "$XT_BIN" $verb /run/conf/left.conf
		[ ! -e ran ] || fail "$1: $verb ran a hook"
	done
	ok "$1"
}

runs() { # runs WHAT
	at left "$XT_BIN" up /run/conf/left.conf >out 2>err || fail "$1: up: $(cat err)"
	[ -e ran ] || fail "$1: no hook ran"
	at left "$XT_BIN" down left || fail "$1: down"
	rm ran down
	ok "$1"
}

runs "a file of root's"
chmod 602 /run/conf/left.conf
refused "a file that others may write" go-w /run/conf/left.conf
chmod go-w /run/conf/left.conf
chmod 622 /run/conf/left.key
refused "a key file that others may write" go-w /run/conf/left.key
chmod 600 /run/conf/left.key
chmod 777 /run/conf
refused "a directory that others may write" go-w /run/conf
chmod 1777 /run/conf
runs "a directory with the sticky bit"
chmod 755 /run/conf
mkdir -m 777 /run/open && mkdir -m 755 /run/open/conf && mv /run/conf/* /run/open/conf && rmdir /run/conf
ln -s open/conf /run/conf
refused "a directory further up, behind a link" go-w /run/open
chmod 755 /run/open
runs "a link to it"
chmod 660 /run/open/conf/left.conf
runs "a file that its group may write"
grep -q "warning: a group can write the file /run/open/conf/left.conf (mode 0660)" err || fail "no warning: $(cat err)"
chmod 775 /run/open
runs "a directory that its group may write"
grep -q "warning: a group can write the directory /run/open " err || fail "no warning: $(cat err)"

chmod 755 /run/open
chmod 600 /run/open/conf/left.conf
if chown 1 /run/open/conf/left.conf 2>/dev/null; then
	runs "a file of another user"
	grep -q "warning: the file /run/open/conf/left.conf belongs to user 1," err || fail "no warning: $(cat err)"
	SUDO_UID=1 runs "a file of the user that called sudo"
	grep -q warning err && fail "a warning: $(cat err)"
	chown 0 /run/open/conf/left.conf
	chown 1 /run/open
	runs "a directory of another user"
	grep -q "warning: the directory /run/open belongs to user 1, who can replace the file" err ||
		fail "no warning: $(cat err)"
	[ "$(grep -c "conf: warning: the directory" err)" = 1 ] || fail "more than one: $(cat err)"
	SUDO_UID=1 runs "a directory of the user that called sudo"
	grep -q "belongs to" err && fail "a warning: $(cat err)"
	chown 0 /run/open
fi
at left "$XT_BIN" up /run/conf/left.conf 2>err || fail "up: $(cat err)"
chmod 666 /run/open/conf/left.conf
chmod 777 /run/open
sed -i "s|^PostDown.*|PostDown = touch $T/evil|" /run/open/conf/left.conf
at left "$XT_BIN" down left 2>err || fail "down: $(cat err)"
[ -e down ] && [ ! -e evil ] || fail "down ran other hooks than those that up read"
ok "down runs the hooks that up read and refuses nothing"
rm -f ran down

sed -i '/^Post/d' /run/open/conf/left.conf
at left "$XT_BIN" up /run/conf/left.conf 2>err || fail "without hooks: $(cat err)"
at left "$XT_BIN" down left || fail "down"
ok "without hooks it is not refused"
