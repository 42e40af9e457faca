/* SPDX-License-Identifier: MIT */
/* Where an instance is one process there is no monitor, and sandbox_user_none.c never asks for
 * one. */
#include "daemon/monitor_uv.h"

#include "daemon/exit.h"
#include "daemon/rundir.h"
#include "host/request.h"
#include "ipc/socket.h"

int xt_monitor_run(struct xt_conf *conf, const struct xt_instance_options *options,
		   struct xt_monitor_link *link, xt_process_serve *serve)
{
	(void)conf;
	(void)options;
	(void)link;
	(void)serve;
	return XT_EXIT_FAILURE;
}

void xt_monitor_lend(struct xt_requests_options *options)
{
	options->directory = xt_rundir_path;
	options->socket = xt_rundir_listen;
	options->listen = xt_socket_listen;
}
