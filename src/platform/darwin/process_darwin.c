/* SPDX-License-Identifier: MIT */
/* Processes of macOS. A queue of kernel events in the loop's queue is said to be always readable
 * there (libuv issue 883), so a process that is no child cannot be waited for. */
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>

#include "platform/process.h"

int xt_process_watch(long pid)
{
	(void)pid;
	return -ENOSYS;
}

/* Of this thread: the list of processes shows the program's file. */
void xt_process_name(const char *name)
{
	(void)pthread_setname_np(name);
}

/* A tracer of the same user needs a right of its own (task_for_pid) there. */
void xt_process_hide(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}
