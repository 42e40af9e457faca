# SPDX-License-Identifier: MIT
# Systems in folders, and packages that are built in them; t_debian.sh sources it. It needs $suite,
# $here, and $T, a folder of the test.
#
#   XT_MIRROR     of the suite
#   XT_CHROOTS    a folder in which systems are kept as archives, for the next run
# shellcheck shell=bash disable=SC2154

# suite_check: skips where nothing can be had of the suite
suite_check() {
	components=main
	case $suite in
	jammy | noble | oracular | plucky)
		components=main,universe
		[ -e /usr/share/keyrings/ubuntu-archive-keyring.gpg ] ||
			skip "no keyring of Ubuntu, so no $suite (Debian: ubuntu-keyring)"
		;;
	esac
}

# system_make NAME VARIANT PACKAGES: $T/NAME, with PACKAGES (a b c)
system_make() {
	local archive=${XT_CHROOTS:-$T}/$suite-$1.tar
	if [ ! -s "$archive" ]; then
		# shellcheck disable=SC2086
		mmdebstrap -q --skip=cleanup/apt --format=tar --variant="$2" --components=$components --include="${3// /,}" \
			"$suite" "$archive.new" ${XT_MIRROR:-} >"$T/mmdebstrap.log" 2>&1 ||
			skip "no $suite here: $(tail -n 3 "$T/mmdebstrap.log")"
		mv "$archive.new" "$archive"
	fi
	mkdir "$T/$1" && tar -C "$T/$1" -xpf "$archive" --exclude='./dev/*' || fail "tar of $1"
	[ -n "${XT_CHROOTS:-}" ] || rm "$archive"
}

# system_run NAME COMMAND...: in $T/NAME as the root of all file systems, which unshare and
# `ip netns` want to be a mount. It is there that the processes of COMMAND end.
system_run() {
	local root=$T/$1
	shift
	# shellcheck disable=SC2016
	unshare -m -p -f --kill-child bash -c '
		set -e
		mount --bind "$1" "$1"
		mount --rbind /dev "$1/dev"
		mount -t proc proc "$1/proc"
		mount -t sysfs sysfs "$1/sys"
		mount -t tmpfs tmpfs "$1/run"
		cd "$1"
		mkdir -p .before
		pivot_root . .before
		umount -l .before
		shift
		exec "$@"' bash "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# packages_build: builds them twice from the tarball, without git, elsewhere and with another
# number of compilers, and compares; the first are in $T/debs.
packages_build() {
	local needs tree number deb
	needs=$(sed -n '/^Build-Depends:/,/^$/{s/^Build-Depends://;p}' \
		"$here/scripts/packaging/debian/control" | sed 's/([^)]*)//g; s/<[^>]*>//g; s/,/ /g
		s/debhelper-compat/debhelper/; s/dh-sequence-installsysusers//' | xargs)
	system_make build buildd "$needs lintian xz-utils"
	XT_PACKAGES=$T/source "$here/scripts/package" source >"$T/package.log" 2>&1 ||
		fail "scripts/package source: $(tail -n 20 "$T/package.log")"
	tree=$(basename "$T"/source/*.tar.xz .tar.xz)
	for number in 1 2; do
		mkdir -p "$T/build/tree/$number/x$number"
		tar -C "$T/build/tree/$number/x$number" -xf "$T/source/$tree.tar.xz" || fail "the tarball"
		system_run build env XT_PACKAGES="/packages$number" \
			"/tree/$number/x$number/$tree/scripts/package" -j "$number" deb \
			>"$T/package.log" 2>&1 || fail "scripts/package deb: $(tail -n 20 "$T/package.log")"
	done
	for deb in "$T"/build/packages1/*.deb; do
		cmp "$deb" "$T/build/packages2/${deb##*/}" || fail "built twice, ${deb##*/} differs"
	done
	ok "built twice in it, the same hash: $(cd "$T/build/packages1" && sha256sum xtunnel_*.deb)"
	system_run build sh -c 'lintian --version; exec lintian --allow-root --fail-on error,warning \
		/packages1/*.changes' >"$T/lintian" 2>&1 || fail "lintian: $(cat "$T/lintian")"
	ok "$(head -n 1 "$T/lintian")"
	system_run build cc -D_GNU_SOURCE -I "/tree/1/x1/$tree/src" -I "/tree/1/x1/$tree/include" \
		-o /e2e_inject "/tree/1/x1/$tree/tests/e2e/inject.c" >"$T/inject.log" 2>&1 ||
		fail "inject.c: $(cat "$T/inject.log")"
	mkdir "$T/helpers" && mv "$T/build/e2e_inject" "$T/helpers/" && mv "$T/build/packages1" "$T/debs"
	rm -rf --one-file-system "$T/build"
}
