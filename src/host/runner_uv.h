/* SPDX-License-Identifier: MIT */
/* The runner: the process that runs an instance's hooks and a few programs (host/runner.h).
 *
 * Order: the first process reads the configuration, makes a channel pair (host/channel_uv.h), and
 * forks while it has one thread, no loop and no lock (capabilities, seccomp, no_new_privs, resource
 * limits, chroot): what the runner has then, hooks have. The child calls xt_runner_serve. Of its
 * descriptors it keeps 0, 1, 2 and fd and closes all others. */
#ifndef XT_HOST_RUNNER_UV_H
#define XT_HOST_RUNNER_UV_H

#include "config/conf.h"

/* Serve until the other end of fd is closed, or sends what is no message; then end what still runs.
 * Undoes nothing. Ignores SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGPIPE, which its children
 * do not. conf: hooks, name and path are kept, the rest is wiped and freed at once; its path is
 * the file that is read again. Returns the exit status for _exit: 0 after the end of fd. */
int xt_runner_serve(int fd, struct xt_conf *conf);

/* Run the PrivateKeyCommand of this file, which has passed xt_conf_trust, and set its private_key;
 * on a thread. text: of cap bytes, why that failed. 0, -errno or XT_E_*. */
typedef int xt_runner_key_fn(struct xt_conf *file, char *text, size_t cap);

/* The same, and XT_RUNNER_KEY is answered with the key that run finds. A command that runs at the
 * end of fd is awaited: run has a limit of time. */
int xt_runner_serve_keys(int fd, struct xt_conf *conf, xt_runner_key_fn *run);

#endif
