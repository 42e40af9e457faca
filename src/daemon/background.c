/* SPDX-License-Identifier: MIT */
/* To the background: fork before a key is read and before a loop or thread exists, so the parent
 * never holds a secret. */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "daemon/exit.h"
#include "base/message.h"
#include "base/startup.h"
#include "platform/fd.h"

static bool fd_kept(int fd, const int *keep, size_t n_keep)
{
	for (size_t i = 0; i < n_keep; i++) {
		if (keep[i] == fd)
			return true;
	}
	return false;
}

/* Descriptors that the caller happened to have open would stay open as long as the instance: a pipe
 * whose reader waits for its end, a lock. */
static void inherited_close(int ready, const int *keep, size_t n_keep)
{
	int last = ready;

	for (size_t i = 0; i < n_keep; i++)
		last = XT_MAX(last, keep[i]);
	for (int fd = STDERR_FILENO + 1; fd < last; fd++) {
		if (fd != ready && !fd_kept(fd, keep, n_keep))
			(void)close(fd);
	}
	xt_fd_close_from(last + 1);
}

/* The child: a session of its own, nothing to read. Its messages reach the terminal until it is
 * ready. */
static int child_serve(xt_serve *serve, const void *what, int ready, bool loud)
{
	struct xt_instance_options options = {.ready = ready, .quiet = !loud};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		if (!loud)
			(void)dup2(null, STDOUT_FILENO);
		close(null);
	}
	return serve(what, &options);
}

/* Shared with the processes that are forked from now on; NULL: none is needed, or possible. */
static struct xt_startup *startup_map(const struct xt_background_watch *watch)
{
	void *map = MAP_FAILED;

	if (watch)
		map = mmap(NULL, sizeof(struct xt_startup), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return map == MAP_FAILED ? NULL : map;
}

static void child_watch(int ready, const struct xt_background_watch *watch,
			struct xt_startup *startup)
{
	struct pollfd fd = {.fd = ready, .events = POLLIN};
	int n = 0;

	while (startup && (n == 0 || (n < 0 && errno == EINTR))) {
		n = poll(&fd, 1, XT_BACKGROUND_POLL_MS);
		watch->poll(watch->ctx, startup);
	}
}

static int child_await(pid_t child, int ready)
{
	char byte;
	int status;
	ssize_t n;

	do
		n = read(ready, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return XT_EXIT_OK;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return XT_EXIT_FAILURE;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		xt_message("the instance was ended by signal %d before it was ready",
			   WTERMSIG(status));
	else
		xt_message("the instance was ended before it was ready");
	return XT_EXIT_FAILURE;
}

int xt_background(xt_serve *serve, const void *what, bool loud, const int *keep, size_t n_keep,
		  const struct xt_background_watch *watch)
{
	struct xt_startup *startup = startup_map(watch);
	int ends[2], status;
	pid_t child;

	if (xt_fd_pipe(ends, false) < 0)
		return xt_fail(XT_EXIT_FAILURE, "pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		return xt_fail(XT_EXIT_FAILURE, "fork: %s", strerror(errno));
	if (child == 0) {
		close(ends[0]);
		inherited_close(ends[1], keep, n_keep);
		xt_startup_use(startup);
		return child_serve(serve, what, ends[1], loud);
	}
	close(ends[1]);
	child_watch(ends[0], watch, startup);
	status = child_await(child, ends[0]);
	close(ends[0]);
	if (startup)
		munmap(startup, sizeof(*startup));
	return status;
}

int xt_background_apart(int (*step)(const void *what), const void *what)
{
	pid_t child;
	int status;

	(void)fflush(NULL);
	child = fork();
	if (child < 0) {
		xt_message("no process: %s", strerror(errno));
		return XT_EXIT_FAILURE;
	}
	if (child == 0) {
		status = step(what);
		(void)fflush(NULL);
		_exit(status);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return XT_EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : XT_EXIT_FAILURE;
}
