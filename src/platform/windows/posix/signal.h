/* SPDX-License-Identifier: MIT */
/* Signals that Windows does not have: none of them ever comes. */
#ifndef XT_POSIX_SIGNAL_H
#define XT_POSIX_SIGNAL_H

#include_next <signal.h>

/* clang-format off */
#define SIGHUP	1
#define SIGQUIT 3
#define SIGKILL 9
#define SIGUSR1 26
#define SIGUSR2 27
#define SIGPIPE 28
#define SIGCHLD 29
/* clang-format on */

/* Signals come on a thread of their own, so no other one is ever interrupted. */
struct sigaction {
	void (*sa_handler)(int number);
	int sa_flags;
};
int sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* A set with SIGINT, blocked: Ctrl-C is ignored meanwhile. Other signals never come. */
typedef unsigned sigset_t;
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);

#endif
