/* SPDX-License-Identifier: MIT */
/* Signals of Unix. */
#include "daemon/instance_uv.h"

#include <signal.h>

static void on_signal(uv_signal_t *handle, int number)
{
	struct xt_host_event event = {.kind = number == SIGHUP	  ? XT_HOST_RELOAD
					      : number == SIGUSR1 ? XT_HOST_STATUS
								  : XT_HOST_END};

	xt_instance_host_event(handle->data, &event);
}

void xt_instance_signals_start(struct xt_instance *instance)
{
	static const int numbers[XT_SIGNALS] = {
	    [XT_SIGNAL_TERM] = SIGTERM,
	    [XT_SIGNAL_INT] = SIGINT,
	    [XT_SIGNAL_HUP] = SIGHUP,
	    [XT_SIGNAL_USR1] = SIGUSR1,
	};

	for (int i = 0; i < XT_SIGNALS; i++) {
		if (instance->link) { /* a terminal sends them to all; the monitor passes them on */
			(void)signal(numbers[i], SIG_IGN);
			continue;
		}
		uv_signal_init(&instance->uv, &instance->signals[i]);
		instance->signals[i].data = instance;
		uv_signal_start(&instance->signals[i], on_signal, numbers[i]);
		instance->signals_open++;
	}
}
