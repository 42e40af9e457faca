/* SPDX-License-Identifier: MIT */
/* Signals that Windows does not have: none of them ever comes. */
#ifndef XT_POSIX_SIGNAL_H
#define XT_POSIX_SIGNAL_H

#include_next <signal.h>

/* clang-format off */
#define SIGHUP	1
#define SIGQUIT 3
#define SIGKILL 9
#define SIGUSR1 26
#define SIGUSR2 27
#define SIGPIPE 28
#define SIGCHLD 29
/* clang-format on */

#endif
