/* SPDX-License-Identifier: MIT */
/* The wake source's two ways into a libuv loop. */
#include "tunnel/wake_uv.h"

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

int xt_wake_uv_start(struct xt_wake_uv *wake_uv, uv_loop_t *uv, struct xt_wake *wake,
		     void (*ready)(struct xt_wake_uv *wake_uv))
{
	int rc, fd = xt_wake_fd(wake);

	wake_uv->ready = ready;
	if (fd < 0) {
		rc = uv_async_init(uv, &wake_uv->handle.async, on_async);
		if (rc == 0)
			xt_wake_notify(wake, on_notify, wake_uv);
		return rc;
	}
	rc = uv_poll_init(uv, &wake_uv->handle.poll, fd);
	return rc < 0 ? rc : uv_poll_start(&wake_uv->handle.poll, UV_READABLE, on_poll);
}
