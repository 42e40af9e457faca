/* SPDX-License-Identifier: MIT */
/* Winsock has it all in its own headers. */
#ifndef XT_POSIX_NETINET_IN_H
#define XT_POSIX_NETINET_IN_H

#include "platform/windows/posix/socket_windows.h"

#endif
