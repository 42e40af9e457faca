/* SPDX-License-Identifier: MIT */
/* The service manager's socket (sd_notify(3)), when NOTIFY_SOCKET names one. */
#ifndef XT_HOST_NOTIFY_H
#define XT_HOST_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

enum xt_notice_kind { XT_NOTICE_READY, XT_NOTICE_STATUS, XT_NOTICE_STOPPING };

/* counted  up of n peers have a session: for READY and STATUS */
struct xt_notice {
	enum xt_notice_kind kind;
	bool counted;
	size_t up, n;
};

bool xt_notify_wanted(void);
/* MAINPID is this process: a service manager may hear no other one. Errors are ignored. */
void xt_notify(const struct xt_notice *notice);

#endif
