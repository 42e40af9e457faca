/* SPDX-License-Identifier: MIT */
/* What the monitor keeps: its rights, and the functions that the host borrows. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/monitor_uv.h"
#include "daemon/rundir.h"
#include "host/observers.h"
#include "host/request.h"
#include "ipc/socket.h"
#include "platform/sandbox.h"

/* The host may see neither ipc nor the run directory's rules. */
void xt_monitor_lend(struct xt_requests_options *options)
{
	options->directory = xt_rundir_path;
	options->socket = xt_rundir_listen;
	options->listen = xt_socket_listen;
}

/* Another user's file or directory takes more than root's name to write. */
static unsigned rights_needed(const struct xt_conf *conf)
{
	unsigned rights = XT_RIGHT_NETWORK | XT_RIGHT_LOW_PORT | XT_RIGHT_NAMESPACES;
	char *path = conf->path ? strdup(conf->path) : NULL;
	struct stat file, dir;

	if (path && stat(path, &file) == 0 && stat(dirname(path), &dir) == 0 &&
	    (file.st_uid != geteuid() || dir.st_uid != geteuid()))
		rights |= XT_RIGHT_FOREIGN_FILES;
	free(path);
	return rights;
}

bool xt_monitor_lock(const struct xt_conf *conf, const struct xt_monitor_link *link)
{
	const struct xt_sandbox_options options = {.role = XT_SANDBOX_MONITOR,
						   .uid = UINT32_MAX,
						   .gid = UINT32_MAX,
						   .rights = rights_needed(conf),
						   .writes = true};
	struct xt_sandbox_state state;

	xt_observers_join();
	xt_sandbox_lock(&options, &state);
	if (xt_sandbox_summary(&state) == XT_SANDBOX_ON)
		return true;
	xt_log_verbose("%s: the monitor has not all of its locks", conf->name);
	return link->mode != XT_SANDBOX_MODE_STRICT;
}
