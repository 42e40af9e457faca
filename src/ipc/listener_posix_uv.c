/* SPDX-License-Identifier: MIT */
/* A listening Unix socket. */
#include "ipc/listener_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "ipc/socket.h"

#define ACCEPTS 32 /* between two passes */

/* spare  a duplicate of fd: closed for a moment, it leaves room to accept a connection, and close
 *        it, when this process has no descriptor left */
struct xt_listener {
	uv_poll_t poll;
	int fd, spare;
	xt_listener_accepted *accepted;
	void *ctx;
};

/* Without a descriptor for it the connection would stay in the queue and wake the loop for ever. */
static void client_refuse(struct xt_listener *listener)
{
	int fd;

	if (listener->spare < 0)
		return;
	close(listener->spare);
	fd = xt_socket_accept(listener->fd);
	if (fd >= 0)
		close(fd);
	listener->spare = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
}

/* A client may close its side, or the server be closed, between two of them. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct xt_listener *listener = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS && !uv_is_closing((uv_handle_t *)poll); i++) {
		int fd = xt_socket_accept(listener->fd);

		if (fd == -EMFILE || fd == -ENFILE)
			client_refuse(listener);
		if (fd < 0)
			break;
		listener->accepted(listener->ctx, fd);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_listener *listener = handle->data;

	close(listener->fd);
	if (listener->spare >= 0)
		close(listener->spare);
	free(listener);
}

void xt_listener_close(struct xt_listener *listener)
{
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}

int xt_listener_new(struct xt_listener **out, uv_loop_t *loop, int fd,
		    xt_listener_accepted *accepted, void *ctx)
{
	struct xt_listener *listener = calloc(1, sizeof(*listener));
	int err = listener ? uv_poll_init(loop, &listener->poll, fd) : XT_E_NOMEM;

	if (err) {
		close(fd);
		free(listener);
		return err;
	}
	listener->poll.data = listener;
	listener->accepted = accepted;
	listener->ctx = ctx;
	listener->fd = fd;
	listener->spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	err = uv_poll_start(&listener->poll, UV_READABLE, on_readable);
	if (err) {
		xt_listener_close(listener);
		return err;
	}
	*out = listener;
	return 0;
}

void xt_listener_pause(struct xt_listener *listener, bool pause)
{
	if (pause)
		(void)uv_poll_stop(&listener->poll);
	else
		(void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

int xt_listener_fd(const struct xt_listener *listener)
{
	return listener->fd;
}

int xt_pipe_uid(const uv_pipe_t *pipe, uid_t *uid)
{
	uv_os_fd_t fd;
	int err = uv_fileno((const uv_handle_t *)pipe, &fd);

	return err ? err : xt_socket_peer_uid(fd, uid);
}

bool xt_pipe_closed(const uv_pipe_t *pipe)
{
	uv_os_fd_t fd;

	return uv_fileno((const uv_handle_t *)pipe, &fd) == 0 && xt_socket_hung_up(fd);
}
