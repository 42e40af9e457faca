# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# musl-*: a static program with the C library musl. gcc compiles with the headers and objects of
# Debian's package musl-dev for that processor; all libraries are built from source.
# shellcheck disable=SC2034,SC2154 # variables of common.sh
# shellcheck source=scripts/crossing/debian.sh
. scripts/crossing/debian.sh

# musl_names TARGET: sets architecture (Debian's), host (gcc's triplet) and musl (musl's folders).
musl_names() {
	case $1 in
	musl-x86_64) architecture=amd64 host=x86_64-linux-gnu musl=x86_64-linux-musl ;;
	musl-arm64) architecture=arm64 host=aarch64-linux-gnu musl=aarch64-linux-musl ;;
	esac
}

# gcc's own rules name the start files and libraries of glibc: the specs say musl's instead. Its
# folder of headers comes behind musl's, for what the compiler brings.
musl_compiler() {
	local root=$cache/$target/debian/root specs=$cache/$target/musl.specs own libgcc
	toolchain=$cache/$target/toolchain.cmake
	cross_need "$host-gcc"
	own=$("$host-gcc" -print-file-name=include)
	libgcc=$(dirname "$("$host-gcc" -print-libgcc-file-name)")
	cross_write "$specs" <<-END
		%rename cpp_options gcc_cpp_options

		*cpp_options:
		-nostdinc -isystem $root/usr/include/$musl -isystem $own -isystem $root/usr/include -isystem $root/usr/include/$host %(gcc_cpp_options)

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
		# Programs that only test the compiler as well: a dynamic one would be of glibc.
		set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
		set(CMAKE_FIND_ROOT_PATH $prefix)
		set(CMAKE_PREFIX_PATH $prefix)
		set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
		set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
		set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
		set(ENV{PKG_CONFIG_LIBDIR} $prefix/lib/pkgconfig)
		set(ENV{PKG_CONFIG_PATH} "")
	END
	[ "$architecture" = amd64 ] ||
		echo "set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${musl%%-*}-static)" >>"$toolchain"
}
