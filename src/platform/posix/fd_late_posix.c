/* SPDX-License-Identifier: MIT */
/* Descriptors of a system that makes none close-on-exec from the start (macOS): a program that
 * another thread begins in between would inherit them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/fd.h"

static bool flags_set(int fd, bool nonblock)
{
	int now = fcntl(fd, F_GETFL);

	return now >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	       fcntl(fd, F_SETFL, nonblock ? now | O_NONBLOCK : now & ~O_NONBLOCK) == 0;
}

/* fd, or -1 with errno when it cannot be had. */
static int fd_prepare(int fd, bool nonblock)
{
	int error;

	if (fd < 0 || flags_set(fd, nonblock))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int pair_prepare(int rc, int ends[2], bool nonblock)
{
	int error;

	if (rc < 0 || (flags_set(ends[0], nonblock) && flags_set(ends[1], nonblock)))
		return rc;
	error = errno;
	close(ends[0]);
	close(ends[1]);
	errno = error;
	return -1;
}

int xt_fd_socket(int family, int type, bool nonblock)
{
	return fd_prepare(socket(family, type, 0), nonblock);
}

/* A packet may be as large as the send buffer, which is 2 KiB by default. */
#define PACKETS_BUFFER (1 << 20)

/* macOS has no packets between Unix sockets. Datagrams of a pair are as reliable and keep their
 * bounds. But one end that closes does not wake the other: that finds it at its next call. */
static int packets_pair(int ends[2])
{
	const int bytes = PACKETS_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0)
		return 0;
	if (errno != EPROTONOSUPPORT || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
		(void)setsockopt(ends[i], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	}
	return 0;
}

int xt_fd_socketpair(int type, bool nonblock, int ends[2])
{
	int rc = type == SOCK_SEQPACKET ? packets_pair(ends) : socketpair(AF_UNIX, type, 0, ends);

	return pair_prepare(rc, ends, nonblock);
}

int xt_fd_accept(int listener, bool nonblock)
{
	return fd_prepare(accept(listener, NULL, NULL), nonblock);
}

int xt_fd_pipe(int ends[2], bool nonblock)
{
	return pair_prepare(pipe(ends), ends, nonblock);
}

ssize_t xt_fd_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = recvmsg(fd, msg, flags);

	if (n < 0)
		return n;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= cmsg->cmsg_len;
		     at += sizeof(int)) {
			int came;

			memcpy(&came, CMSG_DATA(cmsg) + (at - CMSG_LEN(0)), sizeof(came));
			(void)fcntl(came, F_SETFD, FD_CLOEXEC);
		}
	}
	return n;
}
