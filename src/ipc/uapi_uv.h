/* SPDX-License-Identifier: MIT */
/* The socket for wg(8) and controllers: UAPI requests, answered by two callbacks. */
#ifndef XT_IPC_UAPI_UV_H
#define XT_IPC_UAPI_UV_H

#include <uv.h>

#include <xtunnel/change.h>
#include <xtunnel/report.h>

struct xt_uapi;

/* report     the caller frees *out. Negative XT_E_* or -errno
 * apply      all or nothing; change is borrowed
 * deleted    NULL, or called once when another process has removed the socket's file
 * lost       with deleted NULL: NULL, or as of control_uv.h
 * listen_fd  above 0: a descriptor that listens at path already */
struct xt_uapi_options {
	const char *path;
	int listen_fd;
	int (*report)(void *ctx, struct xt_report **out);
	int (*apply)(void *ctx, const struct xt_change *change);
	void (*deleted)(void *ctx);
	void (*lost)(void *ctx, unsigned attempt);
	void *ctx;
};

/* What xt_server_open returns. */
int xt_uapi_open(struct xt_uapi **out, uv_loop_t *loop, const struct xt_uapi_options *options);
/* Serve listen_fd, a new socket at the same path. What xt_server_listen_again returns. */
int xt_uapi_listen_again(struct xt_uapi *uapi, int listen_fd);
void xt_uapi_close(
    struct xt_uapi *uapi); /* freed in a later iteration of the loop; NULL does nothing */

#endif
