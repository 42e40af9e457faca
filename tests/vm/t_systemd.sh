#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 1200
# The installed units under a real systemd: a Debian 12 in an emulated machine runs guest.sh. Its
# image is made once, in XT_VM (default: ~/.cache/xtunnel-vm). Without KVM this takes minutes.
set -u
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$(realpath "$0")")
build=${XT_BUILD:?} image=${XT_VM:-$HOME/.cache/xtunnel-vm}
skip() {
	echo "skip: $*"
	exit 77
}

[ -z "${XT_SANITIZE:-}" ] || skip "the image has no libraries of sanitizers"
[ "$(uname -m)" = x86_64 ] || skip "the image is for x86_64"
for tool in qemu-system-x86_64 mke2fs; do
	command -v $tool >/dev/null || skip "no $tool"
done
if [ ! -e "$image/root.ext4" ] ||
	! sha256sum <"$here/image.sh" | cmp -s - "$image/made-by"; then
	command -v mmdebstrap >/dev/null || skip "no mmdebstrap to make the image $image"
	[ "$(id -u)" = 0 ] || skip "only root makes the image $image"
	"$here/image.sh" "$image" >"$build/vm-image.log" 2>&1 ||
		skip "the image cannot be made: $(tail -n 1 "$build/vm-image.log")"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/xt-vm.XXXXXX") || exit 1
machine=
cleanup() {
	[ -z "$machine" ] || kill "$machine" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
mkdir "$work/disk"
DESTDIR=$work/disk/root cmake --install "$build" >"$work/install.log" 2>&1 || {
	cat "$work/install.log"
	exit 1
}
cp "$here/guest.sh" "$work/disk"
mke2fs -q -t ext2 -d "$work/disk" "$work/disk.img" 128M >"$work/mke2fs.log" 2>&1 || exit 1

accel=tcg
grep -q -E '^flags.*\b(vmx|svm)\b' /proc/cpuinfo && [ -w /dev/kvm ] && accel=kvm
nice -n 10 qemu-system-x86_64 -accel $accel -cpu max -m 768 -smp 1 -nodefaults -no-reboot \
	-display none -monitor none -serial "file:$work/console" \
	-kernel "$image/vmlinuz" -initrd "$image/initrd" \
	-append "root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off" \
	-drive "file=$image/root.ext4,format=raw,if=virtio,snapshot=on" \
	-drive "file=$work/disk.img,format=raw,if=virtio,readonly=on" \
	-device virtio-rng-pci </dev/null >"$work/qemu.log" 2>&1 &
machine=$!
wait $machine
machine=
tr -d '\r' <"$work/console" | sed -E 's/\x1b\[[0-9;]*m//g' >"$work/lines"
grep -E '^(ok|FAIL|skip): |^    ' "$work/lines"
grep -q '^end: 0$' "$work/lines" && exit 0
grep -q '^FAIL: ' "$work/lines" && exit 1
echo "FAIL: the machine did not reach its end"
tail -n 40 "$work/lines"
cat "$work/qemu.log"
exit 1
