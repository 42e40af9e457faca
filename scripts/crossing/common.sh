# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Functions of scripts/cross and its families. A family NAME is scripts/crossing/NAME.sh with
#
#   NAME_dependencies TARGET   compiler and libraries into the cache
#   NAME_configure TARGET      CMake's configuration into $build
#   NAME_test TARGET           runs what can run here
#
# Variables: target, build (build/TARGET, absolute), cache, prefix (where this target's libraries
# are installed: include/, lib/, lib/pkgconfig/), jobs.
# shellcheck disable=SC2034 # families use them

cache=${XT_CROSS_CACHE:-$HOME/.cache/xtunnel-cross}
build=$PWD/build/${target:?}
prefix=$cache/$target/prefix
jobs=${XT_CROSS_JOBS:-$(nproc)}
mkdir -p "$cache/sources" "$prefix/include" "$prefix/lib/pkgconfig" build

# One call at a time builds the libraries of a target; a second one waits. Another lock (9) guards
# what all targets have in common.
exec 8>"$cache/$target/.lock"
flock 8

cross_fail() {
	echo "cross: $target: $*" >&2
	exit 1
}

cross_lock() {
	exec 9>"$cache/lock"
	flock 9
}

cross_need() { # cross_need PROGRAM…: fails with the name of the first that is not installed
	local program
	for program; do
		command -v "$program" >/dev/null ||
			cross_fail "$program is missing: scripts/bootstrap --cross installs it"
	done
}

cross_verify() { # cross_verify FILE SHA256
	echo "$2  $1" | sha256sum --check --status ||
		cross_fail "$1 has another checksum than $2"
}

# Unpacks an archive into a folder of the cache, without its first path component. Done whole or not
# at all.
cross_unpack() { # cross_unpack ARCHIVE FOLDER
	rm -rf "$2.new"
	mkdir -p "$2.new"
	tar -xf "$1" -C "$2.new" --strip-components=1
	rm -rf "$2"
	mv "$2.new" "$2"
}

# The upstream archive of a Debian source package, unpacked. Several releases carry the same archive
# with other patches: its checksum decides.
cross_debian() { # cross_debian NAME ARCHIVE SHA256: sets source
	local archive=$cache/sources/$2 work=$cache/apt
	source=$cache/sources/$1-${3:0:12}
	[ ! -d "$source" ] || return 0
	cross_lock
	if [ ! -e "$archive" ]; then
		cross_need apt-get
		cross_index
		rm -rf "$work/get"
		mkdir -p "$work/get"
		# Its other files (patches, signatures) may be missing.
		(cd "$work/get" && apt-get "${cross_apt[@]}" source --download-only "$1") \
			>"$work/log" 2>&1 || [ -e "$work/get/$2" ] ||
			cross_fail "apt-get source $1 gave no $2: $work/log"
		cross_verify "$work/get/$2" "$3"
		mv "$work/get/$2" "$archive"
	fi
	cross_verify "$archive" "$3"
	cross_unpack "$archive" "$source"
	flock -u 9
}

# An index of source packages beside the machine's configuration, from the same sources. The
# machine's files stay as they are.
cross_index() { # sets cross_apt
	local work=$cache/apt file
	mkdir -p "$work/lists/partial" "$work/sources"
	cross_apt=(-q -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/sources"
		-o "Dir::State::lists=$work/lists" -o "APT::Sandbox::User=root")
	[ -z "${cross_indexed:-}" ] || return 0
	rm -f "$work"/sources/*
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -e "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/${file##*/}"
	done
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -e "$file" ] || sed -n 's/^deb /deb-src /p' "$file" >"$work/sources/${file##*/}"
	done
	find "$work/sources" -name sources.list -exec mv {} {}.list \;
	apt-get "${cross_apt[@]}" update >"$work/log" 2>&1 ||
		cross_fail "apt-get update of source packages failed: $work/log"
	cross_indexed=yes
}

# A crate of Rust's registry, unpacked: some carry the source of a C library.
cross_crate() { # cross_crate NAME VERSION SHA256: sets source
	local archive=$cache/sources/$1-$2.crate work=$cache/cargo found
	source=$cache/sources/$1-$2
	[ ! -d "$source" ] || return 0
	cross_lock
	if [ ! -e "$archive" ]; then
		cross_need cargo
		rm -rf "$work/project"
		mkdir -p "$work/project/src"
		: >"$work/project/src/lib.rs"
		cat >"$work/project/Cargo.toml" <<-EOF
			[package]
			name = "fetch"
			version = "0.0.0"
			edition = "2021"
			[dependencies]
			$1 = { version = "=$2", default-features = false }
		EOF
		(cd "$work/project" && cargo fetch) >"$work/log" 2>&1 </dev/null ||
			cross_fail "cargo fetch of $1 $2 failed: $work/log"
		found=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "$1-$2.crate" | head -n 1)
		[ -n "$found" ] || cross_fail "cargo fetch gave no $1-$2.crate"
		cross_verify "$found" "$3"
		cp "$found" "$archive"
	fi
	cross_verify "$archive" "$3"
	cross_unpack "$archive" "$source"
	flock -u 9
}

# zig, whose clang brings the C libraries and headers of other systems, as a package of Python's
# registry.
cross_zig_version=0.17.1
cross_zig_sha256=ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
cross_zig() { # sets zig
	local folder=$cache/ziglang-$cross_zig_version
	zig=$folder/ziglang/zig
	# Its compilation cache is large: it stays beside the rest.
	export ZIG_GLOBAL_CACHE_DIR=$cache/zig ZIG_LOCAL_CACHE_DIR=$cache/zig
	[ ! -x "$zig" ] || return 0
	cross_lock
	[ ! -x "$zig" ] || return 0
	cross_need python3
	rm -rf "$folder.new"
	[ -x "$cache/python/bin/pip" ] || python3 -m venv "$cache/python"
	echo "ziglang==$cross_zig_version --hash=sha256:$cross_zig_sha256" >"$cache/zig.txt"
	"$cache/python/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes \
		--target "$folder.new" -r "$cache/zig.txt" >"$cache/zig.log" 2>&1 ||
		cross_fail "pip install ziglang $cross_zig_version failed: $cache/zig.log"
	mv "$folder.new" "$folder"
	flock -u 9
}

# True when a library of this target was built from the same source by the same compiler before.
# The mark is written by cross_built, after the library is installed.
cross_have() { # cross_have NAME VERSION
	[ -e "$prefix/.built-$1" ] && [ "$(cat "$prefix/.built-$1")" = "$2" ]
}

cross_built() { # cross_built NAME VERSION
	echo "$2" >"$prefix/.built-$1"
}

# Runs a command with its output in a file, which is shown when it fails.
cross_log() { # cross_log NAME COMMAND…
	local log=$cache/$target/$1.log
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		cross_fail "$log: failed: $*"
	}
}

# A library with a CMake project, built statically and installed into $prefix.
cross_cmake() { # cross_cmake NAME SOURCE TOOLCHAIN [OPTION…]
	local name=$1 from=$2 toolchain=$3 work=$cache/$target/$1
	shift 3
	rm -rf "$work"
	cross_log "$name-configure" cmake -S "$from" -B "$work" -G Ninja -DCMAKE_BUILD_TYPE=Release \
		-DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_INSTALL_PREFIX="$prefix" \
		-DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
		-DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@"
	cross_log "$name-build" cmake --build "$work" -j "$jobs"
	cross_log "$name-install" cmake --install "$work"
	rm -rf "$work"
}

# A library with a configure script, built statically and installed into $prefix. The environment
# has CC, AR, RANLIB.
cross_configure() { # cross_configure NAME SOURCE HOST [OPTION…]
	local name=$1 from=$2 host=$3 work=$cache/$target/$1
	shift 3
	rm -rf "$work"
	cp -rp "$from" "$work"
	(
		cd "$work"
		cross_log "$name-configure" ./configure --host="$host" --prefix="$prefix" \
			--libdir="$prefix/lib" --disable-shared --enable-static --disable-dependency-tracking "$@"
		cross_log "$name-build" make -j "$jobs"
		cross_log "$name-install" make install
	) || exit 1
	rm -rf "$work"
}

# A library from a list of files. The environment has CC, AR.
cross_archive() { # cross_archive NAME SOURCE "FILE…" [FLAG…]
	local name=$1 from=$2 files=$3 work=$cache/$target/$1
	shift 3
	rm -rf "$work"
	mkdir -p "$work"
	# shellcheck disable=SC2016,SC2086
	printf '%s\n' $files | cross_log "$name-build" xargs -P "$jobs" -I{} sh -c '
		file=$1 from=$2 work=$3
		shift 3
		exec $CC -O2 -fPIC -ffunction-sections -fdata-sections "$@" -c "$from/$file" \
			-o "$work/$(echo "$file" | tr / _).o"' - {} "$from" "$work" "$@"
	rm -f "$prefix/lib/lib$name.a"
	cross_log "$name-archive" "${AR:-ar}" rcs "$prefix/lib/lib$name.a" "$work"/*.o
	rm -rf "$work"
}

# A description for pkg-config of a library whose installation writes none.
cross_pc() { # cross_pc NAME VERSION "LIBS" ["CFLAGS"]
	cat >"$prefix/lib/pkgconfig/$1.pc" <<-EOF
		Name: $1
		Description: $1
		Version: $2
		Libs: -L$prefix/lib $3
		Cflags: -I$prefix/include ${4:-}
	EOF
}

# Compiler, archiver and CMake's toolchain file for one of zig's targets. Sets CC, AR, RANLIB for
# configure scripts and toolchain for CMake.
cross_zig_toolchain() { # cross_zig_toolchain TRIPLE SYSTEM PROCESSOR [FLAG…]
	local triple=$1 system=$2 processor=$3 bin=$cache/$target/bin name
	shift 3
	cross_zig
	mkdir -p "$bin"
	cross_write "$bin/cc" <<-EOF
		#!/bin/sh
		export ZIG_GLOBAL_CACHE_DIR="$ZIG_GLOBAL_CACHE_DIR" ZIG_LOCAL_CACHE_DIR="$ZIG_LOCAL_CACHE_DIR"
		exec "$zig" cc -target $triple -Qunused-arguments $* "\$@"
	EOF
	for name in ar ranlib; do
		cross_write "$bin/$name" <<-EOF
			#!/bin/sh
			exec "$zig" $name "\$@"
		EOF
	done
	chmod +x "$bin"/*
	toolchain=$cache/$target/toolchain.cmake
	export CC=$bin/cc AR=$bin/ar RANLIB=$bin/ranlib
	cross_toolchain_file "$system" "$processor"
}

# Writes a file unless it has that content: its time is compared by what is built with it.
cross_write() { # cross_write FILE <CONTENT
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

cross_toolchain_file() { # cross_toolchain_file SYSTEM PROCESSOR [LINE…]; uses CC, AR, RANLIB
	cross_write "$toolchain" <<-EOF
		set(CMAKE_SYSTEM_NAME $1)
		set(CMAKE_SYSTEM_PROCESSOR $2)
		set(CMAKE_C_COMPILER "$CC")
		set(CMAKE_AR "$AR" CACHE FILEPATH "")
		set(CMAKE_RANLIB "$RANLIB" CACHE FILEPATH "")
		set(CMAKE_FIND_ROOT_PATH "$prefix")
		set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
		set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
		# Here, since ninja runs CMake again without the environment of scripts/cross.
		set(ENV{PKG_CONFIG_LIBDIR} "$prefix/lib/pkgconfig")
		set(ENV{PKG_CONFIG_PATH} "")
		$(shift 2 && printf '%s\n' "$@")
	EOF
}

# CMake's configuration of xtunnel, with nothing but what is in $prefix. Packages set
# XT_CROSS_TESTS=OFF and XT_CROSS_LINK=-s.
cross_xtunnel() { # cross_xtunnel TOOLCHAIN [OPTION…]
	local toolchain=$1 optimise=()
	shift
	[ -z "${XT_CROSS_OPTIMISE:-}" ] || optimise=(-DCMAKE_C_FLAGS_RELEASE="$XT_CROSS_OPTIMISE")
	cross_need cmake ninja pkg-config
	# In the environment, they are added to the flags of the toolchain file.
	CFLAGS="-ffile-prefix-map=$PWD=." LDFLAGS="${XT_CROSS_LINK:-} ${cross_link_flags:-}" \
		cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
		-DCMAKE_PREFIX_PATH="$prefix" -DXT_WERROR="${XT_WERROR:-OFF}" -DXT_DOCS=OFF \
		-DXT_TESTS="${XT_CROSS_TESTS:-ON}" "${optimise[@]}" "$@"
	flock -u 8 # what follows is in this target's build folder only
}

# The tests that this target cannot pass (tests/skips), as one list, if there are any.
cross_skips() { # cross_skips [EMULATOR]
	local list lists=()
	for list in "tests/skips/${1:+emulated}.txt" "tests/skips/$target.txt"; do
		[ ! -e "$list" ] || lists+=("$list")
	done
	[ ${#lists[@]} -gt 0 ] || return 0
	mkdir -p "$build"
	cat "${lists[@]}" >"$build/skips.txt"
	echo "$build/skips.txt"
}

# Runs tests of the target. Their results are in build/TARGET.xml, for scripts/tally.py.
cross_ctest() { # cross_ctest CTEST-OPTION…
	ctest --test-dir "$build" -j "$((jobs * 2))" --output-on-failure --no-tests=error \
		${XT_REPEAT:+--repeat "until-pass:$XT_REPEAT"} \
		--test-output-size-passed 4000000 --test-output-size-failed 4000000 \
		--output-junit "$PWD/build/$target.xml" "$@" </dev/null
}

# Of a target of which nothing runs here: that its program is linked, and of the kind that file(1)
# names so, and that its package has what belongs into it besides. The results are in
# build/TARGET.xml, as two tests.
cross_linked() { # cross_linked KIND PACKAGE FILE…; KIND: a pattern; PACKAGE: a word of scripts/package, or none
	local kind word=$2
	cross_need file
	kind=$(file -b "$build/xtunnel")
	# shellcheck disable=SC2053 # a pattern
	[[ $kind == *$1* ]] || cross_fail "xtunnel is: $kind"
	shift 2
	{
		echo '<testsuite><testcase name="links" status="run"/>'
		[ "$word" = none ] || cross_packaged "$word" "$@"
		echo '</testsuite>'
	} >"build/$target.xml"
	! grep -q '<failure' "build/$target.xml" || cross_fail "$(grep '<failure' "build/$target.xml")"
	[ "$word" = none ] || echo "cross: $target: packaged"
	echo "cross: $target: built and linked; nothing of it runs here"
}

# A package of the program that is built already, and what is in it. Prints the result of a test.
cross_packaged() { # cross_packaged WORD FILE…
	local word=$1 out=$build/packages why='' status=run file list=''
	shift
	rm -rf "$out"
	if XT_CROSS_BUILT=yes XT_MACOS=${target#macos-} XT_PACKAGES=$out scripts/package "$word" >&2; then
		list=$(tar -tf "$out"/xtunnel-*-"$target".tar.xz) || why="no archive"
		for file in xtunnel LICENSE README.txt man/xtunnel.8 man/xtunnel.conf.5 "$@"; do
			[[ $list == *"-$target/$file"* ]] || why="$why no $file"
		done
	else
		why="scripts/package $word failed"
	fi
	[ -z "$why" ] || status=fail why="<failure message=\"${why# }\"/>"
	echo "<testcase name=\"package\" status=\"$status\">$why</testcase>"
}

. scripts/crossing/libraries.sh
