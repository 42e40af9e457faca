/* SPDX-License-Identifier: MIT */
/* The client of the configuration protocol. */
#include "ipc/uapi_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "ipc/socket.h"

#define REPLY_MAX ((size_t)1 << 30)

/* "errno=N" and an empty line end a reply. *error: N. */
static bool reply_complete(const struct xt_secbuf *reply, int *error)
{
	static const char head[] = "errno=";
	size_t len = reply->len;

	if (len < 2 || reply->p[len - 1] != '\n' || reply->p[len - 2] != '\n')
		return false;
	const char *newline = xt_text_last(reply->p, '\n', len - 2);
	const char *line = newline ? newline + 1 : reply->p;
	if (strncmp(line, head, strlen(head)) != 0)
		return false;
	*error = atoi(line + strlen(head));
	return true;
}

static int reply_read(int fd, struct xt_secbuf *reply)
{
	size_t room;
	int error;

	for (;;) {
		int rc = xt_secbuf_room(reply, &room);
		if (rc < 0)
			return rc;
		ssize_t n = xt_socket_await(fd, XT_SOCKET_SILENCE_MS);
		if (n == 0)
			return -ETIMEDOUT;
		if (n > 0)
			n = xt_socket_recv(fd, reply->p + reply->len, room);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EPROTO;
		xt_secbuf_added(reply, (size_t)n);
		if (reply_complete(reply, &error))
			return -abs(error);
	}
}

int xt_uapi_client_get(const char *path, struct xt_secbuf *reply)
{
	static const char request[] = "get=1\n\n";
	int fd = xt_socket_connect(path), rc;

	*reply = XT_SECBUF_INIT(REPLY_MAX);
	if (fd < 0)
		return fd;
	rc = (int)xt_socket_send(fd, request, strlen(request));
	if (rc >= 0)
		rc = reply_read(fd, reply);
	xt_socket_close(fd);
	if (rc < 0)
		xt_secbuf_clear(reply);
	return rc;
}
