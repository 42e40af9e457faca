/* SPDX-License-Identifier: MIT */
/* What the processes that serve a socket do first. */
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/fd.h"

static void signals_ignore(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < XT_LEN(signals); i++)
		(void)signal(signals[i], SIG_IGN);
}

int xt_process_begin(int fd)
{
	int first = STDERR_FILENO + 1;

	signals_ignore();
	if (fd != first) {
		/* dup3 is missing from older macOS. No other thread starts a program by now. */
		if (dup2(fd, first) < 0 || fcntl(first, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
		fd = first;
	}
	xt_fd_close_from(first + 1);
	return fd;
}

void xt_process_await(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	while (poll(&wait, 1, -1) < 0 && errno == EINTR)
		;
}
