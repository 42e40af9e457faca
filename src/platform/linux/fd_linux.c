/* SPDX-License-Identifier: MIT */
/* Descriptors of Linux. close_range(2) is of Linux 5.9, its flag of 5.11; a filter of system calls
 * may refuse both. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/fd.h"
#include "platform/posix/fd_end_posix.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* on every architecture of Linux but alpha */
#endif
#define RANGE_CLOEXEC 4u

int xt_fd_peer(int fd, struct xt_fd_peer *peer)
{
	struct ucred credentials = {0};
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	*peer = (struct xt_fd_peer){credentials.uid, credentials.pid};
	return 0;
}

void xt_fd_send_buffer(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int xt_fd_mark(int fd, uint32_t mark)
{
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ? -errno : 0;
}

static void descriptors_end(int first, bool cloexec)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0u, cloexec ? RANGE_CLOEXEC : 0u) < 0)
		xt_fd_end_listed("/proc/self/fd", first, cloexec);
}

void xt_fd_close_from(int first)
{
	descriptors_end(first, false);
}

void xt_fd_cloexec_from(int first)
{
	descriptors_end(first, true);
}
