#!/bin/bash
# SPDX-License-Identifier: MIT
# bash, zsh and fish complete every verb and every option of the program, files, directories and the
# peers of a file: what the shells themselves return.
set -u
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir "$T/bin" "$T/home" "$T/dir"
ln -s "$(realpath "${XT_BIN:?}")" "$T/bin/xtunnel"
export PATH=$T/bin:$PATH HOME=$T/home XDG_CONFIG_HOME=$T/home
here=${XT_SOURCE:?}/conf/completions
cd "$T/dir" || exit 1
fail() {
	echo "FAIL: $*"
	exit 1
}

key=$(xtunnel genkey | xtunnel pubkey)
touch some.conf
mkdir folder
cat >two.conf <<EOF
[Interface]
PrivateKey = $(xtunnel genkey)
[Peer]
Name = north
PublicKey = $(xtunnel genkey | xtunnel pubkey)
AllowedIPs = 10.7.0.2/32
[Peer]
PublicKey = $key
AllowedIPs = 10.7.0.3/32
EOF
chmod 600 two.conf

# Each reads command lines, the cursor at their end, and prints "LINE>" and a candidate a line.
cat >bash.sh <<'EOF'
source "$1"
[ "$(complete -p xtunnel)" = "complete -F _xtunnel xtunnel" ] || exit 1
while IFS= read -r COMP_LINE; do
	COMP_POINT=${#COMP_LINE}
	_xtunnel
	for word in "${COMPREPLY[@]}"; do echo "$COMP_LINE>$word"; done
done
EOF
cat >zsh.zsh <<'EOF'
_describe() { for i in "${(@P)argv[-1]}"; do print -r -- "$typed>${${i%%:*}//\\/}"; done }
_files() { if [[ ${1-} = -/ ]]; then for i in *(N/); do print -r -- "$typed>$i/"; done
	else for i in *(N); do print -r -- "$typed>$i"; done; fi }
while IFS= read -r typed; do
	words=("${(@s: :)typed}") CURRENT=${#words}
	[[ $typed != *' ' ]] || CURRENT=$#words
	source "$1"
done
EOF
cat >fish.fish <<'EOF'
source $argv[1]
while read -l line
	for found in (complete -C "$line")
		echo "$line>"(string split -m1 \t -- $found)[1]
	end
end
EOF

verbs=$(xtunnel --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$verbs")" -ge 20 ] || fail "--help lists no verbs: $verbs"
{
	echo "xtunnel >help"
	for verb in $verbs; do
		echo "xtunnel >$verb"
		echo "xtunnel help >$verb"
		xtunnel help "$verb" | sed -n '/^Options:/,$p' |
			sed -nE "s/^  (-.,|   ) (--[a-z-]+).*/xtunnel $verb -->\2/p"
	done
	echo "xtunnel -->--version"
	echo "xtunnel check ./two.conf >some.conf"
	echo "xtunnel new -o >folder/"
	echo "xtunnel why ./two.conf >north"
	echo "xtunnel log left d>debug"
	echo "xtunnel show left list>listen-port"
} >wanted
grep -q '^xtunnel capture -->--segments' wanted || fail "no options: $(cat wanted)"
cut -d'>' -f1 wanted | sort -u >lines
echo "xtunnel why ./two.conf ${key%?????}" >>lines

# check SHELL COMMAND…
check() {
	local shell=$1 missing
	shift
	if ! command -v "$shell" >/dev/null; then
		echo "skip: no $shell"
		return
	fi
	"$@" <lines >found 2>errors || fail "$shell: exit $?: $(cat errors)"
	[ ! -s errors ] || fail "$shell: $(cat errors)"
	sed 's,>\./,>,' found | sort -u >have
	missing=$(sort -u wanted | sed -E "$strip" | sort -u | comm -23 - <(sed -E "$strip" have | sort -u))
	[ -z "$missing" ] || fail "$shell does not complete: $missing"
	grep -qF "${key: -5}" <(grep 'two.conf [^>]' found) || fail "$shell: no key of a peer: $(grep two found)"
	echo "ok: $shell completes $(wc -l <wanted) words"
}
strip='s,/$,,'
check bash bash --norc bash.sh "$here/xtunnel.bash"
check zsh zsh -f zsh.zsh "$here/xtunnel.zsh"
check fish fish --no-config fish.fish "$here/xtunnel.fish"

# A name of a peer is text of a file, and reaches a terminal.
printf '%s\n' "[Interface]" "PrivateKey = $(xtunnel genkey)" "[Peer]" $'Name = a\e[31mb' \
	"PublicKey = $key" "AllowedIPs = 10.7.0.3/32" >odd.conf
! xtunnel __complete why ./odd.conf "" | grep -q $'\e' || fail "control characters are printed"
[ -z "$(xtunnel __complete nonsense "" 2>&1)" ] || fail "candidates of an unknown verb"
xtunnel --help | grep -q __complete && fail "--help shows it"
echo "ok: no control characters"
