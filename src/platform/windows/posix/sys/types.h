/* SPDX-License-Identifier: MIT */
/* Types of users, which Windows knows by other means (posix_windows.h). */
#ifndef XT_POSIX_SYS_TYPES_H
#define XT_POSIX_SYS_TYPES_H

#include_next <sys/types.h>

typedef unsigned uid_t;
typedef unsigned gid_t;

#endif
