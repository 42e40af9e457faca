/* SPDX-License-Identifier: MIT */
/* The namespaces of a lab, and the process outside that ends them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "cli/lab.h"
#include "daemon/exit.h"

#define END_SECONDS 5

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* The user becomes root of a user namespace, in which only this user exists. */
static bool user_space_enter(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	/* An undumpable process may not write its maps. It has no key: instances are other ones. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 &&
	       file_write("/proc/self/setgroups", "deny") &&
	       file_write("/proc/self/uid_map", uids) && file_write("/proc/self/gid_map", gids);
}

static bool mounts_make(void)
{
	static const char *const dirs[] = {"/run/netns", "/run/xtunnel", "/run/wireguard",
					   XT_LAB_DIR, XT_LAB_DIR "/bin"};
	struct stat st;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
		return false;
	/* A container may refuse it; then ps(1) shows the processes of the machine. */
	(void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return false;
	if (lstat("/var/run", &st) == 0 && S_ISDIR(st.st_mode) &&
	    (mount("/run", "/var/run", NULL, MS_BIND, NULL) < 0))
		return false;
	return true;
}

/* The first process of the PID namespace. Everything in it ends when this one does. */
static int first_run(xt_lab_inside *inside, const struct xt_lab *lab, int begin)
{
	pid_t outer;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* If the process outside ended before that, its end of the pipe is closed. */
	if (read(begin, &outer, sizeof(outer)) != (ssize_t)sizeof(outer))
		return XT_EXIT_FAILURE;
	close(begin);
	if (!mounts_make())
		return xt_fail(XT_EXIT_FAILURE, "lab: cannot make namespaces: %s", strerror(errno));
	return inside(lab, outer);
}

static void seconds_until(struct timespec *left, time_t end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left->tv_sec = end > now.tv_sec ? end - now.tv_sec : 0;
	left->tv_nsec = 0;
}

/* Wait for child, and end it when a signal says so. */
static int first_await(pid_t child, const sigset_t *signals)
{
	struct timespec left = {0};
	int status = 0, ended_by = 0, number;
	time_t end = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (ended_by)
			seconds_until(&left, end);
		number = ended_by ? sigtimedwait(signals, NULL, &left) : sigwaitinfo(signals, NULL);
		if (number == SIGCHLD || (number < 0 && errno == EINTR))
			continue;
		kill(child, ended_by ? SIGKILL : SIGTERM);
		if (!ended_by) {
			ended_by = number;
			clock_gettime(CLOCK_MONOTONIC, &left);
			end = left.tv_sec + END_SECONDS;
		}
	}
	if (ended_by)
		return 128 + ended_by;
	return WIFEXITED(status) ? WEXITSTATUS(status) : XT_EXIT_FAILURE;
}

static bool space_enter(void)
{
	if (unshare(CLONE_NEWPID) == 0)
		return true;
	if (errno == EPERM && user_space_enter())
		return true;
	xt_message("lab: this user may make no namespaces here: %s", strerror(errno));
	xt_hint("run it with sudo, or allow user namespaces");
	return false;
}

/* An interactive shell makes itself the terminal's foreground group, and is gone. */
static void terminal_restore(void)
{
	sigset_t output, before;

	if (!isatty(STDIN_FILENO))
		return;
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int xt_lab_contain(xt_lab_inside *inside, const struct xt_lab *lab)
{
	sigset_t signals, before;
	int begin[2], status;
	pid_t child;

	if (!space_enter() || pipe2(begin, O_CLOEXEC) < 0)
		return XT_EXIT_FAILURE;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(begin[1]);
		status = first_run(inside, lab, begin[0]);
		fflush(NULL);
		_exit(status);
	}
	close(begin[0]);
	if (child < 0)
		status = xt_fail(XT_EXIT_FAILURE, "lab: %s", strerror(errno));
	else if (write(begin[1], &child, sizeof(child)) == (ssize_t)sizeof(child))
		status = first_await(child, &signals);
	else
		status = XT_EXIT_FAILURE; /* it has ended */
	close(begin[1]);
	terminal_restore();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}
