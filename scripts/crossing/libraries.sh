# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The libraries that xtunnel and its tests need, as source by name, version and checksum, built
# statically into $prefix. Each function does nothing when it has been done. The environment has CC,
# AR and RANLIB, and toolchain names CMake's toolchain file.
# shellcheck disable=SC2154 # variables of common.sh

cross_sodium_version=1.24.3 # of the crate, which carries 1.0.22
cross_sodium_source() {
	cross_crate libsodium-sys-stable $cross_sodium_version \
		1f55c1c508d31e2cf0a649c9c889e4bcf554cbfb2a6803f049f219784b044283
	[ -d "$source/libsodium" ] || cross_unpack "$source/LATEST.tar.gz" "$source/libsodium"
	source=$source/libsodium
}

# By its configure script.
cross_libsodium() { # cross_libsodium HOST [OPTION…]
	local host=$1
	shift
	! cross_have sodium "$cross_sodium_version $*" || return 0
	cross_sodium_source
	cross_configure sodium "$source" "$host" --disable-pie "$@"
	cross_built sodium "$cross_sodium_version $*"
}

# By what is known of the target: a configure script runs the compiler four hundred times, each of
# which is slow with zig.
cross_libsodium_known() { # cross_libsodium_known [FLAG…]
	local flags="-DCONFIGURED=1 -DDEV_MODE=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1
		-DHAVE_INLINE_ASM=1 -DHAVE_C11_MEMORY_FENCES=1 -DHAVE_GCC_MEMORY_FENCES=1
		-DHAVE_ATOMIC_OPS=1 -DHAVE_RAISE=1 -DHAVE_SYS_PARAM_H=1"
	local posix="-DTLS=_Thread_local -DHAVE_CLOCK_GETTIME=1 -DHAVE_GETPID=1 -DHAVE_MLOCK=1
		-DHAVE_MMAP=1 -DHAVE_MPROTECT=1 -DHAVE_NANOSLEEP=1 -DHAVE_POSIX_MEMALIGN=1 -DHAVE_MADVISE=1
		-DHAVE_PTHREAD=1 -DHAVE_PTHREAD_PRIO_INHERIT=1 -DHAVE_SYSCONF=1 -DHAVE_SYS_MMAN_H=1
		-DHAVE_WEAK_SYMBOLS=1"
	local intel="-DHAVE_CPUID=1 -DHAVE_XGETBV_ASM=1 -DHAVE_MMINTRIN_H=1 -DHAVE_EMMINTRIN_H=1
		-DHAVE_PMMINTRIN_H=1 -DHAVE_TMMINTRIN_H=1 -DHAVE_SMMINTRIN_H=1 -DHAVE_AVXINTRIN_H=1
		-DHAVE_AVX2INTRIN_H=1 -DHAVE_AVX512FINTRIN_H=1 -DHAVE_WMMINTRIN_H=1 -DHAVE_RDRAND=1"
	! cross_have sodium "$cross_sodium_version $*" || return 0
	case $target in
	macos-*) flags="$flags $posix -DASM_HIDE_SYMBOL=.private_extern -DHAVE_MEMSET_S=1" ;;
	freebsd-*)
		flags="$flags $posix -DASM_HIDE_SYMBOL=.hidden -DHAVE_SYS_RANDOM_H=1
			-DHAVE_LINUX_COMPATIBLE_GETRANDOM=1 -DHAVE_EXPLICIT_BZERO=1"
		;;
	openbsd-*) flags="$flags $posix -DASM_HIDE_SYMBOL=.hidden -DHAVE_EXPLICIT_BZERO=1" ;;
	windows-*) flags="$flags -DSODIUM_STATIC=1" ;;
	esac
	case $target in
	*-x86_64) flags="$flags $intel" ;;
	*-arm64) flags="$flags -DHAVE_ARMCRYPTO=1 -flax-vector-conversions" ;;
	esac
	cross_sodium_source
	local from=$source/src/libsodium files
	files=$(cd "$from" && find . -name '*.c' | sed 's,^\./,,' | sort)
	mkdir -p "$prefix/include/sodium"
	cp "$from/include/sodium.h" "$prefix/include/"
	cp "$from"/include/sodium/*.h "$source/builds/msvc/version.h" "$prefix/include/sodium/"
	# shellcheck disable=SC2086
	cross_archive sodium "$from" "$files" "-I$prefix/include/sodium" "-I$from/include/sodium" \
		"-I$prefix/include" -D_GNU_SOURCE=1 $flags "$@"
	cross_pc libsodium 1.0.22 "-lsodium"
	cross_built sodium "$cross_sodium_version $*"
}

cross_libuv() { # cross_libuv [OPTION…]
	local work=$cache/$target
	local version=1.53.1 sha256=58de9994f8d4774f47ec62220c61fb257604c70c7e2ad2588e2e8f631b4cc2f2
	! cross_have uv "$version $*" || return 0
	cross_crate libuv-sys2 $version $sha256
	cross_cmake uv "$source/libuv" "$toolchain" -DLIBUV_BUILD_SHARED=OFF -DBUILD_TESTING=OFF "$@"
	# One name for both: xtunnel looks for libuv, static builds for libuv-static.
	sed 's/-l:libuv\.a/-luv/' "$prefix/lib/pkgconfig/libuv-static.pc" >"$work/libuv.pc"
	cp "$work/libuv.pc" "$prefix/lib/pkgconfig/libuv-static.pc"
	mv "$work/libuv.pc" "$prefix/lib/pkgconfig/libuv.pc"
	cross_built uv "$version $*"
}

# Its reference code where the processor has no SSE2.
# BLAKE2s alone: the names of BLAKE2b are libsodium's too, which linkers of macOS refuse.
cross_libb2() { # cross_libb2 [FLAG…]
	local version=0.98.1 sha256=10053dbc2fa342516b780a6bbf6e7b2a2360b8d49c5ac426936bf3df82526732
	local kind='' config=$cache/$target/b2-config
	! cross_have b2 "$version blake2s $*" || return 0
	cross_debian libb2 libb2_$version.orig.tar.gz $sha256
	mkdir -p "$config"
	: >"$config/config.h"
	case $target in *-x86_64) ;; *) kind=-ref ;; esac
	cross_archive b2 "$source/src" "blake2s$kind.c" \
		-DSUFFIX= "-I$config" "$@"
	cp "$source/src/blake2.h" "$prefix/include/"
	cross_pc libb2 $version -lb2
	cross_built b2 "$version blake2s $*"
}

cross_jansson() { # cross_jansson [OPTION…]
	local version=2.14 sha256=c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b
	! cross_have jansson "$version $*" || return 0
	cross_debian jansson jansson_$version.orig.tar.gz $sha256
	cross_cmake jansson "$source" "$toolchain" -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON \
		-DJANSSON_EXAMPLES=OFF "$@"
	cross_built jansson "$version $*"
}

# One file. Its own project always builds a shared library, and asks the compiler for what is known.
cross_cmocka() { # cross_cmocka [FLAG…]
	local version=1.1.5 sha256=f0ccd8242d55e2fd74b16ba518359151f6f8383ff8aef4976e48393f77bba8b6
	local libs=-lcmocka
	case $target in windows-*) libs="-lcmocka -lpthread" ;; esac # clock_gettime
	! cross_have cmocka "$version $libs $*" || return 0
	cross_debian cmocka cmocka_$version.orig.tar.xz $sha256
	cross_archive cmocka "$source/src" cmocka.c "-I$source/include" -DHAVE_INTTYPES_H \
		-DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME -DHAVE_GCC_THREAD_LOCAL_STORAGE \
		-DHAVE_SIGNAL_H "$@"
	cp "$source"/include/cmocka*.h "$prefix/include/"
	cross_pc cmocka $version "$libs" "$*"
	cross_built cmocka "$version $libs $*"
}

cross_uthash() {
	local version=2.3.0 sha256=e10382ab75518bad8319eb922ad04f907cb20cccb451a3aa980c9d005e661acc
	! cross_have uthash $version || return 0
	cross_debian uthash uthash_$version.orig.tar.gz $sha256
	cp "$source"/src/*.h "$prefix/include/"
	cross_built uthash $version
}
