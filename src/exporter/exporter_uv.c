/* SPDX-License-Identifier: MIT */
/* Everything that takes rights comes first: the socket, the library, the page. Then the process
 * gives them up, and only then it accepts a connection. */
#include "exporter/exporter.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "base/message.h"
#include "daemon/confined_loop_uv.h"
#include "daemon/exit.h"
#include "daemon/sandbox_status.h"
#include "daemon/sandbox_user.h"
#include "exporter/http_uv.h"
#include "exporter/keeper.h"
#include "exporter/listen.h"
#include "host/observers.h"
#include "platform/malloc.h"

/* Connections, one to an instance, and those of loop and library. */
#define DESCRIPTORS (XT_HTTP_CONNECTIONS + 64u)

struct exporter {
	const struct xt_exporter_options *options;
	const struct xt_mhd *mhd;
	struct xt_page page;
	struct xt_listen listen;
	enum xt_sandbox_mode mode;
	uv_loop_t loop;
	uv_signal_t term, interrupt;
	struct xt_http *http;
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct exporter *exporter = handle->data;

	(void)number;
	if (!exporter->http)
		return;
	xt_http_close(exporter->http);
	exporter->http = NULL;
	uv_close((uv_handle_t *)&exporter->term, NULL);
	uv_close((uv_handle_t *)&exporter->interrupt, NULL);
}

/* Root becomes a user without account, of the group of observers. */
static void user_choose(struct xt_sandbox_options *options)
{
	uint32_t gid;

	options->uid = options->gid = UINT32_MAX;
	if (geteuid() != 0)
		return;
	if (!xt_observers_group(&gid)) {
		xt_log_warning("there is no group %s: the exporter goes on as root, without "
			       "capabilities (groupadd --system %s, and start the instances again)",
			       XT_OBSERVERS, XT_OBSERVERS);
		return;
	}
	options->uid = xt_sandbox_uid_choose("exporter");
	options->gid = gid;
}

/* false: all locks are asked for, and not every one can be taken. */
static bool rights_drop(struct exporter *exporter, const struct xt_keeper_child *child)
{
	struct xt_sandbox_options options = {.role = XT_SANDBOX_RESOLVER,
					     .parent = child->keeper,
					     .nofile = DESCRIPTORS,
					     .writes = true};
	struct xt_sandbox_state state;

	if (exporter->mode == XT_SANDBOX_MODE_OFF)
		return true;
	user_choose(&options);
	xt_sandbox_prepare();
	xt_sandbox_lock(&options, &state);
	xt_sandbox_log(&state);
	return exporter->mode != XT_SANDBOX_MODE_STRICT ||
	       xt_sandbox_summary(&state) == XT_SANDBOX_ON;
}

static int exporter_open(struct exporter *exporter)
{
	const struct xt_http_options options = {
	    .loop = &exporter->loop,
	    .mhd = exporter->mhd,
	    .page = &exporter->page,
	    .rules = {.address = *exporter->listen.path ? NULL : exporter->listen.address,
		      .hosts = exporter->options->hosts},
	    .version = exporter->options->version,
	    .fd = exporter->listen.fd};
	int rc = uv_signal_init(&exporter->loop, &exporter->term);

	rc = rc < 0 ? rc : uv_signal_init(&exporter->loop, &exporter->interrupt);
	exporter->term.data = exporter->interrupt.data = exporter;
	rc = rc < 0 ? rc : uv_signal_start(&exporter->term, on_signal, SIGTERM);
	rc = rc < 0 ? rc : uv_signal_start(&exporter->interrupt, on_signal, SIGINT);
	return rc < 0 ? rc : xt_http_open(&exporter->http, &options);
}

static int exporter_serve(void *ctx, const struct xt_keeper_child *child)
{
	struct exporter *exporter = ctx;
	int rc;

	/* One thread asks the instances; its memory comes from where it goes back to. */
	(void)setenv("UV_THREADPOOL_SIZE", "1", 1);
	(void)setenv("UV_USE_IO_URING", "0", 1);
	xt_memory_pool();
	if ((exporter->mode == XT_SANDBOX_MODE_OFF ? uv_loop_init(&exporter->loop)
						   : xt_confined_loop_init(&exporter->loop)) < 0)
		return xt_fail(XT_EXIT_FAILURE, "exporter: no loop");
	if (!rights_drop(exporter, child))
		return xt_fail(XT_EXIT_FAILURE,
			       "exporter: XT_SANDBOX=strict, and not every lock can be taken here");
	rc = exporter_open(exporter);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "exporter: %s", xt_strerror(rc));
	xt_log_notice("exporter: serving on %s", exporter->listen.text);
	if (write(child->ready, "", 1) < 0)
		xt_log_debug("exporter: no process waits for the start");
	close(child->ready);
	(void)uv_run(&exporter->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&exporter->loop);
	return XT_EXIT_OK;
}

const char *xt_exporter_library(void)
{
	const struct xt_mhd *mhd = xt_mhd_load();

	return mhd ? mhd->get_version() : NULL;
}

int xt_exporter_run(const struct xt_exporter_options *options)
{
	struct exporter exporter = {.options = options, .mhd = xt_mhd_load()};
	struct xt_conf none = {.sandbox = XT_SANDBOX_MODE_ON};
	int status;

	if (xt_sandbox_mode_choose(&exporter.mode, &none) < 0)
		return XT_EXIT_USAGE;
	if (!exporter.mhd) {
		xt_message("exporter: libmicrohttpd.so.12 is not here");
		xt_hint("install it (Debian: libmicrohttpd12), or use `xtunnel metrics -o FILE`");
		return XT_EXIT_FAILURE;
	}
	if (xt_page_make(&exporter.page) < 0)
		return xt_fail(XT_EXIT_FAILURE, "exporter: %s", xt_strerror(XT_E_NOMEM));
	status = xt_listen_open(&exporter.listen, options->listen);
	if (status == XT_EXIT_OK)
		status = xt_keeper_run(&exporter.listen, exporter_serve, &exporter);
	xt_page_clear(&exporter.page);
	return status;
}
