/* SPDX-License-Identifier: MIT */
/* The wake source of Linux: an epoll that the loop's own epoll watches. */
#include "platform/linux/wake_linux.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"

#define POLL_MAX 8

struct xt_wake {
	int epoll;
};

int xt_wake_new(struct xt_wake **out)
{
	struct xt_wake *wake = malloc(sizeof(*wake));

	if (!wake)
		return XT_E_NOMEM;
	wake->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (wake->epoll < 0) {
		int rc = -errno;

		free(wake);
		return rc;
	}
	*out = wake;
	return 0;
}

void xt_wake_free(struct xt_wake *wake)
{
	if (!wake)
		return;
	close(wake->epoll);
	free(wake);
}

int xt_wake_fd(const struct xt_wake *wake)
{
	return wake->epoll;
}

bool xt_wake_list(struct xt_wake *wake, int (*changed)(void *ctx, int fd, unsigned events),
		  void *ctx)
{
	(void)wake;
	(void)changed;
	(void)ctx;
	return false;
}

void xt_wake_notify(struct xt_wake *wake, void (*notify)(void *ctx), void *ctx)
{
	(void)wake;
	(void)notify;
	(void)ctx;
}

int xt_wake_watch_fd(struct xt_wake *wake, int fd, unsigned events, void *ctx)
{
	struct epoll_event event = {.events = (events & XT_WAKE_READ ? EPOLLIN : 0u) |
					      (events & XT_WAKE_WRITE ? EPOLLOUT : 0u),
				    .data.ptr = ctx};

	/* Deleted, not modified: epoll reports errors of a descriptor even with no event set. */
	if (events == 0)
		return epoll_ctl(wake->epoll, EPOLL_CTL_DEL, fd, NULL) < 0 && errno != ENOENT
			   ? -errno
			   : 0;
	if (epoll_ctl(wake->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(wake->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

unsigned xt_wake_poll(struct xt_wake *wake, struct xt_wake_event *events, unsigned max)
{
	struct epoll_event ready[POLL_MAX];
	int n = epoll_wait(wake->epoll, ready, (int)XT_MIN(max, POLL_MAX), 0);

	for (int i = 0; i < n; i++) {
		uint32_t bits = ready[i].events;

		events[i].ctx = ready[i].data.ptr;
		events[i].events = (bits & (EPOLLIN | EPOLLHUP) ? XT_WAKE_READ : 0u) |
				   (bits & EPOLLOUT ? XT_WAKE_WRITE : 0u) |
				   (bits & EPOLLERR ? XT_WAKE_ERROR : 0u);
	}
	return n < 0 ? 0 : (unsigned)n;
}
