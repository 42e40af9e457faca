# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# musl-*: a static program with the C library musl. gcc compiles with the headers and objects of
# Debian's package musl-dev for that processor; all libraries are built from source.
# shellcheck disable=SC2034,SC2154 # variables of common.sh
# shellcheck source=scripts/crossing/debian.sh
. scripts/crossing/debian.sh

# musl_names TARGET: sets architecture (Debian's), host (gcc's triplet), musl (musl's folders) and
# emulator.
musl_names() {
	case $1 in
	musl-x86_64) architecture=amd64 host=x86_64-linux-gnu musl=x86_64-linux-musl emulator='' ;;
	musl-arm64)
		architecture=arm64 host=aarch64-linux-gnu musl=aarch64-linux-musl
		emulator=qemu-aarch64-static
		;;
	esac
}

# gcc's own rules name the start files and libraries of glibc: the specs say musl's instead. Its
# folder of headers comes behind musl's, for what the compiler brings. Programs are static-pie,
# unless -static is given: one that needs a loader would run on few systems.
musl_compiler() {
	local root=$cache/$target/debian/root specs=$cache/$target/musl.specs own libgcc
	toolchain=$cache/$target/toolchain.cmake
	cross_need "$host-gcc"
	own=$("$host-gcc" -print-file-name=include)
	libgcc=$(dirname "$("$host-gcc" -print-libgcc-file-name)")
	cross_write "$specs" <<-END
		%rename cpp_unique_options gcc_cpp_options

		*cpp_unique_options:
		-nostdinc -isystem $root/usr/include/$musl -isystem $own -isystem $root/usr/include -isystem $root/usr/include/$host %(gcc_cpp_options)

		*self_spec:
		+ %{!shared:%{!static:%{!static-pie:-static-pie}}} %{pie:%<pie}

		*link_libgcc:
		-L$root/usr/lib/$musl -L$libgcc

		*libgcc:
		libgcc.a%s libgcc_eh.a%s

		*startfile:
		%{shared:;static-pie:$root/usr/lib/$musl/rcrt1.o;:$root/usr/lib/$musl/crt1.o} $root/usr/lib/$musl/crti.o %{shared|static-pie:crtbeginS.o%s;:crtbeginT.o%s}

		*endfile:
		%{shared|static-pie:crtendS.o%s;:crtend.o%s} $root/usr/lib/$musl/crtn.o

	END
	export CC="$host-gcc -specs=$specs" AR=$host-gcc-ar RANLIB=$host-gcc-ranlib
	cross_write "$toolchain" <<-END
		set(CMAKE_SYSTEM_NAME Linux)
		set(CMAKE_SYSTEM_PROCESSOR ${musl%%-*})
		set(CMAKE_C_COMPILER $host-gcc)
		set(CMAKE_AR $AR CACHE FILEPATH "")
		set(CMAKE_RANLIB $RANLIB CACHE FILEPATH "")
		set(CMAKE_C_FLAGS_INIT "-specs=$specs")
		set(CMAKE_FIND_ROOT_PATH $prefix)
		set(CMAKE_PREFIX_PATH $prefix)
		set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
		set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
		set(ENV{PKG_CONFIG_LIBDIR} $prefix/lib/pkgconfig)
		set(ENV{PKG_CONFIG_PATH} "")
		${emulator:+set(CMAKE_CROSSCOMPILING_EMULATOR $emulator)}
		# For the tests that start themselves again.
		${emulator:+set(XT_EMULATE $PWD/scripts/crossing/emulate;$emulator;/)}
	END
}

# An archive that Debian built for glibc, into $prefix. On little-endian 64-bit processors the two C
# libraries agree in every structure that such a library uses; musl has no functions that check the
# format of printf, which glibc's headers put in.
musl_adopt() { # musl_adopt LIBRARY
	local root=$cache/$target/debian/root/usr work=$cache/$target/adopted
	rm -rf "$work"
	mkdir -p "$work"
	cat >"$work/printf_checked.c" <<-END
		#include <stdarg.h>
		#include <stdio.h>
		__attribute__((weak, format(printf, 3, 4)))
		int __fprintf_chk(FILE *file, int level, const char *format, ...)
		{
			va_list arguments;
			int n;
			(void)level;
			va_start(arguments, format);
			n = vfprintf(file, format, arguments);
			va_end(arguments);
			return n;
		}
		__attribute__((weak, format(printf, 2, 3)))
		int __printf_chk(int level, const char *format, ...)
		{
			va_list arguments;
			int n;
			(void)level;
			va_start(arguments, format);
			n = vprintf(format, arguments);
			va_end(arguments);
			return n;
		}
	END
	cp "$root/lib/$host/lib$1.a" "$work/lib$1.a"
	# shellcheck disable=SC2086
	cross_log "$1" $CC -O2 -fPIC -ffunction-sections -c "$work/printf_checked.c" -o "$work/printf_checked.o"
	cross_log "$1" "$AR" rs "$work/lib$1.a" "$work/printf_checked.o"
	mv "$work/lib$1.a" "$prefix/lib/"
	rm -rf "$work"
}

musl_libmnl() {
	! cross_have mnl 1 || return 0
	musl_adopt mnl
	cp -r "$cache/$target/debian/root/usr/include/libmnl" "$prefix/include/"
	cross_pc libmnl 1.0.5 -lmnl
	cross_built mnl 1
}

musl_ipsecmb() {
	! cross_have ipsecmb 1 || return 0
	musl_adopt IPSec_MB
	cp "$cache/$target/debian/root/usr/include/intel-ipsec-mb.h" "$prefix/include/"
	cross_built ipsecmb 1
}

musl_liburing() {
	local version=2.3 work=$cache/$target/uring
	! cross_have uring $version || return 0
	cross_debian liburing liburing_$version.orig.tar.gz \
		2eac26f880125d83f75ba8641fde5d88226dd352d3cee95d45a9128758a8f1be
	rm -rf "$work"
	cp -rp "$source" "$work"
	(
		cd "$work"
		cross_log uring-configure ./configure --cc="$CC" --prefix="$prefix" --libdir="$prefix/lib"
		cross_log uring-build make -C src -j "$jobs" ENABLE_SHARED=0 CFLAGS="-O2 -fPIC" AR="$AR" \
			RANLIB="$RANLIB"
		cross_log uring-install make -C src install ENABLE_SHARED=0
	) || exit 1
	rm -rf "$work"
	cross_pc liburing $version -luring
	cross_built uring $version
}

musl_libseccomp() {
	local version=2.5.4
	! cross_have seccomp $version || return 0
	cross_debian libseccomp libseccomp_$version.orig.tar.gz \
		d82902400405cf0068574ef3dc1fe5f5926207543ba1ae6f8e7a1576351dcbdb
	cross_need gperf
	cross_configure seccomp "$source" "$host" --disable-python
	cross_built seccomp $version
}

musl_qrencode() {
	local version=4.1.1
	! cross_have qrencode $version || return 0
	cross_debian qrencode qrencode_$version.orig.tar.bz2 \
		e455d9732f8041cf5b9c388e345a641fd15707860f928e94507b1961256a6923
	cross_archive qrencode "$source" "bitstream.c mask.c mmask.c mqrspec.c qrencode.c qrinput.c
		qrspec.c rsecc.c split.c" -DSTATIC_IN_RELEASE=static -DMAJOR_VERSION=4 -DMINOR_VERSION=1 \
		-DMICRO_VERSION=1 "-DVERSION=\"$version\""
	cp "$source/qrencode.h" "$prefix/include/"
	cross_pc libqrencode $version -lqrencode
	cross_built qrencode $version
}

# libIPSec_MB and libmnl.a are of a newer release: the older has no libmnl.a.
musl_dependencies() {
	local architecture host musl emulator packages="musl-dev linux-libc-dev libmnl-dev"
	musl_names "$1"
	[ "$architecture" != amd64 ] || packages="$packages libipsec-mb-dev"
	# shellcheck disable=SC2086
	debian_root trixie "$architecture" "$cache/$1/debian" --alone $packages
	musl_compiler
	cross_libsodium "$host"
	cross_libuv
	cross_libb2
	cross_jansson
	# Its header takes the size of a pointer from a macro of glibc, or knows x86-64.
	case $architecture in
	arm64) cross_cmocka -D__WORDSIZE=64 ;;
	*) cross_cmocka ;;
	esac
	cross_uthash
	musl_libmnl
	musl_liburing
	musl_libseccomp
	musl_qrencode
	[ "$architecture" != amd64 ] || musl_ipsecmb
}

musl_configure() {
	local architecture host musl emulator
	musl_names "$1"
	cross_need cmake ninja pkg-config
	XT_CROSS_CACHE=$cache cmake --preset "$1" -DXT_WERROR="${XT_WERROR:-OFF}" \
		-DXT_SKIPS="$(cross_skips "$emulator")" \
		-DXT_TESTS="${XT_CROSS_TESTS:-ON}" -DXT_LTO="${XT_CROSS_LTO:-ON}" \
		${XT_CROSS_OPTIMISE:+-DCMAKE_C_FLAGS_RELEASE="$XT_CROSS_OPTIMISE"}
	flock -u 8 # what follows is in this target's build folder only
}

# End to end with this program: locks, hooks, both families, upgrade, users, wg.
musl_e2e='^e2e_(families|hooks|local_users|recovery|upgrade|wg)$'

musl_test() {
	case $1 in
	musl-x86_64) cross_ctest -R "$musl_e2e" ;;
	*) cross_ctest -L '^(unit|fuzz)$' -LE '^long$' ;;
	esac
}
