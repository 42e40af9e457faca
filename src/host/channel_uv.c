/* SPDX-License-Identifier: MIT */
/* The channel: a queue of messages to send, and the one that is being received.
 *
 * A packet never is empty, because an empty one reads like the end of the socket. Descriptors come
 * with the first packet of a message. */
#include "host/channel_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "base/secbuf.h"
#include "base/text.h"
#include "host/descriptors.h"
#include "platform/fd.h"

/* offset: of this packet's bytes in the message of len bytes. Host order: one machine. */
struct header {
	uint32_t kind, serial, len, offset;
};

#define PACKET_MAX (sizeof(struct header) + XT_CHANNEL_PACKET)

/* A message that waits: data (wiped after it) follows. */
struct unsent {
	struct unsent *prev, *next;
	struct header header;
	int fds[XT_CHANNEL_FDS];
	size_t n_fds;
	uint8_t data[];
};

/* head     of the message that is being received
 * closed   by the caller
 * ended    no more is read or sent */
struct xt_channel {
	uv_poll_t poll;
	int fd;
	struct xt_channel_options options;
	struct unsent *queue;
	size_t queued;
	struct header head;
	struct xt_secbuf data;
	int fds[XT_CHANNEL_FDS];
	size_t n_fds;
	bool receiving, lost, ended, closed;
	uint8_t packet[PACKET_MAX];
};

static void on_poll(uv_poll_t *poll, int status, int events);

int xt_channel_pair(int fd[2])
{
	return xt_fd_socketpair(SOCK_SEQPACKET, true, fd) < 0 ? -errno : 0;
}

static void descriptors_close(int *fds, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*n = 0;
}

static void wipe(void *p, size_t len)
{
	xt_wipe(p, len);
}

static void unsent_free(struct xt_channel *channel, struct unsent *message)
{
	DL_DELETE(channel->queue, message);
	channel->queued -= message->header.len - message->header.offset;
	descriptors_close(message->fds, &message->n_fds);
	wipe(message->data, message->header.len);
	free(message);
}

static void receive_reset(struct xt_channel *channel)
{
	descriptors_close(channel->fds, &channel->n_fds);
	xt_secbuf_clear(&channel->data);
	channel->receiving = channel->lost = false;
}

static void poll_update(struct xt_channel *channel)
{
	if (!channel->ended && !channel->closed)
		uv_poll_start(&channel->poll, UV_READABLE | (channel->queue ? UV_WRITABLE : 0),
			      on_poll);
}

static void channel_end(struct xt_channel *channel, int error)
{
	if (channel->ended || channel->closed)
		return;
	channel->ended = true;
	uv_poll_stop(&channel->poll);
	receive_reset(channel);
	while (channel->queue)
		unsent_free(channel, channel->queue);
	channel->options.ended(channel->options.ctx, error);
}

/* --- send --- */

/* The next packet of message. 1: sent; 0: the socket is full; -errno. */
static int packet_send(struct xt_channel *channel, struct unsent *message)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(XT_CHANNEL_FDS * sizeof(int))];
	} control;
	struct header *header = &message->header;
	size_t len = header->len - header->offset;
	struct iovec vecs[2] = {{header, sizeof(*header)}, {message->data + header->offset, 0}};
	struct msghdr msg = {.msg_iov = vecs, .msg_iovlen = 2};
	ssize_t sent;

	if (len > XT_CHANNEL_PACKET)
		len = XT_CHANNEL_PACKET;
	vecs[1].iov_len = len;
	if (message->n_fds > 0)
		xt_descriptors_attach(&msg, &control, sizeof(control), message->fds,
				      message->n_fds);
	do
		sent = sendmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
			       errno == ENOMEM
			   ? 0
			   : -errno;
	descriptors_close(message->fds, &message->n_fds);
	header->offset += (uint32_t)len;
	channel->queued -= len;
	return 1;
}

/* A send error is not an end: the other process may have sent its last messages before. */
static void queue_send(struct xt_channel *channel)
{
	while (channel->queue) {
		struct unsent *message = channel->queue;
		int rc = packet_send(channel, message);

		if (rc == 0)
			break;
		if (rc < 0 || message->header.offset == message->header.len)
			unsent_free(channel, message);
	}
}

int xt_channel_send(struct xt_channel *channel, uint32_t kind, uint32_t serial, const void *data,
		    size_t len, const int *fds, size_t n_fds)
{
	struct unsent *message;

	if (channel->ended || channel->closed)
		return 0;
	if (len > UINT32_MAX || n_fds > XT_CHANNEL_FDS)
		return XT_E_INVALID;
	message = malloc(sizeof(*message) + len);
	if (!message)
		return XT_E_NOMEM;
	message->header = (struct header){kind, serial, (uint32_t)len, 0};
	message->n_fds = 0;
	for (size_t i = 0; i < n_fds; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		if (copy < 0) {
			descriptors_close(message->fds, &message->n_fds);
			free(message);
			return -EMFILE;
		}
		message->fds[message->n_fds++] = copy;
	}
	if (len > 0)
		memcpy(message->data, data, len);
	channel->queued += len;
	DL_APPEND(channel->queue, message);
	queue_send(channel);
	poll_update(channel);
	return 0;
}

size_t xt_channel_unsent(const struct xt_channel *channel)
{
	return channel->queued;
}

void xt_channel_flush(struct xt_channel *channel, int ms)
{
	struct pollfd fd = {.fd = channel->fd, .events = POLLOUT};
	uint64_t until = uv_hrtime() + (uint64_t)ms * 1000000;

	queue_send(channel);
	while (channel->queue && !channel->ended && uv_hrtime() < until && poll(&fd, 1, ms) > 0 &&
	       !(fd.revents & (POLLERR | POLLHUP)))
		queue_send(channel);
}

/* --- receive --- */

/* Descriptors of one packet; false: more than a message may have, or others are on it. */
static bool fds_take(struct xt_channel *channel, struct msghdr *msg)
{
	return xt_descriptors_take(msg, channel->fds, &channel->n_fds,
				   channel->receiving ? channel->n_fds : XT_CHANNEL_FDS);
}

/* 1: a packet of n bytes; 0: nothing to read, or the end; -errno. */
static int packet_receive(struct xt_channel *channel, size_t *n, bool *end)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(XT_CHANNEL_FDS * sizeof(int))];
	} control;
	struct iovec vec = {channel->packet, sizeof(channel->packet)};
	struct msghdr msg = {.msg_iov = &vec,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t got;

	do
		got = xt_fd_recvmsg(channel->fd, &msg, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != EAGAIN && errno != ECONNRESET)
		return -errno;
	*end = got == 0 || (got < 0 && errno == ECONNRESET);
	if (got <= 0)
		return 0;
	*n = (size_t)got;
	channel->lost |= (msg.msg_flags & MSG_CTRUNC) != 0;
	return fds_take(channel, &msg) && !(msg.msg_flags & MSG_TRUNC) ? 1 : XT_E_INVALID;
}

/* The packet continues the message, or begins one. */
static bool header_judge(const struct xt_channel *channel, const struct header *header, size_t len)
{
	size_t left = header->len - header->offset;

	if (header->offset > header->len || header->len > channel->options.max_len ||
	    len != (left > XT_CHANNEL_PACKET ? XT_CHANNEL_PACKET : left))
		return false;
	if (!channel->receiving)
		return header->offset == 0;
	return header->kind == channel->head.kind && header->serial == channel->head.serial &&
	       header->len == channel->head.len && header->offset == channel->data.len && len > 0;
}

static void message_deliver(struct xt_channel *channel)
{
	struct xt_channel_message message = {.kind = channel->head.kind,
					     .serial = channel->head.serial,
					     .data = (const uint8_t *)channel->data.p,
					     .len = channel->data.len,
					     .fds = channel->fds,
					     .n_fds = channel->n_fds,
					     .lost = channel->lost};

	channel->options.message(channel->options.ctx, &message);
	receive_reset(channel);
}

static int packet_take(struct xt_channel *channel, size_t n)
{
	struct header header;
	size_t len;
	int rc;

	if (n < sizeof(header))
		return XT_E_INVALID;
	memcpy(&header, channel->packet, sizeof(header));
	len = n - sizeof(header);
	if (!header_judge(channel, &header, len))
		return XT_E_INVALID;
	channel->head = header;
	channel->receiving = true;
	channel->data.max = channel->options.max_len + 1;
	rc = xt_secbuf_append(&channel->data, channel->packet + sizeof(header), len);
	wipe(channel->packet + sizeof(header), len);
	if (rc == 0 && channel->data.len == header.len)
		message_deliver(channel);
	return rc;
}

#define PACKETS_AT_ONCE 64 /* other events of the loop come between */

/* 1: there may be more; 0: nothing is left, or *end; -errno, XT_E_*. */
static int packet_read(struct xt_channel *channel, bool *end)
{
	size_t n = 0;
	int rc = packet_receive(channel, &n, end);

	if (rc > 0 && (rc = packet_take(channel, n)) == 0)
		rc = 1;
	return rc;
}

static void channel_read(struct xt_channel *channel)
{
	bool end = false;
	int rc = 1;

	for (int i = 0; i < PACKETS_AT_ONCE && rc > 0 && !channel->ended && !channel->closed; i++)
		rc = packet_read(channel, &end);
	if (rc < 0)
		channel_end(channel, rc);
	else if (end)
		channel_end(channel, channel->receiving ? XT_E_INVALID : 0);
}

void xt_channel_drain(struct xt_channel *channel)
{
	bool end = false;
	int rc = 1;

	while (channel && rc > 0 && !channel->ended && !channel->closed)
		rc = packet_read(channel, &end);
	if (channel)
		channel_end(channel, rc < 0 ? rc : channel->receiving ? XT_E_INVALID : 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct xt_channel *channel = poll->data;

	if (status == 0 && (events & UV_WRITABLE)) {
		queue_send(channel);
		poll_update(channel);
	}
	if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)))
		channel_read(channel);
}

/* --- open and close --- */

int xt_channel_open(struct xt_channel **out, uv_loop_t *loop, int fd,
		    const struct xt_channel_options *options)
{
	struct xt_channel *channel = calloc(1, sizeof(*channel));
	int rc = channel ? uv_poll_init(loop, &channel->poll, fd) : XT_E_NOMEM;

	if (rc < 0) {
		close(fd);
		free(channel);
		return rc;
	}
	channel->poll.data = channel;
	channel->fd = fd;
	channel->options = *options;
	channel->data = (struct xt_secbuf)XT_SECBUF_INIT(options->max_len + 1);
	poll_update(channel);
	*out = channel;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_channel *channel = handle->data;

	receive_reset(channel);
	close(channel->fd);
	free(channel);
}

void xt_channel_close(struct xt_channel *channel)
{
	if (!channel || channel->closed)
		return;
	channel->closed = true;
	while (channel->queue)
		unsent_free(channel, channel->queue);
	uv_poll_stop(&channel->poll);
	uv_close((uv_handle_t *)&channel->poll, on_closed);
}
