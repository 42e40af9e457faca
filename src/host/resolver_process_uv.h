/* SPDX-License-Identifier: MIT */
/* The process that looks host names up for an instance: with the system's resolver, whose modules
 * (nsswitch.conf(5)) run here, and by questions of its own on sockets that the monitor gave it.
 *
 * Order: the first process makes a channel pair (host/channel_uv.h) and forks while it has one
 * thread, no loop and no lock. The child drops or wipes what it inherited of keys (xt_conf_clear),
 * then calls xt_resolver_serve. Of its descriptors it keeps 0, 1, 2 and fd and closes all others.
 *
 * Answers of name servers are hostile input, so the process has no privileges. It needs to read
 * files, to load modules, to open sockets and to start threads: the lock must allow that. A process
 * that has crashed is not started again: the monitor has a loop, threads and locks by then, and a
 * new process that is the same in memory would give an attacker one more attempt. Names are not
 * found from then on, and a line in the log says so.
 *
 * A look-up cannot be ended. At the end of an instance the process sees the end of fd and exits;
 * the monitor may kill it as well. */
#ifndef XT_HOST_RESOLVER_PROCESS_UV_H
#define XT_HOST_RESOLVER_PROCESS_UV_H

/* Serve until the other end of fd is closed, or sends what is no message. Ignores SIGINT, SIGTERM,
 * SIGHUP, SIGUSR1, SIGUSR2 and SIGPIPE.
 * lock  NULL, or called once, first: give up all rights. Negative: serve nothing
 * returns the exit status for _exit (exit would wait for threads): 0 after the end of fd */
int xt_resolver_serve(int fd, int (*lock)(void *ctx), void *ctx);

#endif
