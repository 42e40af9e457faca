/* One endpoint as this process runs it: the loop, the signals, and nothing secret left lying about.
 */
#include "cli/service_uv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/args.h"
#include "cli/term.h"
#include "crypto/init.h"

/* No core dump, no tracer of the same user: the memory holds keys. */
static void harden(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0; /* hooks may raise it again for themselves */
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct xt_service *service = handle->data;

	if (number == SIGTERM || number == SIGINT)
		xt_service_end(service);
	else
		xt_service_log_status(service);
}

static void signals_start(struct xt_service *service)
{
	static const int numbers[XT_SIGNALS] = {
	    [XT_SIGNAL_TERM] = SIGTERM,
	    [XT_SIGNAL_INT] = SIGINT,
	    [XT_SIGNAL_HUP] = SIGHUP,
	    [XT_SIGNAL_USR1] = SIGUSR1,
	};

	for (int i = 0; i < XT_SIGNALS; i++) {
		uv_signal_init(&service->uv, &service->signals[i]);
		service->signals[i].data = service;
		uv_signal_start(&service->signals[i], on_signal, numbers[i]);
		service->signals_open++;
	}
}

/* A question to a name server that does not answer would hold the end up for many seconds, and
 * libuv's threads are joined at exit: leave without. */
static int finish(struct xt_service *service)
{
	uv_run(&service->uv, UV_RUN_NOWAIT);
	if (service->resolver) {
		fflush(NULL);
		_exit(service->status);
	}
	uv_run(&service->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&service->uv) != 0)
		xt_log_debug("%s: a handle was left open", service->conf->name);
	return service->status;
}

static void warn_of_keylog(void)
{
	const char *path = getenv("WG_KEYLOGFILE");

	if (!path || !*path)
		return;
	xt_say(
	    "WARNING: WG_KEYLOGFILE is set: the keys of every session, and this endpoint's own,");
	xt_say("WARNING: are written to %s. Whoever reads that file reads the traffic.", path);
}

int xt_service_run(struct xt_conf *conf, const struct xt_service_wish *wish)
{
	struct xt_service service = {.conf = conf, .wish = *wish};

	harden();
	warn_of_keylog();
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	if (uv_loop_init(&service.uv) < 0)
		return xt_fail(XT_EXIT_FAILURE, "the event loop does not start: out of memory or "
						"descriptors");
	signals_start(&service);
	xt_service_begin(&service);
	while (service.phase != XT_PHASE_END || service.signals_open > 0)
		uv_run(&service.uv, UV_RUN_ONCE);
	return finish(&service);
}
