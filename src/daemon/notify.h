/* SPDX-License-Identifier: MIT */
/* The service manager's socket (sd_notify(3)), when NOTIFY_SOCKET names one. */
#ifndef XT_DAEMON_NOTIFY_H
#define XT_DAEMON_NOTIFY_H

#include <stdbool.h>

bool xt_notify_wanted(void);
/* Lines of "KEY=value". Errors are ignored. */
void xt_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
