/* One endpoint as this process runs it: the loop, the signals, and nothing secret left lying about.
 */
#include "daemon/instance_uv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/exit.h"
#include "base/message.h"
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
	struct xt_instance *instance = handle->data;

	if (number == SIGTERM || number == SIGINT)
		xt_instance_end(instance);
	else
		xt_instance_log_status(instance);
}

static void signals_start(struct xt_instance *instance)
{
	static const int numbers[XT_SIGNALS] = {
	    [XT_SIGNAL_TERM] = SIGTERM,
	    [XT_SIGNAL_INT] = SIGINT,
	    [XT_SIGNAL_HUP] = SIGHUP,
	    [XT_SIGNAL_USR1] = SIGUSR1,
	};

	for (int i = 0; i < XT_SIGNALS; i++) {
		uv_signal_init(&instance->uv, &instance->signals[i]);
		instance->signals[i].data = instance;
		uv_signal_start(&instance->signals[i], on_signal, numbers[i]);
		instance->signals_open++;
	}
}

/* A question to a name server that does not answer would hold the end up for many seconds, and
 * libuv's threads are joined at exit: leave without. */
static int finish(struct xt_instance *instance)
{
	uv_run(&instance->uv, UV_RUN_NOWAIT);
	if (instance->resolver) {
		fflush(NULL);
		_exit(instance->status);
	}
	uv_run(&instance->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&instance->uv) != 0)
		xt_log_debug("%s: a handle was left open", instance->conf->name);
	return instance->status;
}

static void warn_of_keylog(void)
{
	const char *path = getenv("WG_KEYLOGFILE");

	if (!path || !*path)
		return;
	xt_message(
	    "WARNING: WG_KEYLOGFILE is set: the keys of every session, and this endpoint's own,");
	xt_message("WARNING: are written to %s. Whoever reads that file reads the traffic.", path);
}

int xt_instance_run(struct xt_conf *conf, const struct xt_instance_options *wish)
{
	struct xt_instance instance = {.conf = conf, .wish = *wish};

	harden();
	warn_of_keylog();
	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	if (uv_loop_init(&instance.uv) < 0)
		return xt_fail(XT_EXIT_FAILURE, "the event loop does not start: out of memory or "
						"descriptors");
	signals_start(&instance);
	xt_instance_begin(&instance);
	while (instance.phase != XT_PHASE_END || instance.signals_open > 0)
		uv_run(&instance.uv, UV_RUN_ONCE);
	return finish(&instance);
}
