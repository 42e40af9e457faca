# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # variables of scripts/package
# The words of scripts/package for systems other than Linux: zip, msi, macos, freebsd. The program
# is built from the source package by scripts/cross.

# Builds the program for a target and lays out a folder with it, $work/TARGET/NAME. Sets folder.
# XT_CROSS_BUILT=yes: with the program that scripts/cross has left in build/TARGET.
elsewhere() { # elsewhere TARGET
	local target=$1 program=xtunnel tree
	folder=$work/$target/$name-$target
	[ ! -d "$folder" ] || return 0
	need cmake ninja scdoc mandoc
	case $target in windows-*) program=xtunnel.exe ;; esac
	tree=$work/$target.source/$name
	if [ -n "${XT_CROSS_BUILT:-}" ]; then
		mkdir -p "$work/$target.source"
		tree | tar -C "$work/$target.source" -xf -
		mkdir -p "$tree/build/$target"
		cp "$here/build/$target/$program" "$tree/build/$target/"
	else
		unpack "$target.source"
		XT_CROSS_GOALS=xtunnel XT_CROSS_TESTS=OFF XT_CROSS_JOBS=$jobs XT_CROSS_LINK=-s \
			"$tree/scripts/cross" "$target" >"$out/$target.log" 2>&1 ||
			fail "the build for $target failed: $out/$target.log"
	fi
	mkdir -p "$folder"
	install -m 755 "$tree/build/$target/$program" "$folder/"
	case $target in
	windows-*) elsewhere_windows "$tree" "$target" ;;
	macos-*) elsewhere_unix "$tree" conf/macos ;;
	freebsd-*) elsewhere_unix "$tree" conf/freebsd ;;
	esac
	rm -rf "$tree"
	find "$folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

elsewhere_unix() { # elsewhere_unix TREE CONF: licence, manual pages, what starts it at boot
	local page
	mkdir -p "$folder/man"
	cp "$1/LICENSE" "$1/conf/xtunnel.conf.example" "$folder/"
	for page in xtunnel.8 xtunnel.conf.5 xtunnel-uapi.7; do
		scdoc <"$1/docs/man/$page.scd" >"$folder/man/$page"
	done
	sed "s/@VERSION@/$version/" "$1/scripts/packaging/${2#conf/}/README.txt" >"$folder/README.txt"
	# The rc.d script of FreeBSD has the name of the program.
	case $2 in
	*/freebsd) install -D -m 755 "$1/$2/xtunnel" "$folder/rc.d/xtunnel" ;;
	*) find "$1/$2" -maxdepth 1 -type f -exec cp {} "$folder/" \; ;;
	esac
}

elsewhere_windows() { # elsewhere_windows TREE TARGET: licence, manual pages as HTML, Wintun
	local page
	mkdir -p "$folder/doc"
	for page in xtunnel.8 xtunnel.conf.5 xtunnel-uapi.7; do
		scdoc <"$1/docs/man/$page.scd" | mandoc -T html >"$folder/doc/$page.html"
	done
	sed "s/@VERSION@/$version/; s/\$/\r/" "$1/scripts/packaging/windows/README.txt" \
		>"$folder/README.txt"
	sed 's/$/\r/' "$1/LICENSE" >"$folder/LICENSE.txt"
	sed 's/$/\r/' "$1/conf/xtunnel.conf.example" >"$folder/example.conf"
	[ "${XT_WINTUN:-}" = no ] || elsewhere_wintun "${2#windows-}"
}

# wintun.dll as its maker signed it, beside the program that uses it only by its API, with its
# licence (docs/packaging.md).
elsewhere_wintun() { # elsewhere_wintun PROCESSOR
	local processor=$1 found
	[ "$processor" = arm64 ] || processor=amd64
	found=$(
		cd "$here"
		target=windows-$1
		# shellcheck source=/dev/null
		. scripts/crossing/common.sh
		cross_crate wintun 0.5.1 da99be64b5aa3de869c16977994314d0759a698d9a73ab0a5b1d52e2282033ae
		echo "$source/wintun"
	) || fail "no Wintun: XT_WINTUN=no leaves it out"
	install -m 644 "$found/bin/$processor/wintun.dll" "$folder/"
	install -m 644 "$found/LICENSE.txt" "$folder/wintun-LICENSE.txt"
}

elsewhere_tar() { # elsewhere_tar TARGET
	elsewhere "$1"
	need xz
	tar -C "$work/$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
		--mode=go-w --format=ustar -cf - "${folder##*/}" | xz -T1 -6 >"$out/${folder##*/}.tar.xz"
	echo "$out/${folder##*/}.tar.xz"
}

macos() {
	local processor
	for processor in ${XT_MACOS:-x86_64 arm64}; do
		elsewhere_tar "macos-$processor"
	done
}

freebsd() {
	elsewhere_tar freebsd-x86_64
}

windows_target=windows-${XT_WINDOWS:-x86_64}

zip() {
	local file
	elsewhere "$windows_target"
	file=$out/${folder##*/}.zip
	rm -f "$file"
	# The order, the times and the rights are fixed; Info-ZIP's own extra fields have others.
	(cd "$work/$windows_target" && find "${folder##*/}" | LC_ALL=C sort | command zip -q -X -9 "$file" -@) ||
		fail "zip failed"
	echo "$file"
}

msi() {
	local file wintun=no
	[ "$windows_target" = windows-x86_64 ] || fail "wixl makes installers for x86-64 only"
	need wixl msibuild msiinfo python3
	elsewhere "$windows_target"
	file=$out/${folder##*/}.msi
	[ ! -e "$folder/wintun.dll" ] || wintun=yes
	rm -f "$file"
	# The codes identify a version: another one updates, the same one repairs.
	(
		cd "$folder"
		wixl -a x64 -o "$file" -D Version="$version" -D ProductCode="$(msi_code product)" \
			-D Wintun=$wintun "$here/scripts/packaging/windows/xtunnel.wxs" &&
			"$here/scripts/packaging/windows/msi_finish.py" "$file" "$SOURCE_DATE_EPOCH" \
				"$(msi_code "package $(cat -- * doc/* 2>/dev/null | sha256sum)")"
	) >"$out/msi.log" 2>&1 || fail "the installer was not made: $out/msi.log"
	echo "$file"
}

msi_code() { # msi_code WORD: a GUID of this version
	python3 -c 'import sys, uuid; print(str(uuid.uuid5(uuid.NAMESPACE_DNS, "xtunnel.example " + sys.argv[1])).upper())' \
		"$version $1"
}
