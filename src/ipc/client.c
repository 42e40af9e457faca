/* SPDX-License-Identifier: MIT */
/* The client of the control socket. */
#include "ipc/client.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/secbuf.h"
#include "ipc/frame.h"
#include "ipc/socket.h"

#define ANSWER_MAX (512u << 20) /* 100,000 peers are 50 MB */

struct xt_client {
	int fd;
	struct xt_secbuf received;
};

int xt_client_open(struct xt_client **out, const char *path)
{
	struct xt_client *c = calloc(1, sizeof(*c));

	if (!c)
		return XT_E_NOMEM;
	c->received.max = ANSWER_MAX;
	c->fd = xt_socket_connect(path);
	if (c->fd < 0) {
		int err = c->fd;

		free(c);
		return err;
	}
	*out = c;
	return 0;
}

void xt_client_close(struct xt_client *c)
{
	if (!c)
		return;
	close(c->fd);
	xt_secbuf_clear(&c->received);
	free(c);
}

int xt_client_fd(const struct xt_client *c)
{
	return c->fd;
}

int xt_client_send(struct xt_client *c, json_t *msg)
{
	char *text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;
	int err = 0;

	json_decref(msg);
	if (!text)
		return XT_E_NOMEM;
	size_t len = strlen(text) + 1, at = 0;
	text[len - 1] = '\n';
	while (at < len && !err) {
		ssize_t n = send(c->fd, text + at, len - at, MSG_NOSIGNAL);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			err = errno == ECONNRESET ? -EPIPE : -errno;
	}
	free(text);
	return err;
}

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for more bytes and append them to received. 1: some came; 0: interrupted, try again. */
static int client_fill(struct xt_client *c, int64_t until)
{
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLIN};
	int64_t left = until < 0 ? -1 : until - clock_ms();

	if (until >= 0 && left < 0)
		left = 0;
	int n = poll(&poll_fd, 1, (int)left);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ETIMEDOUT;
	size_t room;
	int err = xt_secbuf_room(&c->received, &room);
	if (err)
		return err == XT_E_FULL ? XT_E_SYNTAX : err;
	ssize_t got = recv(c->fd, c->received.p + c->received.len, room, 0);
	if (got < 0)
		return errno == EINTR ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
	xt_secbuf_added(&c->received, (size_t)got);
	return got ? 1 : -EPIPE;
}

int xt_client_recv(struct xt_client *c, int timeout_ms, json_t **out)
{
	int64_t until = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
	struct xt_secbuf *in = &c->received;
	size_t scanned = 0, len;

	*out = NULL;
	while (!(len = xt_frame(XT_FRAME_LINE, in->p, in->len, &scanned))) {
		int err = client_fill(c, until);

		if (err < 0)
			return err;
	}
	json_t *answer = json_loadb(in->p, len - 1, 0, NULL);
	xt_secbuf_take(in, len);
	if (json_is_object(answer)) {
		*out = answer;
		return 0;
	}
	json_decref(answer);
	return XT_E_SYNTAX;
}

int xt_client_request(struct xt_client *c, json_t *msg, int timeout_ms, json_t **out)
{
	int err = xt_client_send(c, msg);

	*out = NULL;
	err = err ? err : xt_client_recv(c, timeout_ms, out);
	if (err || !json_object_get(*out, "error"))
		return err;
	json_int_t code = json_integer_value(json_object_get(*out, "code"));
	return code < 0 && code > INT32_MIN ? (int)code : XT_E_INVALID;
}
