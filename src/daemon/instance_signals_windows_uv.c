/* SPDX-License-Identifier: MIT */
/* Ctrl-C and Ctrl-Break of a console, its closing, and the service manager's stop. There is no
 * signal for a reload (xtunnel reload) or the state (xtunnel show). */
#include "daemon/instance_uv.h"

#include <signal.h>

#include "host/service_windows.h"

#define CTRL_BREAK 21 /* SIGBREAK of the C library */

/* Of the one instance of this process; stop_ready: it may be sent. */
static uv_async_t stop;
static atomic_bool stop_ready;

static void end_ask(struct xt_instance *instance)
{
	xt_instance_host_event(instance, &(struct xt_host_event){.kind = XT_HOST_END});
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	end_ask(handle->data);
}

static void on_stop(uv_async_t *async)
{
	end_ask(async->data);
}

static void stop_send(void)
{
	if (atomic_load(&stop_ready))
		uv_async_send(&stop);
}

void xt_instance_signals_start(struct xt_instance *instance)
{
	static const int numbers[] = {SIGINT, CTRL_BREAK, SIGHUP, SIGTERM};

	_Static_assert(sizeof(numbers) / sizeof(*numbers) == XT_SIGNALS,
		       "each is closed at the end");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		uv_signal_init(&instance->uv, &instance->signals[i]);
		instance->signals[i].data = instance;
		uv_signal_start(&instance->signals[i], on_signal, numbers[i]);
		instance->signals_open++;
	}
	/* Open until the process ends: the manager's thread may come at any time. It holds no
	 * loop open. */
	if (uv_async_init(&instance->uv, &stop, on_stop) < 0)
		return;
	stop.data = instance;
	uv_unref((uv_handle_t *)&stop);
	xt_service_on_stop(stop_send);
	atomic_store(&stop_ready, true);
}
