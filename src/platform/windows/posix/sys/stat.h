/* SPDX-License-Identifier: MIT */
/* Files by UTF-8 paths. */
#ifndef XT_POSIX_SYS_STAT_H
#define XT_POSIX_SYS_STAT_H

#include_next <sys/stat.h>

/* clang-format off */
#define S_IFLNK	 0120000
#define S_IFSOCK 0140000
#define S_ISLNK(m)  (((m) & S_IFMT) == S_IFLNK)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)
#define S_ISVTX	 01000
/* clang-format on */

#endif
