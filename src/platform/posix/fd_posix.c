/* SPDX-License-Identifier: MIT */
/* Descriptors that are close-on-exec from the start: Linux, FreeBSD, OpenBSD. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/fd.h"

static int socket_flags(bool nonblock)
{
	return SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0);
}

int xt_fd_socket(int family, int type, bool nonblock)
{
	return socket(family, type | socket_flags(nonblock), 0);
}

int xt_fd_socketpair(int type, bool nonblock, int ends[2])
{
	return socketpair(AF_UNIX, type | socket_flags(nonblock), 0, ends);
}

int xt_fd_accept(int listener, bool nonblock)
{
	return accept4(listener, NULL, NULL, socket_flags(nonblock));
}

int xt_fd_pipe(int ends[2], bool nonblock)
{
	return pipe2(ends, O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
}

ssize_t xt_fd_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return recvmsg(fd, msg, flags | MSG_CMSG_CLOEXEC);
}
