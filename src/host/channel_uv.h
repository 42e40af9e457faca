/* SPDX-License-Identifier: MIT */
/* Messages with descriptors between two processes of an instance, over a SOCK_SEQPACKET pair.
 *
 * A message is cut into packets of at most XT_CHANNEL_PACKET bytes, each with a header. The other
 * process may be hostile: what is not exactly such a packet, in order, ends the channel. Nothing
 * here waits: what the socket does not take at once is kept until it does. */
#ifndef XT_HOST_CHANNEL_UV_H
#define XT_HOST_CHANNEL_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define XT_CHANNEL_PACKET (64u << 10) /* bytes of a message that one packet carries */
#define XT_CHANNEL_FDS	  4	      /* descriptors of a message, at most */

struct xt_channel;

/* serial  pairs an answer with its question
 * data    valid for the call, wiped after it; NULL when len is 0
 * lost    descriptors of it could not be received: this process has as many as it may have
 * fds     the receiver's: it sets those that it keeps to -1, the others are closed after the
 *         call */
struct xt_channel_message {
	uint32_t kind, serial;
	const uint8_t *data;
	size_t len;
	int *fds;
	size_t n_fds;
	bool lost;
};

/* message  one message; may close the channel
 * ended    once, and nothing follows. 0: the other process closed its end; XT_E_INVALID: it sent
 *          what is no message; XT_E_NOMEM, -errno
 * max_len  bytes of a message that are accepted */
struct xt_channel_options {
	void *ctx;
	void (*message)(void *ctx, struct xt_channel_message *message);
	void (*ended)(void *ctx, int error);
	size_t max_len;
};

/* A pair of connected descriptors, close-on-exec and non-blocking. 0 or -errno. */
int xt_channel_pair(int fd[2]);

/* Takes fd, also when it fails. XT_E_NOMEM, -errno. */
int xt_channel_open(struct xt_channel **out, uv_loop_t *loop, int fd,
		    const struct xt_channel_options *options);
/* data and fds are copied; fds stay the caller's. XT_E_NOMEM, -EMFILE: the message was not sent.
 * On a channel that has ended it goes nowhere, and 0 is returned. */
int xt_channel_send(struct xt_channel *channel, uint32_t kind, uint32_t serial, const void *data,
		    size_t len, const int *fds, size_t n_fds);
/* Bytes that the other process has not taken yet. */
size_t xt_channel_unsent(const struct xt_channel *channel);
/* Wait until all is sent, for ms at most; at the end of a process. */
void xt_channel_flush(struct xt_channel *channel, int ms);
/* The other process has ended: read all that it sent, then end, without waiting for the end of the
 * socket: a copy of its descriptor may be open elsewhere, even in a message to this process. NULL
 * is fine. */
void xt_channel_drain(struct xt_channel *channel);
/* What is unsent is dropped. ended is not called. The loop has to run once more. NULL is fine. */
void xt_channel_close(struct xt_channel *channel);

#endif
