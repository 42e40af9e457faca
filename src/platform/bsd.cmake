# SPDX-License-Identifier: MIT
# FreeBSD and OpenBSD.
set(xt_platform_sources
    posix/condition_posix.c
    posix/fd_end_posix.c
    posix/fd_posix.c
    posix/library_files_posix.c
    posix/link_name_posix.c
    posix/malloc_posix.c
    posix/memory_file_posix.c
    posix/namespace_posix.c
    posix/random_posix.c)
set(xt_platform_libraries)
