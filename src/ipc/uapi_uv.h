/* SPDX-License-Identifier: MIT */
/* The socket for wg(8) and controllers: UAPI requests, answered by two callbacks. */
#ifndef XT_IPC_UAPI_UV_H
#define XT_IPC_UAPI_UV_H

#include <uv.h>

#include <xtunnel/change.h>
#include <xtunnel/report.h>

struct xt_uapi;

/* done: called once, perhaps before report or apply returns. report is the receiver's; error:
 * XT_E_* or -errno. */
typedef void xt_uapi_reported(void *ctx, int error, struct xt_report *report);
typedef void xt_uapi_applied(void *ctx, int error);

/* report     make a report
 * apply      all or nothing; change is borrowed until done
 * path, listen_fd, remove  see server_uv.h; remove may be NULL */
struct xt_uapi_options {
	const char *path;
	int listen_fd;
	void (*report)(void *ctx, xt_uapi_reported *done, void *done_ctx);
	void (*apply)(void *ctx, const struct xt_change *change, xt_uapi_applied *done,
		      void *done_ctx);
	void (*remove)(void *ctx);
	void *ctx;
};

/* What xt_server_open returns. */
int xt_uapi_open(struct xt_uapi **out, uv_loop_t *loop, const struct xt_uapi_options *options);
/* Serve listen_fd, a new socket. What xt_server_listen_again returns. */
int xt_uapi_listen_again(struct xt_uapi *uapi, int listen_fd);
/* As xt_server_pause and xt_server_listen_fd. */
void xt_uapi_pause(struct xt_uapi *uapi, bool pause);
int xt_uapi_listen_fd(const struct xt_uapi *uapi);
void xt_uapi_close(struct xt_uapi *uapi); /* NULL does nothing */

#endif
