/* SPDX-License-Identifier: MIT */
/* Interfaces by name and number. */
#ifndef XT_POSIX_NET_IF_H
#define XT_POSIX_NET_IF_H

#include "platform/windows/posix/socket_windows.h"

#define IF_NAMESIZE 16 /* of the names of this program: 15 bytes */
#define IFNAMSIZ    IF_NAMESIZE

/* By the adapter's alias. */
unsigned if_nametoindex(const char *name);
char *if_indextoname(unsigned ifindex, char name[IF_NAMESIZE]);

#endif
