/* SPDX-License-Identifier: MIT */
/* Processes of Linux. pidfd_open(2) is of Linux 5.3. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/process.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* on every architecture of Linux but alpha */
#endif

int xt_process_watch(long pid)
{
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

	return fd < 0 ? -errno : fd;
}

void xt_process_name(const char *name)
{
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* A pipe in core_pattern ignores the limit of core dumps. */
void xt_process_hide(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
