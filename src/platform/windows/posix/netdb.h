/* SPDX-License-Identifier: MIT */
/* Winsock has it all in its own headers. */
#ifndef XT_POSIX_NETDB_H
#define XT_POSIX_NETDB_H

#include "platform/windows/posix/socket_windows.h"

#endif
