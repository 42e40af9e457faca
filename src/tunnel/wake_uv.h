/* SPDX-License-Identifier: MIT */
/* A wake source in a libuv loop: polled where it has a descriptor, signalled where it has none. */
#ifndef XT_TUNNEL_WAKE_UV_H
#define XT_TUNNEL_WAKE_UV_H

#include <uv.h>

struct xt_wake;

/* any.data is the caller's. */
struct xt_wake_uv {
	union {
		uv_handle_t any;
		uv_poll_t poll;
		uv_async_t async;
	} handle;
	void (*ready)(struct xt_wake_uv *wake_uv);
};

/* ready is called on the loop while a device that wake watches is ready: call xt_wake_poll there.
 * 0, then the caller closes handle.any before it frees wake; or a libuv error: nothing to close. */
int xt_wake_uv_start(struct xt_wake_uv *wake_uv, uv_loop_t *uv, struct xt_wake *wake,
		     void (*ready)(struct xt_wake_uv *wake_uv));

#endif
