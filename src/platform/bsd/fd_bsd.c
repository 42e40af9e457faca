/* SPDX-License-Identifier: MIT */
/* Descriptors of FreeBSD and OpenBSD, which by default list those of a process in no directory. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
/* sys/types.h comes first. */
#include <sys/ucred.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/fd.h"
#include "platform/posix/fd_end_posix.h"

/* OpenBSD names the process by an option of sockets, FreeBSD by one of Unix sockets. */
#if defined(SO_PEERCRED)
static long peer_pid(int fd)
{
	struct sockpeercred peer = {0};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? 0 : peer.pid;
}
#else
static long peer_pid(int fd)
{
	struct xucred peer = {0};
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &len) < 0 ||
	    peer.cr_version != XUCRED_VERSION)
		return 0;
	return peer.cr_pid;
}
#endif

int xt_fd_peer(int fd, struct xt_fd_peer *peer)
{
	uid_t uid;
	gid_t gid;

	if (getpeereid(fd, &uid, &gid) < 0)
		return -errno;
	*peer = (struct xt_fd_peer){uid, peer_pid(fd)};
	return 0;
}

void xt_fd_send_buffer(int fd, int bytes)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* FreeBSD's packet filters match the cookie; OpenBSD's mark is a routing table. */
int xt_fd_mark(int fd, uint32_t mark)
{
#if defined(SO_USER_COOKIE)
	const int name = SO_USER_COOKIE;
#else
	const int name = SO_RTABLE;
#endif

	return setsockopt(fd, SOL_SOCKET, name, &mark, sizeof(mark)) < 0 ? -errno : 0;
}

void xt_fd_close_from(int first)
{
	(void)closefrom(first);
}

void xt_fd_cloexec_from(int first)
{
	xt_fd_end_listed("", first, true);
}
