#!/bin/bash
# SPDX-License-Identifier: MIT
# Every AEAD backend against every other, chosen by the file on one side and by XT_AEAD on the
# other. A backend that is missing is an error when it is requested, and skipped otherwise.
# labels: datapath backends
. "$(dirname "$0")/lib.sh"
hosts_link
unset XT_AEAD # it overrides the file
mapfile -t names < <("$SOURCE/scripts/backends" "$XT_BIN")
[ "${names[0]:-}" = sodium ] || fail "backends: ${names[*]}"

configs_write
for a in "${names[@]}"; do
	for b in "${names[@]}"; do
		sed -i "/Aead/d; s/^ListenPort/#: Aead = $a\n&/" left.conf
		start left
		export XT_AEAD=$b
		start right
		unset XT_AEAD
		both_families left 2
		tcp left right 10.7.0.2 3000000
		tcp right left fd07::1 3000000
		[ "$(json left left .aead) $(json right right .aead)" = "$a $b" ] ||
			fail "left has $(json left left .aead), right $(json right right .aead)"
		at left "$XT_BIN" show left |
			grep -Eq "^  aead: $a \(as requested, (lib|BoringSSL|AWS-LC|OpenSSL)" ||
			fail "show: $(at left "$XT_BIN" show left)"
		for side in left right; do
			[ "$(verdict $side $side drop_auth)" = 0 ] || fail "$side dropped"
			stop $side
		done
	done
done
ok "${#names[@]} backends with each other: ${names[*]}"

sed -i /Aead/d left.conf
start left
json left left '"\(.aead): \(.aead_reason)"'
json left left .aead_reason | grep -q ' ns a packet\|no other' || fail "no reason"
stop left
ok "auto gives the reason of its choice"

refuses 1 "no such backend: auto, sodium, ipsec-mb, boringssl, openssl" \
	at left env XT_AEAD=rot13 "$XT_BIN" run left.conf
# Hide each library behind an empty file, in this mount namespace only.
for file in /usr/lib/*/libIPSec_MB.so.? /usr/lib*/libIPSec_MB.so.? /usr/lib/*/libcrypto.so.3 \
	/usr/lib/*/android/libcrypto.so.0 /usr/lib/*/libcrypto-awslc.so.1; do
	[ ! -e "$file" ] || mount --bind /dev/null "$(realpath "$file")" || fail "mount"
done
refuses 1 "Aead: ipsec-mb: " at left env XT_AEAD=ipsec-mb "$XT_BIN" run left.conf
refuses 1 "Aead: boringssl: neither BoringSSL nor AWS-LC is installed" \
	at left env XT_AEAD=boringssl "$XT_BIN" run left.conf
refuses 1 "Aead: openssl: .*libcrypto" at left env XT_AEAD=openssl "$XT_BIN" run left.conf
start left
[ "$(json left left .aead)" = sodium ] || fail "not sodium"
json left left .aead_reason | grep -q 'no openssl: libcrypto.so.3 is not installed' || fail "reason"
stop left
ok "without the libraries"
