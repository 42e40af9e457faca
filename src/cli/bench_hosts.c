/* SPDX-License-Identifier: MIT */
/* bench: one TCP stream between the two hosts of a lab, through both instances. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/lab.h"
#include "daemon/exit.h"
#include "platform/clock.h"
#include "platform/fd.h"

#define PORT   5001
#define BUFFER (256 * 1024)
#define SPANS  5 /* of a packet size: the stream has to get up to speed */

/* What the receiver measured. */
struct stream {
	uint64_t bytes, ns;
};

/* fd  of the program outside, gets a struct stream */
struct stream_task {
	uint64_t span_ns;
	int fd;
};

static int socket_open(struct sockaddr_in *address)
{
	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
	(void)inet_pton(AF_INET, "192.168.7.2", &address->sin_addr);
	return xt_fd_socket(AF_INET, SOCK_STREAM, false);
}

static void stream_receive(int fd, struct stream *stream, char *buffer)
{
	uint64_t start = 0;
	ssize_t n;

	*stream = (struct stream){0};
	while ((n = read(fd, buffer, BUFFER)) > 0) {
		uint64_t now = xt_clock_now().mono;

		if (!start)
			start = now;
		stream->bytes += (uint64_t)n;
		stream->ns = now - start;
	}
}

/* In host2: ready gets a byte when the sender may connect, result what has come. */
static void receiver_run(int ready, int result)
{
	char *buffer = malloc(BUFFER);
	struct sockaddr_in address;
	struct stream stream;
	int fd, stream_fd;

	if (!buffer || !xt_lab_enter("host2"))
		_exit(XT_EXIT_FAILURE);
	fd = socket_open(&address);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0 ||
	    write(ready, "", 1) != 1)
		_exit(XT_EXIT_FAILURE);
	stream_fd = accept(fd, NULL, NULL);
	stream_receive(stream_fd, &stream, buffer);
	_exit(write(result, &stream, sizeof(stream)) == (ssize_t)sizeof(stream) ? XT_EXIT_OK
										: XT_EXIT_FAILURE);
}

static bool sender_run(uint64_t span_ns)
{
	char *buffer = calloc(1, BUFFER);
	struct sockaddr_in address;
	uint64_t start;
	int fd;

	if (!buffer || !xt_lab_enter("host1"))
		return false;
	fd = socket_open(&address);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return false;
	start = xt_clock_now().mono;
	while (xt_clock_now().mono - start < span_ns)
		if (send(fd, buffer, BUFFER, MSG_NOSIGNAL) < 0)
			return false;
	free(buffer);
	return close(fd) == 0;
}

/* Inside the lab. */
static int stream_run(const struct xt_lab *lab)
{
	const struct stream_task *task = lab->ctx;
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) < 0)
		return XT_EXIT_FAILURE;
	child = fork();
	if (child == 0) {
		close(ready[0]);
		receiver_run(ready[1], task->fd);
	}
	close(ready[1]);
	if (child < 0 || read(ready[0], &byte, 1) != 1 || !sender_run(task->span_ns))
		return XT_EXIT_FAILURE;
	/* The receiver ends with the lab, and closes the pipe: wait for its result. */
	while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
		;
	return XT_EXIT_OK;
}

/* 0, or what xt_lab_run says. */
static int stream_measure(uint64_t span_ns, struct stream *stream)
{
	struct stream_task task = {.span_ns = span_ns};
	struct xt_lab lab = {.hosts = 2,
			     .host = 1,
			     .capture_fd = -1,
			     .inside = stream_run,
			     .ctx = &task,
			     .quiet = true};
	int result[2], status;

	if (pipe(result) < 0)
		return XT_EXIT_FAILURE;
	task.fd = result[1];
	status = xt_lab_run(&lab);
	close(result[1]);
	if (status == 0 && (read(result[0], stream, sizeof(*stream)) != (ssize_t)sizeof(*stream) ||
			    stream->ns == 0))
		status = XT_EXIT_FAILURE;
	close(result[0]);
	return status;
}

void xt_bench_hosts(struct xt_bench *bench)
{
	struct xt_bench_row *row = xt_bench_row_add(bench, XT_BENCH_HOSTS, "TCP, 1 stream", 0);
	struct stream stream = {0};
	int status;

	xt_progress_update(&bench->progress, bench->done, "two hosts");
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		snprintf(row->reason, sizeof(row->reason),
			 "needs root: cannot open /dev/net/tun: %s", strerror(errno));
		return;
	}
	status = stream_measure(SPANS * bench->span_ns, &stream);
	if (status)
		snprintf(row->reason, sizeof(row->reason),
			 "the two hosts could not be made or used");
	else
		row->gbit = (double)stream.bytes * 8 / (double)stream.ns;
}
