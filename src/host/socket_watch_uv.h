/* SPDX-License-Identifier: MIT */
/* The file of a listening socket is watched: another process may remove, rename or replace it, or
 * the directory that it is in. */
#ifndef XT_HOST_SOCKET_WATCH_UV_H
#define XT_HOST_SOCKET_WATCH_UV_H

#include <stdbool.h>
#include <uv.h>

struct xt_socket_watch;

/* path     copied; the file that it names now is the socket's
 * removal  report its removal alone, and once: a renamed file still exists elsewhere
 * lost     called when the file is not the socket's any more, and every few seconds after that
 *	    until xt_socket_watch_again; attempt counts from 1. 0: the file is there, but something
 *	    else in its directory has changed. Never from within a call */
struct xt_socket_watch_options {
	const char *path;
	bool removal;
	void (*lost)(void *ctx, unsigned attempt);
	void *ctx;
};

int xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			const struct xt_socket_watch_options *options); /* XT_E_NOMEM */
/* A new socket is at the path. */
void xt_socket_watch_again(struct xt_socket_watch *watch);
/* Remove the file, if it is still the socket's, and watch no more. -ENOENT: it is not; -errno.
 * Freed in a later iteration of the loop. */
int xt_socket_watch_remove(struct xt_socket_watch *watch);
void xt_socket_watch_close(struct xt_socket_watch *watch); /* the same, but leave the file */

/* fd is a listening socket that was made for this path. */
bool xt_socket_listens_at(int fd, const char *path);

#endif
