/* SPDX-License-Identifier: MIT */
/* Interfaces by name and number. */
#ifndef XT_POSIX_NET_IF_H
#define XT_POSIX_NET_IF_H

#include "platform/windows/posix/socket_windows.h"

#undef IF_NAMESIZE
#define IF_NAMESIZE 16 /* of the names of this program: 15 bytes */
#define IFNAMSIZ    IF_NAMESIZE

/* By the adapter's alias, which may be longer than a name of this program. */
unsigned xt_posix_nametoindex(const char *name);
char *xt_posix_indextoname(unsigned ifindex, char name[IF_NAMESIZE]);
#define if_nametoindex xt_posix_nametoindex
#define if_indextoname xt_posix_indextoname

#endif
