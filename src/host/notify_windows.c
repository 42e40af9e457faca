/* SPDX-License-Identifier: MIT */
/* The service manager of Windows, when it has started this process (host/service_windows.c). */
#include "host/notify.h"

#include "host/service_windows.h"

bool xt_notify_wanted(void)
{
	return xt_service_is();
}

void xt_notify(const struct xt_notice *notice)
{
	switch (notice->kind) {
	case XT_NOTICE_READY:
		xt_service_state(XT_SERVICE_RUNS);
		break;
	case XT_NOTICE_STOPPING:
		xt_service_state(XT_SERVICE_STOPS);
		break;
	case XT_NOTICE_STATUS:
	case XT_NOTICE_RELOADING:
	case XT_NOTICE_WATCHDOG:
		break;
	}
}

void xt_notify_main(long process)
{
	(void)process;
}

uint32_t xt_notify_watchdog_ms(long process)
{
	(void)process;
	return 0;
}
