/* SPDX-License-Identifier: MIT */
/* The wake source's three ways into a libuv loop. */
#include "tunnel/wake_uv.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "platform/wake.h"

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct xt_wake_uv *wake_uv = XT_CONTAINER(handle, struct xt_wake_uv, handle.poll);

	(void)status;
	(void)events;
	wake_uv->ready(wake_uv);
}

static void on_async(uv_async_t *handle)
{
	struct xt_wake_uv *wake_uv = XT_CONTAINER(handle, struct xt_wake_uv, handle.async);

	wake_uv->ready(wake_uv);
}

/* Called from any thread. */
static void on_notify(void *ctx)
{
	struct xt_wake_uv *wake_uv = ctx;

	uv_async_send(&wake_uv->handle.async);
}

/* --- a list of descriptors --- */

struct xt_wake_fd {
	uv_poll_t poll;
	struct xt_wake_uv *wake_uv;
	struct xt_wake_fd *next;
	int fd;
};

static void on_fd(uv_poll_t *handle, int status, int events)
{
	struct xt_wake_fd *fd = XT_CONTAINER(handle, struct xt_wake_fd, poll);

	(void)status;
	(void)events;
	fd->wake_uv->ready(fd->wake_uv);
}

static void on_fd_closed(uv_handle_t *handle)
{
	free(XT_CONTAINER(handle, struct xt_wake_fd, poll));
}

static void fd_close(struct xt_wake_fd **at)
{
	struct xt_wake_fd *fd = *at;

	*at = fd->next;
	uv_close((uv_handle_t *)&fd->poll, on_fd_closed);
}

static int fd_open(struct xt_wake_uv *wake_uv, int number)
{
	struct xt_wake_fd *fd = calloc(1, sizeof(*fd));
	int rc = fd ? uv_poll_init(wake_uv->handle.any.loop, &fd->poll, number) : UV_ENOMEM;

	if (rc < 0) {
		free(fd);
		return rc;
	}
	fd->wake_uv = wake_uv;
	fd->fd = number;
	fd->next = wake_uv->list;
	wake_uv->list = fd;
	return 0;
}

static int on_list(void *ctx, int number, unsigned events)
{
	struct xt_wake_uv *wake_uv = ctx;
	struct xt_wake_fd **at = &wake_uv->list;
	int rc = 0;

	while (*at && (*at)->fd != number)
		at = &(*at)->next;
	if (events == 0) {
		if (*at)
			fd_close(at);
		return 0;
	}
	if (!*at) {
		rc = fd_open(wake_uv, number);
		at = &wake_uv->list;
	}
	if (rc == 0)
		rc = uv_poll_start(&(*at)->poll,
				   (events & XT_WAKE_READ ? UV_READABLE : 0) |
				       (events & XT_WAKE_WRITE ? UV_WRITABLE : 0),
				   on_fd);
	return rc;
}

int xt_wake_uv_start(struct xt_wake_uv *wake_uv, uv_loop_t *uv, struct xt_wake *wake,
		     void (*ready)(struct xt_wake_uv *wake_uv))
{
	int rc, fd = xt_wake_fd(wake);

	wake_uv->ready = ready;
	wake_uv->wake = wake;
	wake_uv->list = NULL;
	if (fd < 0) {
		rc = uv_async_init(uv, &wake_uv->handle.async, on_async);
		if (rc == 0 && !xt_wake_list(wake, on_list, wake_uv))
			xt_wake_notify(wake, on_notify, wake_uv);
		return rc;
	}
	rc = uv_poll_init(uv, &wake_uv->handle.poll, fd);
	return rc < 0 ? rc : uv_poll_start(&wake_uv->handle.poll, UV_READABLE, on_poll);
}

void xt_wake_uv_close(struct xt_wake_uv *wake_uv, uv_close_cb closed)
{
	(void)xt_wake_list(wake_uv->wake, NULL, NULL);
	while (wake_uv->list)
		fd_close(&wake_uv->list);
	uv_close(&wake_uv->handle.any, closed);
}
