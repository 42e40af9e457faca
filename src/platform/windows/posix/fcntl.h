/* SPDX-License-Identifier: MIT */
/* Files by UTF-8 paths; flags that have no meaning here are 0. */
#ifndef XT_POSIX_FCNTL_H
#define XT_POSIX_FCNTL_H

#include_next <fcntl.h>

#define O_CLOEXEC   _O_NOINHERIT
#define O_NONBLOCK  0
#define O_NOCTTY    0
#define O_NOFOLLOW  0x40000000 /* xt_posix_open refuses reparse points */
#define O_DIRECTORY 0x20000000 /* opens a directory, for fsync alone */
#define O_SYNC	    0

/* clang-format off */
#define F_GETFD		1 /* -1: fd is not open */
#define F_DUPFD_CLOEXEC 2 /* the lowest number is not looked at */
/* clang-format on */
int fcntl(int fd, int command, ...);

/* dir: of a directory that is open; name: of a file in it. */
int openat(int dir, const char *name, int flags, ...);

#endif
