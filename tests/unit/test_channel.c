/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* Messages with descriptors between two processes: whole, in order, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "host/channel_uv.h"

#define LEN_MAX (1u << 20)

struct end {
	struct xt_channel *channel;
	unsigned messages, ends;
	int error;
	uint32_t kind, serial;
	size_t len, n_fds;
	uint64_t sum;
	ino_t inode;
};

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct end *end = ctx;
	struct stat st;

	end->messages++;
	end->kind = message->kind;
	end->serial = message->serial;
	end->len = message->len;
	end->n_fds = message->n_fds;
	for (size_t i = 0; i < message->len; i++)
		end->sum = end->sum * 31 + message->data[i];
	if (message->n_fds > 0 && fstat(message->fds[0], &st) == 0)
		end->inode = st.st_ino;
}

static void on_ended(void *ctx, int error)
{
	struct end *end = ctx;

	end->ends++;
	end->error = error;
}

static void end_open(struct end *end, uv_loop_t *loop, int fd)
{
	const struct xt_channel_options options = {end, on_message, on_ended, LEN_MAX};

	*end = (struct end){0};
	assert_int_equal(xt_channel_open(&end->channel, loop, fd, &options), 0);
}

static void loop_close(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static void channel_delivers_a_long_message_and_its_descriptor(void **state)
{
	uv_loop_t loop;
	struct end a, b;
	int fd[2], file[2];
	uint8_t *data = malloc(LEN_MAX);
	uint64_t sum = 0;
	struct stat st;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	assert_int_equal(pipe(file), 0);
	assert_int_equal(fstat(file[0], &st), 0);
	end_open(&a, &loop, fd[0]);
	end_open(&b, &loop, fd[1]);
	for (size_t i = 0; i < LEN_MAX; i++) {
		data[i] = (uint8_t)(i * 7 + (i >> 9));
		sum = sum * 31 + data[i];
	}
	assert_int_equal(xt_channel_send(a.channel, 7, 9, data, LEN_MAX, file, 1), 0);
	close(file[0]);
	close(file[1]);
	while (!b.messages)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(b.kind, 7);
	assert_int_equal(b.serial, 9);
	assert_int_equal(b.len, LEN_MAX);
	assert_true(b.sum == sum);
	assert_int_equal(b.n_fds, 1);
	assert_true(b.inode == st.st_ino);
	assert_int_equal(xt_channel_send(b.channel, 1, 2, NULL, 0, NULL, 0), 0);
	while (!a.messages)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(a.len, 0);
	xt_channel_close(a.channel);
	while (!b.ends)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(b.error, 0);
	xt_channel_close(b.channel);
	loop_close(&loop);
	free(data);
}

/* A packet as the other process could forge it. */
struct forged {
	uint32_t kind, serial, len, offset;
	char data[8];
};

static void forged_refused(const struct forged *packets, const size_t *sizes, size_t n)
{
	uv_loop_t loop;
	struct end end;
	int fd[2];

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	end_open(&end, &loop, fd[0]);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(send(fd[1], &packets[i], sizes[i], 0), (ssize_t)sizes[i]);
	close(fd[1]);
	while (!end.ends)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(end.error, XT_E_INVALID);
	assert_int_equal(end.messages, 0);
	assert_int_equal(end.ends, 1);
	xt_channel_close(end.channel);
	loop_close(&loop);
}

static void channel_ends_at_what_is_no_message(void **state)
{
	const size_t whole = 16 + 8;
	const struct forged wrong_len = {1, 1, 4, 0, "too much"};
	const struct forged later = {1, 1, 16, 8, "no begin"};
	const struct forged over = {1, 1, 8, 16, "past end"};
	const struct forged huge = {1, 1, LEN_MAX + 1, 0, "too long"};
	const struct forged short_part = {1, 1, 1u << 17, 0, "not full"};
	const struct forged only = {1, 1, 8, 0, ""};
	const size_t half = 7;

	(void)state;
	forged_refused(&wrong_len, &whole, 1);
	forged_refused(&later, &whole, 1);
	forged_refused(&over, &whole, 1);
	forged_refused(&huge, &whole, 1);
	forged_refused(&short_part, &whole, 1);
	forged_refused(&only, &half, 1);
}

static void channel_reports_an_end_within_a_message(void **state)
{
	uv_loop_t loop;
	struct end end;
	int fd[2];
	struct {
		uint32_t head[4];
		char data[XT_CHANNEL_PACKET];
	} *first = calloc(1, sizeof(*first));

	(void)state;
	first->head[2] = XT_CHANNEL_PACKET + 1;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	end_open(&end, &loop, fd[0]);
	assert_int_equal(send(fd[1], first, sizeof(*first), 0), (ssize_t)sizeof(*first));
	close(fd[1]);
	while (!end.ends)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(end.error, XT_E_INVALID);
	xt_channel_close(end.channel);
	loop_close(&loop);
	free(first);
}

static void channel_keeps_what_is_not_read_and_sends_it_later(void **state)
{
	uv_loop_t loop;
	struct end a, b;
	int fd[2];
	uint8_t data[4000] = {1};
	unsigned n = 2000;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	end_open(&a, &loop, fd[0]);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(xt_channel_send(a.channel, i, 0, data, sizeof(data), NULL, 0), 0);
	assert_true(xt_channel_unsent(a.channel) > 0);
	end_open(&b, &loop, fd[1]);
	while (b.messages < n) {
		uv_run(&loop, UV_RUN_ONCE);
		assert_int_equal(b.kind + 1, b.messages);
	}
	assert_true(xt_channel_unsent(a.channel) == 0);
	xt_channel_close(a.channel);
	xt_channel_close(b.channel);
	loop_close(&loop);
}

/* Of a hostile process, which sends its own end along with the start of a message: its descriptor
 * stays open here, so that the socket has no end. */
static void channel_ends_with_a_process_that_left_its_descriptor_here(void **state)
{
	const uint32_t head[4] = {7, 1, 100000, 0};
	static uint8_t part[sizeof(head) + XT_CHANNEL_PACKET];
	struct iovec vec = {part, sizeof(part)};
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	const struct msghdr msg = {
	    .msg_iov = &vec,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	uv_loop_t loop;
	struct end end;
	int fd[2];

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	end_open(&end, &loop, fd[0]);
	memcpy(part, head, sizeof(head));
	memcpy(CMSG_DATA(&control.head), &fd[1], sizeof(int));
	assert_int_equal(sendmsg(fd[1], &msg, 0), sizeof(part));
	close(fd[1]);
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(end.ends, 0);
	xt_channel_drain(end.channel);
	assert_int_equal(end.ends, 1);
	assert_int_equal(end.error, XT_E_INVALID);
	xt_channel_drain(end.channel);
	assert_int_equal(end.ends, 1);
	xt_channel_drain(NULL);
	xt_channel_close(end.channel);
	loop_close(&loop);
}

static void channel_drains_whole_messages_first(void **state)
{
	const uint32_t packet[4] = {7, 1, 0, 0};
	uv_loop_t loop;
	struct end end;
	int fd[2], copy;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	end_open(&end, &loop, fd[0]);
	for (int i = 0; i < 100; i++)
		assert_int_equal(send(fd[1], packet, sizeof(packet), 0), sizeof(packet));
	copy = dup(fd[1]);
	close(fd[1]);
	xt_channel_drain(end.channel);
	assert_int_equal(end.messages, 100);
	assert_int_equal(end.ends, 1);
	assert_int_equal(end.error, 0);
	close(copy);
	xt_channel_close(end.channel);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(channel_delivers_a_long_message_and_its_descriptor),
	    cmocka_unit_test(channel_ends_at_what_is_no_message),
	    cmocka_unit_test(channel_reports_an_end_within_a_message),
	    cmocka_unit_test(channel_keeps_what_is_not_read_and_sends_it_later),
	    cmocka_unit_test(channel_ends_with_a_process_that_left_its_descriptor_here),
	    cmocka_unit_test(channel_drains_whole_messages_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
