/* SPDX-License-Identifier: MIT */
/* Text to standard error by a thread of its own.
 *
 * A pipe whose reader stops, or a terminal stopped by Ctrl-S, blocks write(2). O_NONBLOCK would be
 * set on the open file description, which the shell and other programs of the terminal share.
 * poll(2) before each write is not enough, because another writer of the pipe may fill it in
 * between, and RWF_NOWAIT is not implemented for terminals. So one thread may block, and nothing
 * waits for it. It writes to a duplicate, which outlives a replaced descriptor 2. */
#include "host/stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "platform/condition.h"
#include "platform/sandbox.h"

#define CHUNK	     4096u
#define NOTE_MAX     128u
#define EXIT_WAIT_MS 500u

enum mode { DIRECT, THREADED, CLOSING, CLOSED };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	enum mode mode;
	bool writing; /* the thread holds bytes that it took out of the ring */
	int fd;
	size_t at, n; /* ring: first byte, bytes */
	unsigned long lost, lost_total;
	void (*idle)(void);
	char ring[XT_STDERR_BUFFER];
} out = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

static void ring_put(const char *text, size_t len)
{
	size_t end = (out.at + out.n) % sizeof(out.ring);
	size_t first = sizeof(out.ring) - end < len ? sizeof(out.ring) - end : len;

	memcpy(out.ring + end, text, first);
	memcpy(out.ring, text + first, len - first);
	out.n += len;
}

static size_t ring_take(char *buf, size_t cap)
{
	size_t n = out.n < cap ? out.n : cap;
	size_t first = sizeof(out.ring) - out.at < n ? sizeof(out.ring) - out.at : n;

	memcpy(buf, out.ring + out.at, first);
	memcpy(buf + first, out.ring, n - first);
	out.at = (out.at + n) % sizeof(out.ring);
	out.n -= n;
	return n;
}

/* The line that stands where lines were dropped. */
static void note_put(void)
{
	char note[NOTE_MAX];
	int n = snprintf(note, sizeof(note),
			 "xtunnel: warning: %lu line%s lost: standard error was not read in time\n",
			 out.lost, out.lost == 1 ? " was" : "s were");

	out.lost = 0;
	ring_put(note, (size_t)n);
}

static unsigned long lines_count(const char *text, size_t len)
{
	unsigned long n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n ? n : 1;
}

static void queue_put(const char *text, size_t len)
{
	size_t need = len + (out.lost ? NOTE_MAX : 0);

	if (need > sizeof(out.ring) - out.n) {
		unsigned long lines = lines_count(text, len);

		out.lost += lines;
		out.lost_total += lines;
		return;
	}
	if (out.lost)
		note_put();
	ring_put(text, len);
	pthread_cond_signal(&out.filled);
}

static void stderr_put(const char *text, size_t len)
{
	int saved = errno;

	pthread_mutex_lock(&out.lock);
	if (out.mode == THREADED)
		queue_put(text, len);
	pthread_mutex_unlock(&out.lock);
	errno = saved;
}

/* A failed write drops its bytes: there is no other place to report it. */
static void chunk_write(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

			(void)poll(&poll_fd, 1, 1000);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void *writer_run(void *arg)
{
	char chunk[CHUNK];

	(void)arg;
	pthread_mutex_lock(&out.lock);
	for (;;) {
		if (!out.n && out.lost)
			note_put();
		if (!out.n) {
			if (out.mode == CLOSING) {
				close(out.fd);
				out.mode = CLOSED;
			}
			pthread_cond_broadcast(&out.emptied);
			if (out.idle)
				out.idle();
			pthread_cond_wait(&out.filled, &out.lock);
			continue;
		}
		size_t n = ring_take(chunk, sizeof(chunk));
		int fd = out.fd;

		out.writing = true;
		pthread_mutex_unlock(&out.lock);
		chunk_write(fd, chunk, n);
		pthread_mutex_lock(&out.lock);
		out.writing = false;
	}
	return NULL;
}

static void on_exit_flush(void)
{
	xt_stderr_flush(EXIT_WAIT_MS);
}

int xt_stderr_start(void)
{
	pthread_t thread;
	sigset_t all, old;
	int rc;

	if (out.mode != DIRECT)
		return 0;
	out.fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (out.fd < 0)
		return -errno;
	(void)xt_condition_init(&out.emptied);
	sigfillset(&all); /* signals are the loop's; a closed pipe is an error here */
	sigdelset(&all, xt_sandbox_signal());
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&out.lock); /* the thread reads the mode */
	rc = pthread_create(&thread, NULL, writer_run, NULL);
	if (rc)
		close(out.fd);
	else
		out.mode = THREADED;
	pthread_mutex_unlock(&out.lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return -rc;
	pthread_detach(thread);
	xt_output_set(stderr_put);
	(void)atexit(on_exit_flush);
	return 0;
}

static bool queue_is_idle(void)
{
	return out.mode == DIRECT || out.mode == CLOSED ||
	       (!out.n && !out.writing && !out.lost && out.mode != CLOSING);
}

bool xt_stderr_idle(void)
{
	pthread_mutex_lock(&out.lock);
	bool idle = queue_is_idle();
	pthread_mutex_unlock(&out.lock);
	return idle;
}

void xt_stderr_flush(unsigned ms)
{
	uint64_t until = xt_condition_time(ms);

	pthread_mutex_lock(&out.lock);
	while (!queue_is_idle() && xt_condition_wait(&out.emptied, &out.lock, until) == 0)
		;
	pthread_mutex_unlock(&out.lock);
}

void xt_stderr_close(void)
{
	pthread_mutex_lock(&out.lock);
	if (out.mode == THREADED) {
		out.mode = CLOSING;
		pthread_cond_signal(&out.filled);
	}
	pthread_mutex_unlock(&out.lock);
}

void xt_stderr_on_idle(void (*idle)(void))
{
	out.idle = idle;
}

unsigned long xt_stderr_lost(void)
{
	pthread_mutex_lock(&out.lock);
	unsigned long lost = out.lost_total;
	pthread_mutex_unlock(&out.lock);
	return lost;
}
