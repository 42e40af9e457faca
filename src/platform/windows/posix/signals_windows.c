/* SPDX-License-Identifier: MIT */
/* Signals of the C library, and Ctrl-C. */
#include <signal.h>

#include "platform/windows/system_windows.h"

static sigset_t blocked;

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	(void)old;
	return signal(number, action->sa_handler) == SIG_ERR ? -1 : 0;
}

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = ~0u;
	return 0;
}

int sigaddset(sigset_t *set, int number)
{
	*set |= 1u << number;
	return 0;
}

int sigdelset(sigset_t *set, int number)
{
	*set &= ~(1u << number);
	return 0;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (old)
		*old = blocked;
	if (!set)
		return 0;
	if (how == SIG_BLOCK)
		blocked |= *set;
	else if (how == SIG_UNBLOCK)
		blocked &= ~*set;
	else
		blocked = *set;
	return SetConsoleCtrlHandler(NULL, (blocked & 1u << SIGINT) != 0) ? 0 : -1;
}
