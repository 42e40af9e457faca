#!/bin/bash
# SPDX-License-Identifier: MIT
# add, list, disable, enable, remove: the peers of a hub, in its file and in what runs.
. "$(dirname "$0")/lib.sh"
hosts_link
hub() { # hub VERB ARGUMENTS…: on the host left
	local verb=$1
	shift
	at left "$XT_BIN" "$verb" hub.conf "$@" 2>err || fail "$verb hub.conf $*: exit $?: $(cat err)"
}
value() { sed -n "s/^$1 = //p" "$2"; }
same() { cmp -s hub.conf "$1" || fail "$2: $(diff "$1" hub.conf)"; }
peers() { at left "$XT_BIN" show hub --json | jq -r '[.peers[].name] | sort | join(" ")'; }
cat >hub.conf <<-EOF
	# The hub of the lab.

	[Interface] # keep me
	PrivateKey = $("$XT_BIN" genkey)
	Address = 10.7.0.1/29, fd07::1/64   # two networks
	ListenPort = 51801
	#: Echo = peer

	# Anna's old one
	[Peer]
	#: Name = old
	PublicKey = $("$XT_BIN" genkey | "$XT_BIN" pubkey)
	AllowedIPs = 10.7.0.2/32

	# --- the end ---
EOF
chmod 640 hub.conf
cp hub.conf first.conf
start hub left

[ "$(hub add right --endpoint $L4 -o .)" = ./right.conf ] || fail "add: $(cat err)"
[ "$(stat -c %a right.conf)" = 600 ] || fail "right.conf has mode $(stat -c %a right.conf)"
[ "$(stat -c %a hub.conf)" = 640 ] || fail "hub.conf has mode $(stat -c %a hub.conf)"
[ "$(head -n "$(wc -l <first.conf)" hub.conf)" = "$(cat first.conf)" ] || fail "add changed other lines: $(diff first.conf hub.conf)"
[ "$(value Address right.conf)" = "10.7.0.3/29, fd07::2/64" ] || fail "addresses: $(value Address right.conf)"
[ "$(value Endpoint right.conf)" = $L4:51801 ] || fail "endpoint: $(value Endpoint right.conf)"
right=$(value PublicKey hub.conf | tail -n 1)
[ "$(value PrivateKey right.conf | "$XT_BIN" pubkey)" = "$right" ] || fail "the keys of right do not fit"
[ "$(peers)" = "old right" ] || fail "the hub was not reloaded: $(peers)"
start right
pings right 10.7.0.1 || fail "no answer by IPv4"
pings right fd07::1 || fail "no answer by IPv6"
ok "add: a file that works at once, in the running hub too"

hub list >list
grep -q "^right	on	10.7.0.3/32,fd07::2/128	$right$" list || fail "list: $(cat list)"
[ "$(hub list --json | jq -r '.peers[] | select(.name == "right") | .allowed_ips[1]')" = fd07::2/128 ] ||
	fail "list --json: $(hub list --json)"
cp hub.conf with_right.conf
hub disable right
[ "$(peers)" = old ] || fail "disabled, and in force: $(peers)"
grep -q "^right	disabled	" <(hub list) || fail "list of a disabled peer: $(hub list)"
"$XT_BIN" check hub.conf | grep -q error: && fail "check of a file with a disabled peer"
"$XT_BIN" strip hub.conf 2>/dev/null | grep -qF "$right" && fail "strip prints a disabled peer"
cp hub.conf disabled.conf
hub save
grep -q "^#disabled: AllowedIPs = 10.7.0.3/32" hub.conf || fail "save lost a disabled peer: $(cat hub.conf)"
cat disabled.conf >hub.conf
hub disable right
grep -q "disabled already" err || fail "disabled twice: $(cat err)"
hub add pad >/dev/null
grep -q "reaches" err && fail "the endpoint of the last peer is not used: $(cat err)"
[ "$(value Endpoint pad.conf)" = $L4:51801 ] || fail "endpoint of pad: $(value Endpoint pad.conf)"
[ "$(value Address pad.conf)" = "10.7.0.4/29, fd07::3/64" ] ||
	fail "pad has the address of a disabled peer: $(value Address pad.conf)"
hub enable right
hub remove pad
same with_right.conf "disable, add, enable, remove"
[ "$(peers)" = "old right" ] || fail "enabled, and not in force: $(peers)"
at right "$XT_BIN" wait right >/dev/null || fail "no handshake with an enabled peer"
pings right 10.7.0.1 || fail "right does not reach the hub again"
ok "list, disable, enable; a disabled peer keeps its address"

# --- --dry-run and --json
valid() { # valid SCHEMA: the file said is as that schema says
	"$PYTHON" -c 'import jsonschema' 2>/dev/null || return 0
	"$PYTHON" "$SOURCE/tests/e2e/json_valid.py" "$SOURCE/docs/schema/$1.json" <said >valid.out ||
		fail "not as $1 says: $(cat valid.out said)"
}
touch other.conf
cp hub.conf before.conf
files() { stat -c '%n %i %s %y %a' ./*.conf; }
files >files
file_unchanged() {
	same before.conf "$1"
	[ "$(peers)" = "old right" ] || fail "$1: changed what runs: $(peers)"
	files | diff files - || fail "$1: changed files"
}
[ "$(hub add third --dry-run)" = third.conf ] || fail "add --dry-run: $(hub add third --dry-run)"
grep -q "third would be 10.7.0.4 there, and reach hub at $L4:51801" err || fail "add --dry-run: $(cat err)"
hub add third --dry-run --json >said
valid add-1
jq -e '.dry_run and (has("public_key") | not) and .addresses == ["10.7.0.4/29", "fd07::3/64"]' said >/dev/null ||
	fail "add --dry-run --json: $(cat said)"
refuses 2 "a peer is named right" at left "$XT_BIN" add hub.conf right --dry-run
refuses 1 "other.conf: File exists" at left "$XT_BIN" add hub.conf other --dry-run
refuses 1 "none/third.conf: No such file" at left "$XT_BIN" add hub.conf third --dry-run -o none
refuses 2 "needs a file" at left "$XT_BIN" add hub.conf third --json --qr
hub remove right --dry-run
grep -q "right would be removed" err || fail "remove --dry-run: $(cat err)"
hub remove right --dry-run --json >said
valid remove-1
jq -e ".dry_run and .public_key == \"$right\" and .allowed_ips[0] == \"10.7.0.3/32\"" said >/dev/null ||
	fail "remove --dry-run --json: $(cat said)"
refuses 2 "no peer has" at left "$XT_BIN" remove hub.conf third --dry-run
file_unchanged "--dry-run"
hub add third --json >said
valid add-1
third=$(jq -r .public_key said)
[ "$(value PrivateKey "$(jq -r .peer_file said)" | "$XT_BIN" pubkey)" = "$third" ] || fail "add --json: $(cat said)"
grep -qF "$(value PrivateKey third.conf)" said && fail "add --json prints a private key"
grep -qF "$(value PresharedKey third.conf)" said && fail "add --json prints a pre-shared key"
[ "$(peers)" = "old right third" ] || fail "add --json was not applied: $(peers)"
hub disable third
hub remove third --json >said
valid remove-1
jq -e '.disabled and .name == "third"' said >/dev/null || fail "remove --json: $(cat said)"
rm third.conf
same before.conf "add and remove with --json"
ok "add and remove: --dry-run, --json"

hub remove "$right"
same first.conf "remove"
[ "$(peers)" = old ] || fail "removed, and in force: $(peers)"
hub disable old
hub remove old
grep -q "the end" hub.conf && grep -q "keep me" hub.conf || fail "remove took other comments: $(cat hub.conf)"
grep -q Anna hub.conf && fail "the comment of a removed peer stays: $(cat hub.conf)"
ok "remove: by key, of a disabled one"

# All or nothing.
unchanged() { # unchanged CODE TEXT VERB ARGUMENTS…: refused; hub.conf and what runs are as before
	local code=$1 text=$2 before
	shift 2
	cp hub.conf before.conf
	before=$(peers)
	refuses "$code" "$text" at left "$XT_BIN" "$@"
	same before.conf "$*"
	[ "$(peers)" = "$before" ] || fail "$*: the instance has $(peers), not $before"
	compgen -G "*.tmp" >/dev/null && fail "$*: remains of $(echo ./*.tmp)"
	return 0
}
for name in one two three four five; do hub add $name --endpoint $L4 >/dev/null; done
unchanged 1 "10.7.0.0/29 are in use" add hub.conf six
[ ! -e six.conf ] || fail "a file of a peer without an address"
hub remove two
unchanged 1 "not overwritten" add hub.conf two
old=$(cksum two.conf)
hub add two --force >/dev/null
[ "$(cksum two.conf)" != "$old" ] && [ "$(stat -c %a two.conf)" = 600 ] || fail "--force"
hub remove two
rm two.conf
mkdir two.conf
unchanged 1 "directory" add hub.conf two --force
unchanged 1 "directory" add hub.conf two --force --dry-run
rmdir two.conf
if [[ $("$XT_BIN" --version) == *qrencode* ]]; then
	mkdir two.png
	echo "of an earlier one" >two.conf
	unchanged 1 "directory" add hub.conf two --force --qr=two.png
	grep -q earlier two.conf || fail "a file was replaced by a verb that failed"
	rmdir two.png
	ln -s none two.png
	unchanged 1 "could be replaced" add hub.conf two --force --qr=two.png
	grep -q earlier two.conf || fail "a file was replaced by a verb that failed"
	rm two.png two.conf
fi
unchanged 2 "named one" add hub.conf one -o none
unchanged 1 "No such file" add hub.conf two -o none
unchanged 2 "no peer" remove hub.conf two
unchanged 2 "no peer" disable hub.conf ""
unchanged 2 "not an endpoint" add hub.conf two --endpoint "a b"
unchanged 2 "not an endpoint" add hub.conf two --endpoint a:0
unchanged 2 "expected addresses" add hub.conf two --dns "10.7.0.1,;"
unchanged 2 "not a list" add hub.conf two --allowed-ips 10.7.0.0/33
for name in "" "a#b" $'a\nb' " a" "$(printf 'x%.0s' {1..64})" "$right"; do
	unchanged 2 "a name" add hub.conf "$name"
done
unchanged 2 "is empty" add hub.conf two -o ""
refuses 2 "is empty" "$XT_BIN" new a.example b.example -o ""
[ ! -e /two.conf ] && [ ! -e /a.conf ] || fail "-o '' wrote into /"
for name in all default lo; do
	unchanged 2 "keeps for itself" add hub.conf $name
done
mkdir closed
mount --bind closed closed && mount -o remount,ro,bind closed || fail "a read-only folder"
unchanged 1 "read-only" add hub.conf two -o closed
[ -z "$(ls closed)" ] || fail "files in a read-only folder"
mkdir hubs
mount --bind hubs hubs && cp hub.conf hubs/hub.conf && mount -o remount,ro,bind hubs || fail "a read-only folder"
unchanged 1 "read-only" add hubs/hub.conf two
[ ! -e two.conf ] || fail "the file of a peer whose hub was not changed"
cp hub.conf good.conf
hub disable one
printf '\n[Peer]\n#: Name = one\nPublicKey = %s\n' "$("$XT_BIN" genkey | "$XT_BIN" pubkey)" >>hub.conf
unchanged 2 "several peers" enable hub.conf one
unchanged 2 "several peers" remove hub.conf one
cat good.conf >hub.conf
at left "$XT_BIN" reload hub >/dev/null || fail "reload"
echo "Nonsense = 1" >>hub.conf
cp hub.conf bad.conf
for verb in add remove disable enable; do
	refuses 4 "hub.conf:.*error" at left "$XT_BIN" $verb hub.conf one
	same bad.conf "$verb with a bad file"
done
refuses 4 "error" "$XT_BIN" list hub.conf
cat good.conf >hub.conf
ok "names, files, folders, a full network: refused, and all is as before"

sed -i "s/^ListenPort = .*/&\n#: Sandbox = off/" hub.conf
unchanged 4 "as it was" add hub.conf two
[ ! -e two.conf ] || fail "the file of a peer that the instance refused"
cat good.conf >hub.conf

# A step of the reload fails: the port that the file has now is taken.
ip netns exec left "$PYTHON" -c "
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 51899))
print('bound', flush=True)
signal.pause()" >bound 2>&1 &
taken=$!
await 10 "the port is taken" has bound bound
sed -i "s/^ListenPort = .*/ListenPort = 51899/" hub.conf
unchanged 1 "as it was" add hub.conf two
[ ! -e two.conf ] || fail "the file of a peer whose reload failed"
unchanged 1 "as it was" remove hub.conf one
kill $taken
cat good.conf >hub.conf
ok "an instance that refuses the file: file and peers are as before"

stop hub
printf '[Interface]\r\nPrivateKey = %s\r\nAddress = 10.9.0.1/24\r\nListenPort = 1' "$("$XT_BIN" genkey)" >real.conf
ln -s real.conf link.conf
cp real.conf before.conf
"$XT_BIN" add link.conf x --endpoint h.example >/dev/null 2>err || fail "add: $(cat err)"
[ -L link.conf ] || fail "the link was replaced"
[ "$(tr -cd '\r' <real.conf | wc -c)" = "$(tr -cd '\n' <real.conf | wc -c)" ] || fail "line ends: $(cat -A real.conf)"
"$XT_BIN" remove link.conf x 2>err || fail "remove: $(cat err)"
cmp real.conf before.conf || fail "line ends after add and remove: $(cat -A real.conf)"
adders=()
for n in 1 2 3 4 5 6; do
	"$XT_BIN" add link.conf "p$n" --endpoint h.example >/dev/null 2>"err$n" &
	adders+=($!)
done
for pid in "${adders[@]}"; do wait "$pid" || fail "one of several: $(cat err?)"; done
[ "$("$XT_BIN" list link.conf | cut -f 3 | sort -u | wc -l)" = 6 ] || fail "several at a time: $("$XT_BIN" list link.conf)"
ok "line ends, a link, several at a time"

# The first one has replaced the file when the second one comes, and fails then.
delayed() { # delayed VERB ARGUMENTS…: in the background, for a second between file and reload
	strace -qq -o trace -e trace=rename,renameat,renameat2 \
		-e inject=rename,renameat,renameat2:delay_exit=1000000:when=1 "$XT_BIN" "$@" >/dev/null 2>err &
}
if command -v strace >/dev/null && [ -z "$XT_SANITIZE" ]; then
	touch late.conf
	mount --bind late.conf late.conf || fail "a file that is not replaced"
	delayed add link.conf late --endpoint h.example --force
	first=$!
	await 5 "the file is replaced" has late real.conf
	"$XT_BIN" add link.conf second --endpoint h.example >/dev/null 2>err2 || fail "add: $(cat err2)"
	wait $first && fail "a mount point was replaced"
	umount late.conf
	"$XT_BIN" list link.conf | grep -q ^second || fail "the peer of the second is lost: $(cat real.conf)"
	ok "one that fails takes nothing back of the next one"

	# The file has the new peer, the instance does not yet.
	start hub left
	delayed add hub.conf saved --endpoint $L4
	first=$!
	await 5 "the file is replaced" has saved hub.conf
	refuses 1 "changing" at left "$XT_BIN" save hub
	wait $first || fail "add: $(cat err)"
	grep -q saved hub.conf || fail "save has removed a new peer from the file"
	[[ " $(peers) " == *" saved "* ]] || fail "a new peer is not in force: $(peers)"
	hub remove saved
	sed -i 's/^ListenPort/SaveConfig = true\n&/' hub.conf
	at left "$XT_BIN" reload hub >/dev/null || fail "reload"
	delayed add hub.conf saved --endpoint $L4 --force
	first=$!
	await 5 "the file is replaced" has saved hub.conf
	stop hub
	wait $first || fail "add: $(cat err)"
	grep -q saved hub.conf || fail "SaveConfig has removed a new peer from the file"
	ok "save and SaveConfig leave a file alone that a verb is changing"

	# A signal while the disk takes its time with the peer's file.
	ended() { # ended FILE VERB ARGUMENTS…
		local file=$1
		shift
		rm -f "$file"
		strace -qq -o trace -e trace=fsync -e inject=fsync:delay_enter=1000000:when=1 \
			"$XT_BIN" "$@" >/dev/null 2>err &
		first=$!
		await 5 "$file is there" test -e "$file"
		kill "$(pgrep -P $first)"
		wait $first
	}
	ended hurried.conf add link.conf hurried --endpoint h.example
	[ ! -e hurried.conf ] || grep -q hurried real.conf || fail "the file of a peer that the hub does not have"
	ended p1.psk rotate link.conf --psk p1
	[ ! -e p1.psk ] || grep -qFf p1.psk real.conf || fail "the file of a key that the hub does not have"
	ok "a signal leaves no file of what was not done"
fi
