/* SPDX-License-Identifier: MIT */
/* The processes of an instance beside the monitor, and what each gives up. */
#ifndef XT_DAEMON_PROCESSES_H
#define XT_DAEMON_PROCESSES_H

#include <sys/types.h>

#include "daemon/instance.h"
#include "daemon/sandbox_user.h"

/* What the tunnel process is given beside the options of the instance.
 * requests  descriptor of a channel to the monitor (host/channel_uv.h)
 * monitor   its process
 * user, mode  of its locks */
struct xt_monitor_link {
	int requests;
	pid_t monitor;
	struct xt_sandbox_user user;
	enum xt_sandbox_mode mode;
};
typedef int xt_process_serve(struct xt_conf *conf, const struct xt_instance_options *options,
			     const struct xt_monitor_link *link);

/* The monitor's end of each pair, and the processes.
 * log  is not a descriptor of its own: host/log_relay.h has it */
struct xt_processes {
	pid_t tunnel, resolver;
	int runner, names, requests, log;
};

/* Fork the runner, the resolver and the tunnel process, which runs serve and does not return. No
 * loop, thread or lock may exist in this process yet. options.ready stays open in this one alone.
 * link: user and mode are given. 0 or -errno: those that were forked end by themselves, as their
 * sockets are closed at the latest with this process. */
int xt_processes_fork(struct xt_processes *out, struct xt_conf *conf,
		      const struct xt_instance_options *options, struct xt_monitor_link *link,
		      xt_process_serve *serve);

#endif
