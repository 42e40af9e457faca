/* SPDX-License-Identifier: MIT */
/* The client of the configuration protocol. */
#include "ipc/uapi_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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
		ssize_t n = recv(fd, reply->p + reply->len, room, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
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
	struct timeval timeout = {XT_SOCKET_SILENCE_MS / 1000, 0};
	int fd = xt_socket_connect(path), rc;

	*reply = XT_SECBUF_INIT(REPLY_MAX);
	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	rc = send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ? -errno : reply_read(fd, reply);
	close(fd);
	if (rc < 0)
		xt_secbuf_clear(reply);
	return rc;
}
