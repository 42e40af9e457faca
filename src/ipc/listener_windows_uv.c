/* SPDX-License-Identifier: MIT */
/* A listening named pipe: one instance waits for its client at any time. When it has one, the next
 * instance is made before this one is handed over, so that the name never vanishes. libuv's own
 * listening cannot give a pipe its descriptor. */
#include "ipc/listener_uv.h"

#include <errno.h>
#include <io.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "ipc/socket_windows.h"
#include "platform/windows/system_windows.h"

/* wait     the system's watch of connected.hEvent, which sets connects and wakes the loop
 * pending  a ConnectNamedPipe is open */
struct xt_listener {
	uv_async_t wake;
	uv_timer_t retry; /* a connection that could not be awaited */
	unsigned handles;
	OVERLAPPED connected;
	HANDLE wait;
	atomic_bool connects;
	int fd;
	bool pending, paused, closing;
	xt_listener_accepted *accepted;
	void *ctx;
};

#define RETRY_MS 100

static void client_await(struct xt_listener *listener);

static void CALLBACK on_connected(void *ctx, BOOLEAN timeout)
{
	struct xt_listener *listener = ctx;

	(void)timeout;
	atomic_store(&listener->connects, true);
	uv_async_send(&listener->wake);
}

static void on_retry(uv_timer_t *timer)
{
	client_await(timer->data);
}

static HANDLE listener_pipe(const struct xt_listener *listener)
{
	return (HANDLE)_get_osfhandle(listener->fd);
}

static void client_await(struct xt_listener *listener)
{
	ResetEvent(listener->connected.hEvent);
	listener->pending = true;
	if (ConnectNamedPipe(listener_pipe(listener), &listener->connected))
		return; /* the event is set */
	switch (GetLastError()) {
	case ERROR_IO_PENDING:
		break;
	case ERROR_PIPE_CONNECTED:
		SetEvent(listener->connected.hEvent);
		break;
	case ERROR_NO_DATA: /* its client has gone again */
		DisconnectNamedPipe(listener_pipe(listener));
		/* fall through */
	default:
		listener->pending = false;
		uv_timer_start(&listener->retry, on_retry, RETRY_MS, 0);
	}
}

/* The client's instance; the listener has the next one. -1: none could be made. */
static int client_take(struct xt_listener *listener)
{
	int fd = listener->fd, next = xt_pipe_again(fd);

	if (next < 0) {
		DisconnectNamedPipe(listener_pipe(listener));
		return -1;
	}
	listener->fd = next;
	return fd;
}

static void on_wake(uv_async_t *wake)
{
	struct xt_listener *listener = wake->data;
	int fd;

	if (listener->closing || listener->paused || !listener->pending ||
	    !atomic_exchange(&listener->connects, false))
		return;
	listener->pending = false;
	fd = client_take(listener);
	client_await(listener);
	if (fd >= 0)
		listener->accepted(listener->ctx, fd);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_listener *listener = handle->data;

	if (--listener->handles)
		return;
	if (listener->pending)
		CancelIoEx(listener_pipe(listener), &listener->connected);
	_close(listener->fd);
	CloseHandle(listener->connected.hEvent);
	free(listener);
}

void xt_listener_close(struct xt_listener *listener)
{
	listener->closing = true;
	if (listener->wait)
		(void)UnregisterWaitEx(listener->wait, INVALID_HANDLE_VALUE);
	uv_close((uv_handle_t *)&listener->wake, on_closed);
	uv_close((uv_handle_t *)&listener->retry, on_closed);
}

static int listener_start(struct xt_listener *listener)
{
	if (!RegisterWaitForSingleObject(&listener->wait, listener->connected.hEvent, on_connected,
					 listener, INFINITE, WT_EXECUTEINWAITTHREAD))
		return xt_win_last();
	client_await(listener);
	return 0;
}

int xt_listener_new(struct xt_listener **out, uv_loop_t *loop, int fd,
		    xt_listener_accepted *accepted, void *ctx)
{
	struct xt_listener *listener = calloc(1, sizeof(*listener));
	HANDLE event = listener ? CreateEventW(NULL, FALSE, FALSE, NULL) : NULL;
	int err = event ? uv_async_init(loop, &listener->wake, on_wake) : XT_E_NOMEM;

	if (err) {
		if (event)
			CloseHandle(event);
		_close(fd);
		free(listener);
		return err;
	}
	uv_timer_init(loop, &listener->retry);
	listener->wake.data = listener->retry.data = listener;
	listener->handles = 2;
	listener->connected.hEvent = event;
	listener->accepted = accepted;
	listener->ctx = ctx;
	listener->fd = fd;
	err = listener_start(listener);
	if (err) {
		xt_listener_close(listener);
		return err;
	}
	*out = listener;
	return 0;
}

void xt_listener_pause(struct xt_listener *listener, bool pause)
{
	listener->paused = pause;
	if (!pause)
		uv_async_send(&listener->wake);
}

int xt_listener_fd(const struct xt_listener *listener)
{
	return listener->fd;
}

/* --- a connection --- */

static bool token_is_administrator(HANDLE token)
{
	BYTE sid[SECURITY_MAX_SID_SIZE];
	DWORD len = sizeof(sid);
	BOOL member = FALSE;

	return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &len) &&
	       CheckTokenMembership(token, sid, &member) && member;
}

/* 0: an administrator or the system; another number: an observer. The client has let this process
 * see who it is, not act as it. */
int xt_pipe_uid(const uv_pipe_t *pipe, uid_t *uid)
{
	uv_os_fd_t handle;
	HANDLE token = NULL;
	int err = uv_fileno((const uv_handle_t *)pipe, &handle);

	if (err)
		return err;
	if (!ImpersonateNamedPipeClient(handle))
		return xt_win_last();
	if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
		err = xt_win_last();
	if (!RevertToSelf())
		abort(); /* this thread would go on with the rights of a client */
	if (err)
		return err;
	*uid = token_is_administrator(token) ? 0 : (uid_t)-2;
	CloseHandle(token);
	return 0;
}

bool xt_pipe_closed(const uv_pipe_t *pipe)
{
	(void)pipe; /* both halves of a pipe close together */
	return true;
}
