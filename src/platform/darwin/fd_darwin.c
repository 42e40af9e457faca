/* SPDX-License-Identifier: MIT */
/* Descriptors of macOS, which lists those of a process in /dev/fd. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
/* sys/types.h comes first. */
#include <sys/un.h>
#include <unistd.h>

#include "platform/fd.h"
#include "platform/posix/fd_end_posix.h"

int xt_fd_peer(int fd, struct xt_fd_peer *peer)
{
	pid_t pid = 0;
	socklen_t len = sizeof(pid);
	uid_t uid;
	gid_t gid;

	if (getpeereid(fd, &uid, &gid) < 0)
		return -errno;
	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &len) < 0)
		pid = 0;
	*peer = (struct xt_fd_peer){uid, pid};
	return 0;
}

void xt_fd_send_buffer(int fd, int bytes)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int xt_fd_mark(int fd, uint32_t mark)
{
	(void)fd;
	(void)mark;
	return -ENOSYS;
}

void xt_fd_close_from(int first)
{
	xt_fd_end_listed("/dev/fd", first, false);
}

void xt_fd_cloexec_from(int first)
{
	xt_fd_end_listed("/dev/fd", first, true);
}
