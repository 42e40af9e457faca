/* SPDX-License-Identifier: MIT */
/* A wake source in a libuv loop: polled where it has a descriptor, or a list
 * of them, signalled where it has none. */
#ifndef XT_TUNNEL_WAKE_UV_H
#define XT_TUNNEL_WAKE_UV_H

#include <uv.h>

struct xt_wake;

/* any.data is the caller's.
 * list  of the descriptors that the source asks the loop to wait for */
struct xt_wake_uv {
	union {
		uv_handle_t any;
		uv_poll_t poll;
		uv_async_t async;
	} handle;
	void (*ready)(struct xt_wake_uv *wake_uv);
	struct xt_wake *wake;
	struct xt_wake_fd *list;
};

/* ready is called on the loop while a device that wake watches is ready: call xt_wake_poll there.
 * 0, then the caller calls close before it frees wake; or a libuv error: nothing to close. */
int xt_wake_uv_start(struct xt_wake_uv *wake_uv, uv_loop_t *uv, struct xt_wake *wake,
		     void (*ready)(struct xt_wake_uv *wake_uv));
/* closed is called with handle.any when that has closed. */
void xt_wake_uv_close(struct xt_wake_uv *wake_uv, uv_close_cb closed);

#endif
