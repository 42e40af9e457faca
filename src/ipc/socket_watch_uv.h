/* SPDX-License-Identifier: MIT */
/* The file of a server's socket is watched: another process may remove, rename or replace it, or
 * the directory that it is in. */
#ifndef XT_IPC_SOCKET_WATCH_UV_H
#define XT_IPC_SOCKET_WATCH_UV_H

#include "ipc/server_uv.h"

struct xt_socket_watch;

/* lost  called when the file is not the server's any more, and every few seconds after that until
 *	 xt_socket_watch_again; attempt counts from 1. 0: the file is there, but something else in
 *	 its directory has changed. Never from within a call */
int xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			const struct xt_server *server, const char *path,
			void (*lost)(void *ctx, unsigned attempt), void *ctx); /* XT_E_NOMEM */
/* The server listens at a new socket. */
void xt_socket_watch_again(struct xt_socket_watch *watch);
/* Before the server closes. Freed in a later iteration of the loop. NULL does nothing. */
void xt_socket_watch_close(struct xt_socket_watch *watch);

#endif
