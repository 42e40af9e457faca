# SPDX-License-Identifier: MIT
# macOS.
set(xt_platform_sources
    darwin/condition_darwin.c
    darwin/library_files_darwin.c
    posix/fd_end_posix.c
    posix/fd_late_posix.c
    posix/link_name_posix.c
    posix/malloc_posix.c
    posix/memory_file_posix.c
    posix/namespace_posix.c
    posix/random_posix.c)
set(xt_platform_libraries)
