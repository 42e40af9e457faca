#!/bin/bash
# SPDX-License-Identifier: MIT
# image.sh FOLDER: puts vmlinuz, initrd and root.ext4 there: a minimal Debian 12 with systemd and
# what xtunnel and ordinary hooks use. It runs guest.sh of its second disk and switches itself off.
set -eu
folder=$(realpath -m "$1")
self=$(realpath "$0")
suite=bookworm
# The sources of this system, when it is that Debian; else XT_VM_MIRROR, or mmdebstrap's default.
. /etc/os-release
mirror=()
if [ -n "${XT_VM_MIRROR:-}" ]; then
	mirror=("deb $XT_VM_MIRROR $suite main")
elif [ "${VERSION_CODENAME:-}" = $suite ]; then
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources; do
		[ ! -s "$file" ] || mirror+=("$file")
	done
fi
packages=systemd,systemd-sysv,udev,kmod,procps,iproute2,iptables,nftables,iputils-ping
packages=$packages,wireguard-tools,linux-image-cloud-amd64,initramfs-tools,jq
packages=$packages,libsodium23,libb2-1,libuv1,libjansson4,libmnl0,liburing2,libseccomp2
packages=$packages,libncursesw6,libqrencode4,libmicrohttpd12,libgomp1,curl

mkdir -p "$folder"
work=$(mktemp -d "$folder/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
mmdebstrap --variant=minbase --include="$packages" "$suite" "$work/root.tar" \
	"${mirror[@]}"
mkdir "$work/root"
tar -xf "$work/root.tar" -C "$work/root" --exclude=./dev
cd "$work/root"
cp boot/vmlinuz-* "$work/vmlinuz"
cp boot/initrd.img-* "$work/initrd"
rm -rf boot/* usr/share/doc usr/share/man usr/share/locale var/cache/apt
mkdir -p dev mnt/xt etc/systemd/system/multi-user.target.wants
cat >etc/systemd/system/xt-guest.service <<-'EOF2'
	[Unit]
	After=multi-user.target
	[Service]
	Type=exec
	StandardOutput=tty
	StandardError=tty
	TTYPath=/dev/ttyS0
	ExecStart=/bin/sh -c 'mount -o ro /dev/vdb /mnt/xt && exec bash /mnt/xt/guest.sh'
	ExecStopPost=/bin/systemctl --no-block poweroff
	[Install]
	WantedBy=multi-user.target
EOF2
ln -sf ../xt-guest.service etc/systemd/system/multi-user.target.wants/
ln -sf /lib/systemd/system/multi-user.target etc/systemd/system/default.target
for unit in serial-getty@ttyS0 getty@tty1 apt-daily apt-daily-upgrade; do
	ln -sf /dev/null "etc/systemd/system/$unit.service"
done
rm -f etc/systemd/system/timers.target.wants/*
echo "/dev/vda / ext4 rw 0 1" >etc/fstab
echo machine >etc/hostname
mke2fs -q -t ext4 -O ^has_journal -d "$work/root" "$work/root.ext4" 800M
mv "$work/vmlinuz" "$work/initrd" "$folder"
sha256sum <"$self" >"$folder/made-by" # another list of packages: another image
mv "$work/root.ext4" "$folder" # the last one: with it the image is complete
