/* SPDX-License-Identifier: MIT */
/* An empty root. It needs no writable place: a child that shares the root and the working directory
 * with this process moves both to its own /proc/self/fdinfo and ends. The directory of a process
 * that is gone has no entry, and none can be made. */
#include "platform/linux/sandbox_linux.h"

#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 16384

/* In the child, which shares no memory: its exit status is the errno. */
static int root_move(void *unused)
{
	(void)unused;
	if (chroot("/proc/self/fdinfo/") < 0 || chdir("/") < 0)
		return errno;
	return 0;
}

void xt_lock_root(struct xt_lock_result *result)
{
	_Alignas(16) char stack[STACK];
	int status = 0, rc;
	/* Without SIGCHLD at its end, which is for the children that the caller awaits. The system
	 * call itself has its arguments in another order on some machines. */
	pid_t pid = clone(root_move, stack + sizeof(stack), CLONE_FS, NULL);

	rc = pid < 0 ? -errno : 0;
	while (rc == 0 && waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			rc = -errno;
	if (rc == 0)
		rc = WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
	xt_lock_judge(result, rc, "chroot");
}
