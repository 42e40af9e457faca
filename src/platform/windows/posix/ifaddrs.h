/* SPDX-License-Identifier: MIT */
/* The addresses of interfaces. */
#ifndef XT_POSIX_IFADDRS_H
#define XT_POSIX_IFADDRS_H

#include <sys/socket.h>

struct ifaddrs {
	struct ifaddrs *ifa_next;
	char *ifa_name;
	unsigned ifa_flags; /* IFF_UP, IFF_LOOPBACK */
	struct sockaddr *ifa_addr, *ifa_netmask;
};

#define IFF_POINTOPOINT IFF_POINTTOPOINT

int getifaddrs(struct ifaddrs **out);
void freeifaddrs(struct ifaddrs *all);

#endif
