/* SPDX-License-Identifier: MIT */
/* The service manager's socket (sd_notify(3)), when NOTIFY_SOCKET names one. */
#ifndef XT_HOST_NOTIFY_H
#define XT_HOST_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xt_notice_kind {
	XT_NOTICE_READY, /* at the start, and after RELOADING */
	XT_NOTICE_STATUS,
	XT_NOTICE_RELOADING, /* READY follows, whether the reload succeeds or not */
	XT_NOTICE_WATCHDOG,
	XT_NOTICE_STOPPING, /* the last one */
};

/* counted  up of n peers have a session: for READY and STATUS */
struct xt_notice {
	enum xt_notice_kind kind;
	bool counted;
	size_t up, n;
};

bool xt_notify_wanted(void);
/* MAINPID is this process: a service manager may hear no other one. Errors are ignored. */
void xt_notify(const struct xt_notice *notice);

/* From now on that process is the main one. */
void xt_notify_main(long process);

/* How often the service manager has to get WATCHDOG from the process that it has started:
 * half of WatchdogSec=, in milliseconds. 0: it does not await it. */
uint32_t xt_notify_watchdog_ms(long process);

#endif
