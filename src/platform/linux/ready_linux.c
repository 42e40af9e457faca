/* An epoll that others sleep on: what it forwards to them is no synchronous wake-up. */
#include "platform/ready.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"

#define TAKEN_MAX 8

struct xt_ready {
	int fd;
};

int xt_ready_new(struct xt_ready **out)
{
	struct xt_ready *ready = malloc(sizeof(*ready));

	if (!ready)
		return XT_E_NOMEM;
	ready->fd = epoll_create1(EPOLL_CLOEXEC);
	if (ready->fd < 0) {
		int rc = -errno;

		free(ready);
		return rc;
	}
	*out = ready;
	return 0;
}

void xt_ready_free(struct xt_ready *ready)
{
	if (!ready)
		return;
	close(ready->fd);
	free(ready);
}

int xt_ready_fd(const struct xt_ready *ready)
{
	return ready->fd;
}

int xt_ready_want(struct xt_ready *ready, int fd, unsigned what, void *ctx)
{
	struct epoll_event event = {.events = (what & XT_READABLE ? EPOLLIN : 0u) |
					      (what & XT_WRITABLE ? EPOLLOUT : 0u),
				    .data.ptr = ctx};

	if (what == 0) /* with no event wanted errors would be reported still */
		return epoll_ctl(ready->fd, EPOLL_CTL_DEL, fd, NULL) < 0 && errno != ENOENT ? -errno
											    : 0;
	if (epoll_ctl(ready->fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(ready->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

unsigned xt_ready_take(struct xt_ready *ready, struct xt_ready_event *events, unsigned max)
{
	struct epoll_event taken[TAKEN_MAX];
	int n = epoll_wait(ready->fd, taken, (int)XT_MIN(max, TAKEN_MAX), 0);

	for (int i = 0; i < n; i++) {
		uint32_t is = taken[i].events;

		events[i].ctx = taken[i].data.ptr;
		events[i].what = (is & (EPOLLIN | EPOLLHUP) ? XT_READABLE : 0u) |
				 (is & EPOLLOUT ? XT_WRITABLE : 0u) |
				 (is & EPOLLERR ? XT_TROUBLE : 0u);
	}
	return n < 0 ? 0 : (unsigned)n;
}
