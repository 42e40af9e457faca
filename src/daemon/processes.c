/* SPDX-License-Identifier: MIT */
/* Forking, in this order: the runner, which keeps all rights and is asked by the monitor alone;
 * the resolver, which has none; the tunnel process. Each has its end of its own pair and of no
 * other. */
#include "daemon/processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sandbox_status.h"
#include "host/channel_uv.h"
#include "host/detach.h"
#include "host/handover.h"
#include "host/key_command.h"
#include "host/log_relay.h"
#include "host/resolver_process_uv.h"
#include "host/runner_uv.h"
#include "platform/process.h"
#include "platform/sandbox.h"

/* A caller may wait for the end of its pipe: with options.quiet each process closes the standard
 * streams, the monitor when the instance is ready, because it prints what failed until then. */

/* Forks, and leaves in *fd this process's end of a pair. In the child *fd is its end, and 0 is
 * returned. */
static pid_t child_fork(int *fd)
{
	int ends[2], rc = xt_channel_pair(ends);
	pid_t child;

	if (rc < 0)
		return rc;
	fflush(NULL);
	child = fork();
	rc = child < 0 ? -errno : child;
	*fd = ends[child == 0];
	close(ends[child != 0]);
	if (rc < 0)
		close(*fd);
	return rc;
}

/* --- runner --- */

/* text of cap bytes: see xt_key_command_run. */
struct key_failure {
	char *text;
	size_t cap;
};

static int key_command_run(void *ctx, const char *command, struct xt_private *out, char *text,
			   size_t cap)
{
	const struct key_failure *failure = ctx;
	int rc = xt_key_command_run(command, XT_KEY_COMMAND_LIMIT_MS, out, text, cap);

	snprintf(failure->text, failure->cap, "%s", rc < 0 ? text : "");
	return rc;
}

static int key_read(struct xt_conf *file, char *text, size_t cap)
{
	struct key_failure failure = {text, cap};
	struct xt_conf_diagnostics diagnostics = {0};
	int rc;

	*text = '\0';
	rc = xt_key_command_load(file, key_command_run, &failure, &diagnostics);
	xt_conf_diagnostics_clear(&diagnostics);
	return rc;
}

/* --- resolver --- */

static int resolver_lock(void *ctx)
{
	const struct xt_monitor_link *link = ctx;
	const struct xt_sandbox_options options = {.role = XT_SANDBOX_RESOLVER,
						   .uid = link->user.uid,
						   .gid = link->user.gid,
						   .parent = (int)link->monitor};
	struct xt_sandbox_state state;

	xt_sandbox_lock(&options, &state);
	if (xt_sandbox_summary(&state) == XT_SANDBOX_ON)
		return 0;
	xt_log_verbose("the resolver has not all of its locks");
	return link->mode == XT_SANDBOX_MODE_STRICT ? -EPERM : 0;
}

static void resolver_run(int fd, struct xt_conf *conf, const struct xt_instance_options *options,
			 struct xt_monitor_link *link)
{
	xt_process_name("xtunnel-names");
	if (options->quiet)
		xt_streams_close();
	xt_conf_clear(conf);
	_exit(xt_resolver_serve(fd, resolver_lock, link));
}

/* --- tunnel process --- */

static void tunnel_run(const struct xt_processes *processes, struct xt_conf *conf,
		       const struct xt_instance_options *options, struct xt_monitor_link *link,
		       xt_process_serve *serve)
{
	int status;

	xt_process_name("xtunnel-tunnel");
	close(processes->runner);
	close(processes->names);
	link->requests = processes->requests;
	if (options->adoption)
		xt_adoption_close_monitors(options->adoption);
	if (options->quiet)
		xt_streams_close();
	status = serve(conf, options, link);
	xt_conf_clear(conf);
	exit(status);
}

int xt_processes_fork(struct xt_processes *out, struct xt_conf *conf,
		      const struct xt_instance_options *options, struct xt_monitor_link *link,
		      xt_process_serve *serve)
{
	pid_t child = child_fork(&out->runner);
	int sender, rc;

	if (child == 0) {
		xt_process_name("xtunnel-runner");
		_exit(xt_runner_serve_keys(out->runner, conf, key_read));
	}
	if (child < 0)
		return child;
	out->resolver = child_fork(&out->names);
	if (out->resolver == 0)
		resolver_run(out->names, conf, options, link);
	if (out->resolver < 0)
		return out->resolver;
	rc = xt_log_relay_open(&sender, &out->log, conf->name);
	if (rc < 0)
		return rc;
	out->tunnel = child_fork(&out->requests);
	if (out->tunnel == 0) {
		close(out->log);
		xt_log_relay_send(sender);
		tunnel_run(out, conf, options, link, serve);
	}
	close(sender);
	/* With this process's copy it would not see the end of the other one's. */
	if (options->adoption) {
		close(options->adoption->tunnel);
		options->adoption->tunnel = -1;
	}
	return out->tunnel < 0 ? out->tunnel : 0;
}
