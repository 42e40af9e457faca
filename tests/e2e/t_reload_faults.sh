#!/bin/bash
# SPDX-License-Identifier: MIT
# A step of a reload that fails takes back every earlier one: peers, addresses, routes, rules, the
# firewall and the name servers are byte for byte as before. Each request of a reload that changes
# everything is made to fail in turn, and so are nft and the programs that set DNS.
. "$(dirname "$0")/lib.sh"
[ -z "$XT_SANITIZE" ] || skip "a sanitizer does not let system calls be replaced"
FAULTS=$(dirname "$XT_BIN")/e2e_faults.so
[ -f "$FAULTS" ] || skip "no $FAULTS"
command -v nft >/dev/null || skip "no nft"

tunnel_prepare
ip -n left route add default via $R4
printf '# by hand\nnameserver 192.0.2.1\n' >resolv.conf
chmod 644 resolv.conf
mount --bind "$T/resolv.conf" /etc/resolv.conf
[ ! -d /run/systemd/resolve ] || mount -t tmpfs tmpfs /run/systemd/resolve
mkdir bin
PATH=$T/bin:$PATH
NFT=$(command -v nft)
printf '#!/bin/sh\n[ ! -e %s/no-nft ] || { echo refused >&2; exit 1; }\nexec %s "$@"\n' "$T" "$NFT" >bin/nft
# resolvectl: no resolved runs here. resolvconf: keeps what it was given in a file.
printf '#!/bin/sh\nexit 1\n' >bin/resolvectl
cat >bin/resolvconf <<-END
	#!/bin/sh
	[ ! -e $T/no-dns ] || { echo refused >&2; exit 1; }
	case \$1 in -a) cat >$T/servers ;; *) rm -f $T/servers ;; esac
END
chmod +x bin/*
head -c8 /dev/zero >faults
fault() { # fault N: the Nth request from now on fails; 0: none
	printf "\\x$(printf %02x "$1")\\0\\0\\0\\0\\0\\0\\0" 1<>faults
}
fault_left() { od -An -td8 faults | tr -d ' '; }

state() {
	# shellcheck disable=SC2016
	at left sh -c 'wg showconf left; ip -d addr show left; ip -4 route show table all
		ip -6 route show table all | grep -v expires; ip rule; ip -6 rule; "$0" list ruleset' "$NFT"
	cat resolv.conf servers 2>/dev/null
}
reload() {
	at left "$XT_BIN" reload left >out 2>err
	CODE=$?
}
# in_force FILE: a reload makes it so
in_force() {
	cp "$1" left.conf
	reload
	[ $CODE = 0 ] || fail "a reload to $1: exit $CODE: $(cat out err)"
}
rolled_back() { # rolled_back WHAT BEFORE
	state >after
	diff "$2" after >difference || fail "$1 ($(cat err)) leaves a difference: $(cat difference)"
	grep -q 'rolled back; all is as before' err || fail "$1: $(cat out err)"
}

# --- two files that share hardly anything
cp left.conf plain.conf
sed -e 's/^ListenPort.*/ListenPort = 51888/' -e 's/^Address.*/Address = 10.7.0.1\/24, fd07:9::1\/64/' \
	-e 's/^\[Interface\]/&\nMTU = 1380\nDNS = 10.7.0.53\n#: Echo = host\n#: Threads = 2/' \
	-e 's/^AllowedIPs.*/AllowedIPs = 10.7.0.2\/32, 0.0.0.0\/0, ::\/0/' left.conf >full.conf
sed 's/DNS = .*/DNS = 10.7.0.54, corp.example/' full.conf >other.conf
LD_PRELOAD=$FAULTS FAULT_FILE=$T/faults start left
start right
pings left 10.7.0.2 || fail "no tunnel"

# --- each request in turn, both ways
every_request() { # every_request FROM TO
	local n=1 failed=0
	in_force "$1"
	while [ $n -lt 200 ]; do
		state >before
		cp "$2" left.conf
		fault $n
		reload
		if [ "$(fault_left)" != 0 ]; then
			[ $CODE = 0 ] || fail "from $1 to $2 without a fault: exit $CODE: $(cat out err)"
			break
		fi
		fault 0
		if [ $CODE = 1 ]; then
			failed=$((failed + 1))
			rolled_back "request $n from $1 to $2" before
		elif [ $CODE != 0 ]; then
			fail "request $n from $1 to $2: exit $CODE: $(cat out err)"
		else # it was one whose failure does no harm
			in_force "$1"
		fi
		n=$((n + 1))
	done
	fault 0
	[ $failed -ge 8 ] || fail "from $1 to $2 only $failed of $n requests could fail"
	pings left 10.7.0.2 || fail "no traffic after the failures from $1 to $2"
	ok "from $1 to $2: $failed requests failed, and each left all as it was"
}
every_request plain.conf full.conf
every_request full.conf plain.conf

# --- programs that fail
in_force full.conf
[ "$(cat servers)" = "nameserver 10.7.0.53" ] || fail "DNS: $(cat servers resolv.conf out err /run/xtunnel/left.state)"
at left "$NFT" list table inet xtunnel-left >/dev/null || fail "no firewall"
state >before
cp other.conf left.conf
touch no-dns
reload
[ $CODE = 1 ] || fail "resolvconf that fails: exit $CODE: $(cat out err)"
rolled_back "resolvconf that fails" before
grep -q 'resolvconf ended with status 1: refused' err || fail "$(cat err)"
cp plain.conf left.conf
reload
[ $CODE = 1 ] || fail "resolvconf that does not remove: exit $CODE: $(cat out err)"
rolled_back "resolvconf that does not remove" before
rm no-dns
ok "a program for DNS that fails: all is as before"
sed 's/^Address.*/&, 10.66.0.1\/24/' full.conf >left.conf
touch no-nft
reload
[ $CODE = 1 ] || fail "nft that fails: exit $CODE: $(cat out err)"
rm no-nft
rolled_back "nft that fails" before
ok "nft that fails: all is as before"
in_force other.conf
grep -q corp.example servers && grep -q 10.7.0.54 servers || fail "DNS: $(cat servers resolv.conf out err /run/xtunnel/left.state)"
in_force plain.conf
[ ! -e servers ] || fail "DNS is left: $(cat servers)"
at left "$NFT" list tables | grep -q xtunnel && fail "the firewall is left"
at left ip rule | grep -q suppress && fail "a rule is left"
both_families left 2
ok "without failures each file is in force, to the firewall and the name servers"

# --- without programs for DNS: the block in resolv.conf
rm bin/resolvconf
printf '#!/bin/sh\nexit 127\n' >bin/resolvconf
chmod +x bin/resolvconf
cp resolv.conf plain.resolv
in_force full.conf
grep -q 'nameserver 10.7.0.53' resolv.conf || fail "resolv.conf: $(cat resolv.conf)"
in_force other.conf
grep -q 'nameserver 10.7.0.54' resolv.conf && ! grep -q 10.7.0.53 resolv.conf || fail "resolv.conf: $(cat resolv.conf)"
in_force plain.conf
cmp resolv.conf plain.resolv || fail "resolv.conf is not what it was"
ok "the block in resolv.conf comes, changes and goes"

# --- down during a reload
in_force full.conf
printf '#!/bin/sh\nsleep 2\nexec %s "$@"\n' "$NFT" >bin/nft
sed 's/^Address.*/&, 10.66.0.1\/24/' full.conf >left.conf
at left "$XT_BIN" reload left >out 2>err &
await 5 "nft runs" pgrep -f "sleep 2"
at left "$XT_BIN" down left >down.log 2>&1 || fail "down during a reload: $(cat down.log)"
unset "PID[left]"
at left ip rule | grep -q suppress && fail "a rule is left after down"
at left "$NFT" list tables | grep -q xtunnel && fail "the firewall is left after down"
cmp resolv.conf plain.resolv || fail "resolv.conf is not what it was after down"
ok "down waits for the reload and leaves nothing"
stop right
