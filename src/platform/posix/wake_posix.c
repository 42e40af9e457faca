/* SPDX-License-Identifier: MIT */
/* The wake source as a list of descriptors: the loop waits for each of them, and poll(2) says which
 * are ready. A kqueue in the loop's kqueue is always readable on macOS (libuv issue 883). */
#include "platform/posix/wake_posix.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/bytes.h"

#define WATCHED_MAX 8 /* TUN, and two sockets a port of two ports */

struct xt_wake {
	struct pollfd fds[WATCHED_MAX];
	void *ctx[WATCHED_MAX];
	unsigned n;
	int (*changed)(void *ctx, int fd, unsigned events);
	void *changed_ctx;
};

int xt_wake_new(struct xt_wake **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

void xt_wake_free(struct xt_wake *wake)
{
	free(wake);
}

int xt_wake_fd(const struct xt_wake *wake)
{
	(void)wake;
	return -1;
}

void xt_wake_notify(struct xt_wake *wake, void (*notify)(void *ctx), void *ctx)
{
	(void)wake;
	(void)notify;
	(void)ctx;
}

static unsigned events_of(const struct pollfd *fd)
{
	return (fd->events & POLLIN ? XT_WAKE_READ : 0u) |
	       (fd->events & POLLOUT ? XT_WAKE_WRITE : 0u);
}

bool xt_wake_list(struct xt_wake *wake, int (*changed)(void *ctx, int fd, unsigned events),
		  void *ctx)
{
	wake->changed = changed;
	wake->changed_ctx = ctx;
	for (unsigned i = 0; changed && i < wake->n; i++)
		(void)changed(ctx, wake->fds[i].fd, events_of(&wake->fds[i]));
	return true;
}

int xt_wake_watch_fd(struct xt_wake *wake, int fd, unsigned events, void *ctx)
{
	unsigned i = 0;
	int rc = 0;

	while (i < wake->n && wake->fds[i].fd != fd)
		i++;
	if (i == wake->n && events == 0)
		return 0;
	if (i == WATCHED_MAX)
		return -ENOSPC;
	if (wake->changed && (i == wake->n || events_of(&wake->fds[i]) != events))
		rc = wake->changed(wake->changed_ctx, fd, events);
	if (rc < 0)
		return rc;
	if (events == 0) {
		wake->n--;
		wake->fds[i] = wake->fds[wake->n];
		wake->ctx[i] = wake->ctx[wake->n];
		return 0;
	}
	wake->n = XT_MAX(wake->n, i + 1);
	wake->fds[i] = (struct pollfd){.fd = fd,
				       .events = (short)((events & XT_WAKE_READ ? POLLIN : 0) |
							 (events & XT_WAKE_WRITE ? POLLOUT : 0))};
	wake->ctx[i] = ctx;
	return 0;
}

unsigned xt_wake_poll(struct xt_wake *wake, struct xt_wake_event *events, unsigned max)
{
	unsigned n = 0;

	if (poll(wake->fds, wake->n, 0) <= 0)
		return 0;
	for (unsigned i = 0; i < wake->n && n < max; i++) {
		int bits = wake->fds[i].revents;

		if (bits == 0)
			continue;
		events[n].ctx = wake->ctx[i];
		events[n++].events = (bits & (POLLIN | POLLHUP) ? XT_WAKE_READ : 0u) |
				     (bits & POLLOUT ? XT_WAKE_WRITE : 0u) |
				     (bits & (POLLERR | POLLNVAL) ? XT_WAKE_ERROR : 0u);
	}
	return n;
}
