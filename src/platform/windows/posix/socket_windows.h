/* SPDX-License-Identifier: MIT */
/* Winsock in the place of the headers of sockets. */
#ifndef XT_POSIX_SOCKET_WINDOWS_H
#define XT_POSIX_SOCKET_WINDOWS_H

#include <winsock2.h>
#include <ws2tcpip.h>

#include <sys/types.h>

/* clang-format off */
#define SOCK_CLOEXEC  0
#define SOCK_NONBLOCK 0
#define MSG_NOSIGNAL  0
/* clang-format on */

typedef unsigned short sa_family_t;

#endif
