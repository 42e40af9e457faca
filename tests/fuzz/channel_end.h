/* SPDX-License-Identifier: MIT */
/* The other end of a channel (host/channel_uv.h), whose process is hostile. */
#ifndef XT_FUZZ_CHANNEL_END_H
#define XT_FUZZ_CHANNEL_END_H

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "fuzz/input.h"
#include "host/channel_uv.h"

/* fd: -1: closed */
struct packets {
	uv_loop_t loop;
	int fd;
};

struct packet_head {
	uint32_t kind, serial, len, offset;
};

/* Of a message: descriptors on the first packet; the header is wrong; the bytes are all of the
 * packet; the rest of the message is zeros, up to one of the lengths that the receiver expects; it
 * is many packets long; it stops after the first. */
enum { FDS = 7, WRONG = 8, BARE = 16, SIZED = 32, LARGE = 64, CUT = 128 };

/* The client's end, to be given away. */
static inline int packets_begin(struct packets *packets)
{
	int fds[2];

	check(xt_channel_pair(fds) == 0 && uv_loop_init(&packets->loop) == 0);
	packets->fd = fds[1];
	return fds[0];
}

static inline void packets_close(struct packets *packets)
{
	if (packets->fd >= 0)
		close(packets->fd);
	packets->fd = -1;
}

/* What the client has sent is not read. */
static inline void packets_run(struct packets *packets)
{
	static uint8_t ignored[256];

	(void)uv_run(&packets->loop, UV_RUN_NOWAIT);
	while (packets->fd >= 0 &&
	       recv(packets->fd, ignored, sizeof(ignored), MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

static inline void packet_send(struct packets *packets, const struct packet_head *head,
			       const uint8_t *data, size_t len, size_t n_fds)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(FDS * sizeof(int))];
	} control = {.bytes = {0}};
	struct packet_head copy = head ? *head : (struct packet_head){0};
	struct iovec vecs[2] = {{&copy, head ? sizeof(copy) : 0}, {(void *)(uintptr_t)data, len}};
	struct msghdr msg = {.msg_iov = vecs, .msg_iovlen = 2};
	static int null = -1;
	int fds[FDS];

	if (null < 0)
		check((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
	for (size_t i = 0; i < FDS; i++)
		fds[i] = null;
	if (n_fds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n_fds * sizeof(int));
	}
	(void)sendmsg(packets->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	packets_run(packets);
}

/* A message from the input: shape, kind, serial number, two bytes of length, bytes. sizes: the
 * lengths that the receiver expects, n of them; one is chosen by a byte. */
static inline void packets_send(struct packets *packets, struct input *in, const size_t *sizes,
				size_t n)
{
	uint8_t shape = input_byte(in);
	struct packet_head head = {.kind = input_byte(in), .serial = input_byte(in)};
	size_t len = shape & SIZED ? sizes[input_byte(in) % n] : 0, given, wanted;
	uint8_t *bytes, *data;

	wanted = input_number(in);
	bytes = input_bytes(in, wanted, &given);
	if (!(shape & SIZED))
		len = shape & LARGE ? (wanted & 0x1fff) * 32 : given;
	data = calloc(1, len + 1);
	check(data != NULL);
	memcpy(data, bytes, XT_MIN(given, len));
	head.len = (uint32_t)len;
	if (shape & WRONG) {
		head.len ^= input_number(in);
		head.offset = input_number(in);
	}
	for (size_t at = 0, part; packets->fd >= 0; at += part) {
		part = XT_MIN(len - at, (size_t)XT_CHANNEL_PACKET);
		packet_send(packets, shape & BARE ? NULL : &head, data + at, part,
			    at > 0 ? 0 : shape & FDS);
		head.offset += (uint32_t)part;
		if (shape & CUT || at + part >= len)
			break;
	}
	free(bytes);
	free(data);
}

#endif
