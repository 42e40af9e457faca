/* SPDX-License-Identifier: MIT */
/* An empty root. It needs no writable place: a child that shares the root and the working directory
 * with this process moves both to its own /proc/self/fdinfo and ends. The directory of a process
 * that is gone has no entry, and none can be made. */
#include "platform/linux/sandbox_linux.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, which shares no memory: its exit status is the errno. */
static int root_move(void)
{
	if (chroot("/proc/self/fdinfo/") < 0 || chdir("/") < 0)
		return errno;
	return 0;
}

void xt_lock_root(struct xt_lock_result *result)
{
	int status = 0, rc;
	/* Without SIGCHLD at its end, which is for the children that the caller awaits. */
	long pid = syscall(SYS_clone, CLONE_FS, 0, 0, 0, 0);

	if (pid == 0)
		_exit(root_move());
	rc = pid < 0 ? -errno : 0;
	while (rc == 0 && waitpid((pid_t)pid, &status, __WALL) < 0)
		if (errno != EINTR)
			rc = -errno;
	if (rc == 0)
		rc = WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
	xt_lock_judge(result, rc, "chroot");
}
