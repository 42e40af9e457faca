/* SPDX-License-Identifier: MIT */
/* The process that waits reads no byte from outside. */
#include "exporter/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "daemon/exit.h"
#include "host/notify.h"
#include "ipc/socket.h"
#include "platform/fd.h"

/* Until the child has ended. Its wait status. */
static int child_await(pid_t child, const sigset_t *signals)
{
	int number = 0, status;

	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		if (sigwait(signals, &number) != 0)
			continue;
		if (number == SIGTERM || number == SIGINT)
			(void)kill(child, SIGTERM);
	}
}

static void ready_await(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	close(fd);
	if (n == 1)
		xt_notify(&(struct xt_notice){.kind = XT_NOTICE_READY});
}

static int child_judge(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return xt_fail(XT_EXIT_FAILURE, "exporter: the process that serves has ended: %s",
		       strsignal(WTERMSIG(status)));
}

int xt_keeper_run(const struct xt_listen *listen, xt_keeper_serve *serve, void *ctx)
{
	struct xt_keeper_child self = {.keeper = (int)getpid()};
	sigset_t signals, before;
	int ready[2], status;
	pid_t child;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	if (xt_fd_pipe(ready, false) < 0)
		return xt_fail(XT_EXIT_FAILURE, "exporter: %s", strerror(errno));
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	child = fork();
	if (child == 0) {
		close(ready[0]);
		self.ready = ready[1];
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		return serve(ctx, &self);
	}
	close(ready[1]);
	close(listen->fd);
	if (child > 0) {
		ready_await(ready[0]);
		status = child_judge(child_await(child, &signals));
		xt_notify(&(struct xt_notice){.kind = XT_NOTICE_STOPPING});
	} else {
		status = xt_fail(XT_EXIT_FAILURE, "exporter: %s", strerror(errno));
		close(ready[0]);
	}
	if (*listen->path)
		xt_socket_remove(listen->path, &listen->id);
	return status;
}
