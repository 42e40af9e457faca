/* SPDX-License-Identifier: MIT */
/* What belongs to a thread is done by the thread itself, in the handler of a signal that is sent to
 * each. A thread that is made meanwhile inherits from its maker what was done, or is found by the
 * next search. */
#include "platform/linux/sandbox_linux.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 512
#define TIMEOUT_S   2

struct xt_threads {
	DIR *tasks;
	pid_t done[THREADS_MAX], deaf[THREADS_MAX];
	size_t n, n_deaf;
};

/* The one run under way: signal handlers have no argument of their own. */
static struct {
	int (*_Atomic run)(const void *ctx); /* NULL: a late signal, nothing is left to be done */
	const void *ctx;
	sem_t over;
	_Atomic int rc;
} current;

int xt_sandbox_signal(void)
{
	return SIGRTMAX - 1;
}

int xt_threads_new(struct xt_threads **out)
{
	struct xt_threads *threads = calloc(1, sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	threads->tasks = opendir("/proc/self/task");
	if (!threads->tasks) {
		int rc = -errno;

		free(threads);
		return rc;
	}
	*out = threads;
	return 0;
}

void xt_threads_free(struct xt_threads *threads)
{
	if (!threads)
		return;
	closedir(threads->tasks);
	free(threads);
}

static void on_signal(int number)
{
	int (*run)(const void *ctx) = atomic_load(&current.run);
	int before = errno, none = 0, rc;

	(void)number;
	if (!run)
		return;
	rc = run(current.ctx);
	if (rc < 0)
		atomic_compare_exchange_strong(&current.rc, &none, rc);
	(void)sem_post(&current.over);
	errno = before;
}

static bool thread_is_among(pid_t tid, const pid_t *tids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tids[i] == tid)
			return true;
	return false;
}

/* 1: it ran there. 0: that thread has ended. */
static int thread_run(pid_t tid)
{
	struct timespec until;
	int rc;

	if (syscall(SYS_tgkill, getpid(), tid, xt_sandbox_signal()) < 0)
		return errno == ESRCH ? 0 : -errno;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TIMEOUT_S;
	do
		rc = sem_timedwait(&current.over, &until);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return 1;
	return syscall(SYS_tgkill, getpid(), tid, 0) < 0 && errno == ESRCH ? 0 : -ETIMEDOUT;
}

/* How many threads were found that had not been reached; -errno. */
static int threads_search(struct xt_threads *threads)
{
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct dirent *entry;
	int found = 0;

	rewinddir(threads->tasks);
	while ((entry = readdir(threads->tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		int rc;

		if (tid <= 0 || tid == self || thread_is_among(tid, threads->done, threads->n) ||
		    thread_is_among(tid, threads->deaf, threads->n_deaf))
			continue;
		if (threads->n == THREADS_MAX || threads->n_deaf == THREADS_MAX)
			return -EMFILE;
		rc = thread_run(tid);
		if (rc == -ETIMEDOUT)
			threads->deaf[threads->n_deaf++] = tid;
		else if (rc < 0)
			return rc;
		threads->done[threads->n++] = tid;
		found++;
	}
	return found;
}

int xt_threads_run(struct xt_threads *threads, int (*run)(const void *ctx), const void *ctx)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
	int rc, here;

	current.ctx = ctx;
	atomic_store(&current.run, run);
	atomic_store(&current.rc, 0);
	threads->n = 0;
	if (sem_init(&current.over, 0, 0) < 0)
		return -errno;
	sigfillset(&action.sa_mask);
	rc = sigaction(xt_sandbox_signal(), &action, &before) < 0 ? -errno : 0;
	if (rc == 0) {
		do
			rc = threads_search(threads);
		while (rc > 0);
		rc = rc == 0 && threads->n_deaf ? -ETIMEDOUT : rc;
		/* A late signal must not end the process: the handler stays for it. */
		if (!threads->n_deaf)
			(void)sigaction(xt_sandbox_signal(), &before, NULL);
	}
	atomic_store(&current.run, NULL);
	here = run(ctx);
	if (rc == 0)
		rc = atomic_load(&current.rc);
	return rc < 0 ? rc : here;
}
