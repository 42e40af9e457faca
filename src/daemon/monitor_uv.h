/* SPDX-License-Identifier: MIT */
/* The processes of an instance: the monitor, and its children. */
#ifndef XT_DAEMON_MONITOR_UV_H
#define XT_DAEMON_MONITOR_UV_H

#include "daemon/processes.h"

/* Fork the other processes, of which the tunnel process runs serve, and carry out its requests
 * until it ends; then undo what it left, if it did not end by itself. No loop, thread or lock may
 * exist in this process yet. conf: wiped of keys as soon as the child has them. link: user and
 * mode.
 * returns  enum xt_exit: the tunnel process's, or XT_EXIT_FAILURE when that was killed. In the
 *          tunnel process the function does not return */
int xt_monitor_run(struct xt_conf *conf, const struct xt_instance_options *options,
		   struct xt_monitor_link *link, xt_process_serve *serve);

/* Before anything of the tunnel process is read. false: Sandbox = strict, and a lock is missing. */
bool xt_monitor_lock(const struct xt_conf *conf, const struct xt_monitor_link *link);

struct xt_requests_options;
/* What the host needs of the daemon: the functions of host/request.h that make paths and
 * sockets. */
void xt_monitor_lend(struct xt_requests_options *options);

#endif
