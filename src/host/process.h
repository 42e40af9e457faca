/* SPDX-License-Identifier: MIT */
/* The beginning of a process that serves a socket for an instance (the runner, the resolver). */
#ifndef XT_HOST_PROCESS_H
#define XT_HOST_PROCESS_H

/* Ignore SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGPIPE: a terminal sends them to the whole
 * group, and the monitor decides. Keep fd, as descriptor 3, and 0 to 2; close all others. Returns
 * it, or -errno. */
int xt_process_begin(int fd);
/* Sleep until the first message has come, or the other end is closed. A loop, with its memory, is
 * not needed before. */
void xt_process_await(int fd);

#endif
