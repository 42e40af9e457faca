/* SPDX-License-Identifier: MIT */
/* Winsock has it all in its own headers. */
#ifndef XT_POSIX_SYS_SOCKET_H
#define XT_POSIX_SYS_SOCKET_H

#include "platform/windows/posix/socket_windows.h"

#endif
