/* The socket that wg(8) and controllers speak to: UAPI requests, answered by two functions. */
#ifndef XT_IPC_UAPI_UV_H
#define XT_IPC_UAPI_UV_H

#include <uv.h>

#include <xtunnel/change.h>
#include <xtunnel/report.h>

struct xt_uapi;

/* report   *out becomes the socket's. Negative XT_E_* or -errno
 * apply    all or nothing; change is borrowed
 * deleted  NULL, or called once when somebody removed the socket's file
 * listen_fd  above 0: listens already, at path */
struct xt_uapi_options {
	const char *path;
	int listen_fd;
	int (*report)(void *ctx, struct xt_report **out);
	int (*apply)(void *ctx, const struct xt_change *change);
	void (*deleted)(void *ctx);
	void *ctx;
};

/* What xt_server_open returns. */
int xt_uapi_open(struct xt_uapi **out, uv_loop_t *loop, const struct xt_uapi_options *options);
void xt_uapi_close(struct xt_uapi *uapi); /* frees once the loop has run on. NULL is fine */

#endif
