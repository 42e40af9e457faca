#!/bin/bash
# SPDX-License-Identifier: MIT
# What is packaged for another system: it is built and linked for it, needs nothing beside what that
# system has, and a package has its files. The installer of Windows is tried by wine.
# cases: macos freebsd windows
# timeout: 1800
set -u
here=${XT_SOURCE:?}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
skip() {
	echo "skip: $*"
	exit 77
}
fail() {
	echo "FAIL: $*"
	exit 1
}
for program in mandoc scdoc xz; do
	command -v $program >/dev/null || skip "no $program (scripts/bootstrap --cross)"
done
version=$(sed -n 's/^project(xtunnel VERSION \([0-9.]*\) .*/\1/p' "$here/CMakeLists.txt")

package() { # package WORD…: fails with the build's last lines
	XT_PACKAGES=$T/packages "$here/scripts/package" "$@" >"$T/out" 2>&1 ||
		fail "scripts/package $*: $(tail -n 5 "$T/out"; tail -q -n 20 "$T"/packages/*.log)"
}

unpack() { # unpack TARGET FILE…: the tar has these files in one folder, and no other owner
	local target=$1 name=xtunnel-$version-$1 file
	shift
	tar --numeric-owner -tvf "$T/packages/$name.tar.xz" >"$T/list" || fail "no $name.tar.xz"
	! grep -v " 0/0 .* $name/" "$T/list" || fail "$target: files elsewhere, or of an owner"
	tar -C "$T" -xf "$T/packages/$name.tar.xz" || fail "tar"
	folder=$T/$name
	for file in xtunnel LICENSE README.txt man/xtunnel.8 man/xtunnel.conf.5 "$@"; do
		[ -s "$folder/$file" ] || fail "$target: no $file"
	done
	[ -x "$folder/xtunnel" ] || fail "$target: the program cannot be run"
	grep -qaF "$version" "$folder/xtunnel" || fail "$target: the program is of another version"
	! grep -q '@[A-Z]*@' "$folder"/*.txt || fail "$target: a name was not replaced"
}

# No path of the machine that built it: other machines make the same bytes.
without_paths() {
	! grep -qaF -e "$T" -e "$HOME/.cache" "$1" || fail "$1 has a path of this machine"
}

macos() {
	local processor kind
	package macos
	for processor in x86_64 arm64; do
		unpack macos-$processor
		kind=$(file -b "$folder/xtunnel")
		[[ $kind == "Mach-O 64-bit $processor"*executable* ]] || fail "$processor: $kind"
		python3 - "$folder/xtunnel" <<-'EOF' >"$T/dylibs" || fail "$processor: load commands"
			import struct, sys
			data = open(sys.argv[1], "rb").read()
			count, at = struct.unpack_from("<I", data, 16)[0], 32
			for _ in range(count):
			    command, size = struct.unpack_from("<II", data, at)
			    if command in (0xC, 0x80000018):  # LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB
			        name = at + struct.unpack_from("<I", data, at + 8)[0]
			        print(data[name:data.index(b"\0", name)].decode())
			    at += size
		EOF
		[ "$(cat "$T/dylibs")" = /usr/lib/libSystem.B.dylib ] ||
			fail "$processor: it needs $(cat "$T/dylibs")"
		without_paths "$folder/xtunnel"
		echo "ok: macos-$processor"
	done
}

freebsd() {
	local kind
	package freebsd
	unpack freebsd-x86_64
	kind=$(file -b "$folder/xtunnel")
	[[ $kind == "ELF 64-bit LSB"*x86-64*FreeBSD* ]] || fail "$kind"
	readelf -d "$folder/xtunnel" | sed -n 's/.*NEEDED.*\[\(.*\)\.so.*/\1/p' >"$T/needed"
	! grep -vxE 'lib(c|m|thr|pthread|sys|util|kvm|procstat|rt|execinfo|elf|memstat|devstat|dl|c\+\+)' \
		"$T/needed" || fail "it needs a library that is not of the system"
	without_paths "$folder/xtunnel"
	echo "ok: freebsd-x86_64"
}

windows() {
	local name=xtunnel-$version-windows-x86_64 file program first
	package zip msi
	python3 -m zipfile -e "$T/packages/$name.zip" "$T" || fail "the ZIP cannot be unpacked"
	for file in xtunnel.exe wintun.dll wintun-LICENSE.txt README.txt LICENSE.txt example.conf \
		doc/xtunnel.8.html doc/xtunnel.conf.5.html; do
		[ -s "$T/$name/$file" ] || fail "no $file in the ZIP"
	done
	grep -q "^Prebuilt Binaries License" "$T/$name/wintun-LICENSE.txt" || fail "the licence of Wintun"
	program=$T/$name/xtunnel.exe
	without_paths "$program"
	x86_64-w64-mingw32-objdump -p "$program" | sed -n 's/.*DLL Name: //p' | tr A-Z a-z | sort -u \
		>"$T/dlls"
	! grep -E 'libgcc|winpthread|libssp|libuv|sodium' "$T/dlls" || fail "it needs a DLL beside it"
	echo "ok: ZIP"

	# The installer has the same files, byte by byte.
	mkdir "$T/msi"
	msiextract -C "$T/msi" "$T/packages/$name.msi" >/dev/null || fail "the MSI cannot be read"
	diff -r "$T/$name" "$(dirname "$(find "$T/msi" -name xtunnel.exe)")" ||
		fail "the MSI has other files than the ZIP"
	msiinfo export "$T/packages/$name.msi" Property | tr -d '\r' >"$T/properties"
	grep -qx "ProductVersion	$version" "$T/properties" || fail "the MSI is of another version"
	msiinfo export "$T/packages/$name.msi" Environment | grep -qF '=-*PATH' ||
		fail "the MSI does not set PATH"
	echo "ok: MSI"

	first=$(sha256sum "$T/packages/$name".{zip,msi})
	package zip msi
	[ "$(sha256sum "$T/packages/$name".{zip,msi})" = "$first" ] || fail "made twice, they differ"
	echo "ok: the same bytes twice"

	command -v wine >/dev/null || skip "no wine (scripts/bootstrap --cross)"
	installer "$T/packages/$name.msi"
}

installer() { # installer MSI: by wine, in a folder of its own
	local wine=$here/scripts/crossing/wine placed path
	export XT_WINE=$T/wine
	path='HKLM\System\CurrentControlSet\Control\Session Manager\Environment'
	"$wine" msiexec /i "Z:${1//\//\\}" /qn >"$T/msi.out" 2>&1 ||
		fail "msiexec /i: $(tail -n 3 "$T/msi.out")"
	placed=$XT_WINE/drive_c/"Program Files"/xtunnel
	for file in xtunnel.exe wintun.dll doc/xtunnel.8.html; do
		[ -s "$placed/$file" ] || fail "the installer did not place $file"
	done
	"$wine" reg query "$path" /v PATH 2>/dev/null | grep -qF 'Program Files\xtunnel' ||
		fail "the folder is not in PATH"
	"$wine" 'C:\Program Files\xtunnel\xtunnel.exe' --version 2>/dev/null | grep -q "$version" ||
		fail "the installed program does not run"
	"$wine" 'C:\Program Files\xtunnel\xtunnel.exe' service install left >/dev/null 2>&1 ||
		fail "the installed program makes no service"
	"$wine" msiexec /x "Z:${1//\//\\}" /qn >"$T/msi.out" 2>&1 ||
		fail "msiexec /x: $(tail -n 3 "$T/msi.out")"
	[ ! -e "$placed/xtunnel.exe" ] || fail "the program is still there after a removal"
	! "$wine" reg query "$path" /v PATH 2>/dev/null | grep -qF 'Program Files\xtunnel' ||
		fail "the folder is still in PATH after a removal"
	! "$wine" reg query 'HKLM\System\CurrentControlSet\Services\xtunnel$left' >/dev/null 2>&1 ||
		fail "the service is still there after a removal"
	echo "ok: installer"
}

"$1"
