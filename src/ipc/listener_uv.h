/* SPDX-License-Identifier: MIT */
/* The listening end of a server, on a uv loop, and what the system knows of a connection: a Unix
 * socket (listener_posix_uv.c) or a named pipe (listener_windows_uv.c). Without clients it causes
 * no wake-ups. */
#ifndef XT_IPC_LISTENER_UV_H
#define XT_IPC_LISTENER_UV_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

struct xt_listener;

/* fd: for uv_pipe_open, the receiver's. It may close the listener. */
typedef void xt_listener_accepted(void *ctx, int fd);

/* Takes fd, of xt_socket_listen or xt_socket_adopt, also when it fails. XT_E_NOMEM, -errno. */
int xt_listener_new(struct xt_listener **out, uv_loop_t *loop, int fd,
		    xt_listener_accepted *accepted, void *ctx);
/* Frees itself in a later iteration of the loop. */
void xt_listener_close(struct xt_listener *listener);
/* Leave new connections in the queue. */
void xt_listener_pause(struct xt_listener *listener, bool pause);
int xt_listener_fd(const struct xt_listener *listener); /* stays the listener's */

/* Of a connection. uid: of the client; 0 or -errno. closed: after the end of its bytes: it has not
 * only closed its sending side, but waits for no answer any more. */
int xt_pipe_uid(const uv_pipe_t *pipe, uid_t *uid);
bool xt_pipe_closed(const uv_pipe_t *pipe);

#endif
