/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* The server, the control socket and its client: framing, bad clients, stale sockets. The server
 * runs on a thread, so that blocking clients can use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <xtunnel/error.h>

#include "ipc/chunks.h"
#include "ipc/client.h"
#include "ipc/control_uv.h"
#include "ipc/server_uv.h"
#include "ipc/socket.h"
#include "test_main.h"

static char dir[64], path[100];

struct host {
	uv_thread_t thread;
	uv_loop_t loop;
	uv_async_t stop;
	uv_sem_t ready;
	uv_timer_t ticks;
	struct xt_server *server;
	struct xt_control *control;
	struct xt_control_request *waiting; /* streams, or is never answered */
	int left;
	unsigned cancelled, ended;
	enum xt_framing framing;
	unsigned stall_ms;
	int error;
	/* Of a long answer: what is printed and not handed over, and where it breaks off. */
	struct xt_control_long lines;
	int row, broken_at;
	char *rest;
	size_t rest_len;
};

#define ROWS	   20000 /* some 3 MiB */
#define SILENCE_MS 20000 /* an emulated server, on a busy machine, takes seconds */

/* Bytes: echoes each request in brackets; "close" closes, "big" is answered with 8 MiB,
 * "stream" with the first 4 MiB of a stream. */
static void on_bytes(void *ctx, struct xt_request *request, const char *data, size_t len)
{
	char reply[200];
	(void)ctx;

	if (len >= 5 && memcmp(data, "close", 5) == 0) {
		xt_request_reply(request, "bye\n", 4, false);
		xt_request_close(request);
	} else if (len >= 6 && memcmp(data, "stream", 6) == 0) {
		char *big = calloc(1, 4u << 20);
		xt_request_stream(request);
		xt_request_reply(request, big, 4u << 20, false);
		free(big);
	} else if (len >= 3 && memcmp(data, "big", 3) == 0) {
		char *big = calloc(1, 8u << 20);
		xt_request_reply(request, big, 8u << 20, true);
		free(big);
	} else {
		int n =
		    snprintf(reply, sizeof(reply), "[%.*s]\n", (int)(len < 100 ? len : 100), data);
		xt_request_reply(request, reply, (size_t)n, true);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct host *h = timer->data;

	if (!h->waiting) {
		uv_timer_stop(timer);
		return;
	}
	bool last = --h->left == 0;
	xt_control_reply(h->waiting, json_pack("{s:i}", "left", h->left), last);
	if (last)
		h->waiting = NULL;
}

static json_t *rows_make(void *ctx, bool *more)
{
	struct host *h = ctx;
	json_t *rows = json_array();

	for (int n = 0; n < 64 && h->row < ROWS; n++, h->row++)
		json_array_append_new(
		    rows, json_pack("{s:i,s:s}", "row", h->row, "name",
				    "a name that is about as long as all that is told of a peer, "
				    "so that the answer is longer than what a socket holds"));
	*more = h->row < ROWS;
	return json_pack("{s:o}", "peers", rows);
}

/* Hands over what is printed in two texts, cut anywhere, one each time. */
static void on_lines(uv_timer_t *timer)
{
	struct host *h = timer->data;
	char *text = h->rest;
	size_t len = h->rest_len, cut;
	bool last = text && h->lines.complete;

	if (!h->waiting) {
		uv_timer_stop(timer);
		return;
	}
	h->rest = NULL;
	if (!text && h->row < h->broken_at) {
		assert_int_equal(xt_control_print_long(&h->lines, &text, &len), 0);
		assert_int_equal(text[len - 1], '\n');
		cut = 1 + (size_t)h->row * 7919 % (len - 1);
		h->rest_len = len - cut;
		h->rest = malloc(h->rest_len);
		memcpy(h->rest, text + cut, h->rest_len);
		len = cut;
	}
	if (!text) {
		assert_false(xt_control_reply_lines(h->waiting, NULL, 0, false));
		h->waiting = NULL;
		return;
	}
	assert_true(xt_control_reply_lines(h->waiting, text, len, last));
	if (last)
		h->waiting = NULL;
}

/* A stream of 1 MiB of these. */
static const char big_bytes[4096] = "bytes";

static int on_json(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	struct host *h = ctx;
	const char *verb = json_string_value(json_object_get(msg, "verb"));

	if (!verb)
		return XT_E_INVALID;
	if (strcmp(verb, "stream") == 0) {
		h->waiting = request;
		h->left = 3;
		uv_timer_start(&h->ticks, on_tick, 10, 10);
	} else if (strcmp(verb, "large") == 0) {
		json_t *rows = json_array();

		for (int i = 0; i < 40000; i++)
			json_array_append_new(rows, json_pack("{s:i,s:s}", "row", i, "name", "x"));
		xt_control_reply(request, json_pack("{s:o}", "peers", rows), true);
	} else if (strcmp(verb, "slow") == 0) {
		h->waiting = request;
		h->left = 1;
		xt_control_progress(request, 3, 10);
		uv_timer_start(&h->ticks, on_tick, 3000, 0);
	} else if (strcmp(verb, "lines") == 0) {
		h->waiting = request;
		h->row = 0;
		free(h->rest); /* of one whose client has gone */
		h->rest = NULL;
		h->broken_at = (int)json_integer_value(json_object_get(msg, "broken_at"));
		h->lines = (struct xt_control_long){.next = rows_make, .ctx = h};
		uv_timer_start(&h->ticks, on_lines, 0, 1);
	} else if (strcmp(verb, "never") == 0) {
		h->waiting = request;
	} else if (strcmp(verb, "bytes") == 0) {
		h->waiting = request;
		xt_control_reply(request, json_pack("{s:i}", "first", 1), false);
		xt_control_stream(request);
		for (int i = 0; i < 256; i++)
			xt_control_write(request, big_bytes, sizeof(big_bytes));
	} else {
		xt_control_reply(request, json_pack("{s:s}", "verb", verb), true);
	}
	return 0;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct host *h = ctx;

	if (h->waiting == request)
		h->waiting = NULL;
	h->cancelled++;
}

static void on_ended(void *ctx, struct xt_control_request *request)
{
	struct host *h = ctx;

	assert_ptr_equal(request, h->waiting);
	h->waiting = NULL;
	h->ended++;
	xt_control_write(request, "end", 3);
	xt_control_end(request);
}

static void on_stop(uv_async_t *async)
{
	struct host *h = async->data;

	xt_server_close(h->server);
	xt_control_close(h->control);
	uv_close((uv_handle_t *)&h->ticks, NULL);
	uv_close((uv_handle_t *)async, NULL);
}

static void serve(void *arg)
{
	struct host *h = arg;

	uv_run(&h->loop, UV_RUN_DEFAULT);
}

static void host_start(struct host *h, bool json)
{
	uv_loop_init(&h->loop);
	uv_async_init(&h->loop, &h->stop, on_stop);
	uv_timer_init(&h->loop, &h->ticks);
	h->stop.data = h->ticks.data = h;
	if (json) {
		struct xt_control_options options = {.path = path,
						     .owner = geteuid(),
						     .handle = on_json,
						     .cancelled = on_cancelled,
						     .ended = on_ended,
						     .ctx = h};
		h->error = xt_control_open(&h->control, &h->loop, &options);
	} else {
		struct xt_server_options options = {.path = path,
						    .framing = h->framing,
						    .handle = on_bytes,
						    .ctx = h,
						    .stall_ms = h->stall_ms};
		h->error = xt_server_open(&h->server, &h->loop, &options);
	}
	assert_int_equal(h->error, 0);
	uv_thread_create(&h->thread, serve, h);
}

static void host_stop(struct host *h)
{
	uv_async_send(&h->stop);
	uv_thread_join(&h->thread);
	free(h->rest);
	assert_int_equal(uv_loop_close(&h->loop), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static int dial(void)
{
	int fd = xt_socket_connect(path);

	assert_true(fd >= 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Receive until wanted bytes are there, end of file, or ms without data; the length. */
static size_t receive(int fd, char *buf, size_t wanted, int ms)
{
	size_t len = 0;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (len < wanted && poll(&p, 1, ms) == 1) {
		ssize_t n = recv(fd, buf + len, wanted - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return len;
}

static bool closed_within(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;

	return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

static void expect(int fd, const char *text)
{
	char buf[400];

	receive(fd, buf, strlen(text), 2000);
	assert_string_equal(buf, text);
}

/* A new client gets an answer. */
static void server_answers(void)
{
	int fd = dial();

	send_text(fd, "alive\n");
	expect(fd, "[alive]\n");
	close(fd);
}

static void lines_are_answered_one_after_the_other(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	struct stat st;
	int fd;
	(void)state;

	host_start(&h, false);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = dial();
	send_text(fd, "one\n\ntwo\nth");
	expect(fd, "[one]\n[two]\n");
	send_text(fd, "ree\n");
	expect(fd, "[three]\n");
	shutdown(fd, SHUT_WR);
	assert_true(closed_within(fd, 2000));
	close(fd);
	fd = dial();
	send_text(fd, "last\n");
	shutdown(fd, SHUT_WR); /* half-closed after the request: still answered */
	expect(fd, "[last]\n");
	close(fd);
	fd = dial();
	send_text(fd, "close\nnever seen\n");
	expect(fd, "bye\n");
	assert_true(closed_within(fd, 2000));
	close(fd);
	host_stop(&h);
}

static void blank_lines_end_requests_of_several_lines(void **state)
{
	struct host h = {.framing = XT_FRAME_UAPI};
	int fd;
	(void)state;

	host_start(&h, false);
	close(dial()); /* as wg does to list interfaces */
	fd = dial();
	send_text(fd, "get=1\n\nset=1\na=b");
	expect(fd, "[get=1\n\n]\n");
	send_text(fd, "\n");
	usleep(20000);
	send_text(fd, "\n");
	expect(fd, "[set=1\na=b\n\n]\n");
	close(fd);
	host_stop(&h);
}

static void a_request_that_is_too_long_closes_the_connection(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	char *text = malloc(70000);
	char buf[300];
	int fd;
	(void)state;

	host_start(&h, false);
	memset(text, 'x', 70000);
	text[65536] = '\n';
	fd = dial();
	assert_int_equal(send(fd, text, 65537, MSG_NOSIGNAL), 65537); /* just fits */
	assert_int_equal(receive(fd, buf, 103, 2000), 103);
	close(fd);
	fd = dial();
	text[65536] = 'x';
	send(fd, text, 65537, MSG_NOSIGNAL);
	assert_true(closed_within(fd, 2000));
	close(fd);
	free(text);
	host_stop(&h);
}

static void a_client_that_stalls_is_closed(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE, .stall_ms = 200};
	int fd[3] = {0};
	char buf[10];
	(void)state;

	host_start(&h, false);
	fd[0] = dial(); /* sends nothing */
	fd[1] = dial();
	send_text(fd[1], "half a li");
	fd[2] = dial();
	send_text(fd[2], "big\n"); /* and does not read the answer */
	usleep(100000);
	send_text(fd[1], "n"); /* single bytes are no progress */
	assert_true(closed_within(fd[0], 2000));
	assert_true(closed_within(fd[1], 2000));
	usleep(300000);
	size_t got = 0, n;
	while ((n = receive(fd[2], buf, 9, 500)) > 0)
		got += n;
	assert_true(got < 8u << 20);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	host_stop(&h);
}

/* Three requests and the half-close arrive before the client reads: each next request is held back,
 * all are answered, then the connection closes. */
static void requests_wait_while_answers_are_unread(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	size_t got = 0, n;
	char *buf = malloc((1u << 20) + 1);
	int fd;
	(void)state;

	host_start(&h, false);
	fd = dial();
	send_text(fd, "big\nbig\nlast\n");
	shutdown(fd, SHUT_WR);
	usleep(100000);
	while ((n = receive(fd, buf, 1u << 20, 2000)) > 0)
		got += n;
	assert_int_equal(got, 2 * (8u << 20) + strlen("[last]\n"));
	close(fd);
	free(buf);
	server_answers();
	host_stop(&h);
}

static void clients_beyond_the_limit_are_closed(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	int fd[70], open = 0;
	(void)state;

	host_start(&h, false);
	for (int i = 0; i < 70; i++)
		fd[i] = dial();
	for (int i = 0; i < 70; i++)
		open += !closed_within(fd[i], i < 64 ? 0 : 2000);
	assert_int_equal(open, 64);
	for (int i = 0; i < 70; i++)
		close(fd[i]);
	usleep(50000);
	server_answers();
	host_stop(&h);
}

static void the_server_survives_a_lack_of_descriptors(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	struct rlimit old, low;
	int client, n;
	(void)state;

	host_start(&h, false);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	n = dup(0); /* the lowest free one: nothing above it may be opened */
	close(n);
	low.rlim_cur = (rlim_t)n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	struct sockaddr_storage to = {.ss_family = AF_UNIX};
	strcpy((char *)&to + 2, path);
	assert_int_equal(connect(client, (struct sockaddr *)&to, (socklen_t)(2 + strlen(path) + 1)),
			 0);
	usleep(100000);
	setrlimit(RLIMIT_NOFILE, &old);
	close(client);
	server_answers();
	host_stop(&h);
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	struct xt_server_options options = {.path = path, .handle = on_bytes};
	struct xt_server *other;
	struct stat id;
	uv_loop_t loop;
	(void)state;

	close(xt_socket_listen(path, &id)); /* as a crash leaves it */
	assert_int_equal(access(path, F_OK), 0);
	host_start(&h, false);
	uv_loop_init(&loop);
	assert_int_equal(xt_server_open(&other, &loop, &options), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	host_stop(&h);
	close(open(path, O_CREAT | O_RDWR, 0600)); /* a file that is no socket */
	assert_int_equal(xt_server_open(&other, &loop, &options), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	options.path =
	    "/tmp/a/path/that/is/much/longer/than/it/should/be/and/longer/than/a/socket/address/can/be/because/it/goes/on/"
	    "and/on/and/on/and/on/to/the/end";
	assert_int_equal(xt_server_open(&other, &loop, &options), -ENAMETOOLONG);
	uv_loop_close(&loop);
}

static void a_socket_that_replaced_ours_is_not_removed(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE};
	struct stat id;
	(void)state;

	host_start(&h, false);
	unlink(path);
	close(xt_socket_listen(path, &id));
	uv_async_send(&h.stop);
	uv_thread_join(&h.thread);
	assert_int_equal(uv_loop_close(&h.loop), 0);
	assert_int_equal(unlink(path), 0);
}

static void the_directory_is_created(void **state)
{
	struct stat id, st;
	char deep[120];
	mode_t old = umask(077);
	(void)state;

	snprintf(deep, sizeof(deep), "%s/sub/s.sock", dir);
	close(xt_socket_listen(deep, &id));
	umask(old);
	unlink(deep);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	rmdir(deep);
}

static struct xt_client *client_start(struct host *h)
{
	struct xt_client *c;

	host_start(h, true);
	assert_int_equal(xt_client_open(&c, path), 0);
	return c;
}

/* rc: the result that the request has. */
static json_t *client_request(struct xt_client *c, json_t *msg, int silence_ms, int rc)
{
	json_t *answer;

	assert_int_equal(xt_client_request(c, msg, silence_ms, &answer), rc);
	return answer;
}

/* The answer has this text under key. */
static void client_answered(struct xt_client *c, json_t *msg, int rc, const char *key,
			    const char *text)
{
	json_t *answer = client_request(c, msg, SILENCE_MS, rc);

	assert_string_equal(json_string_value(json_object_get(answer, key)), text);
	json_decref(answer);
}

static void json_requests_are_answered(void **state)
{
	struct host h = {0};
	struct xt_client *c;
	json_t *answer;
	(void)state;

	c = client_start(&h);
	client_answered(c, json_pack("{s:s}", "verb", "hello"), 0, "verb", "hello");
	client_answered(c, json_pack("{s:i}", "x", 1), XT_E_INVALID, "error", "invalid value");
	answer = client_request(c, json_pack("[i]", 1), SILENCE_MS, XT_E_SYNTAX);
	json_decref(answer);
	assert_int_equal(xt_client_send(c, json_pack("{s:s}", "verb", "stream")), 0);
	for (int left = 2; left >= 0; left--) {
		assert_int_equal(xt_client_recv(c, SILENCE_MS, &answer), 0);
		assert_int_equal(json_integer_value(json_object_get(answer, "left")), left);
		json_decref(answer);
	}
	assert_int_equal(xt_client_recv(c, 50, &answer), -ETIMEDOUT);
	xt_client_close(c);
	host_stop(&h);
	assert_int_equal(h.cancelled, 0);
	assert_int_equal(xt_client_open(&c, path), -ENOENT);
}

static void on_reported(void *ctx, uint64_t done, uint64_t total)
{
	unsigned *reported = ctx;

	assert_int_equal(done, 3);
	assert_int_equal(total, 10);
	++*reported;
}

static void answers_are_large_slow_and_clean(void **state)
{
	struct host h = {0};
	struct xt_client *c;
	unsigned reported = 0;
	json_t *answer;
	(void)state;

	c = client_start(&h);
	answer = client_request(c, json_pack("{s:s}", "verb", "large"), SILENCE_MS, 0);
	assert_int_equal(json_array_size(json_object_get(answer, "peers")), 40000);
	assert_int_equal(json_object_size(answer), 1);
	json_decref(answer);
	/* Progress arrives while the answer takes longer than the limit on silence. */
	xt_client_on_progress(c, on_reported, &reported);
	answer = client_request(c, json_pack("{s:s}", "verb", "slow"), 2500, 0);
	json_decref(answer);
	assert_in_range(reported, 1, 3);
	client_answered(c,
			json_pack("{s:s}", "verb",
				  "a\xc2\x9b"
				  "1m\x1b\xe2\x80\xae"),
			0, "verb", "a?1m??");
	xt_client_close(c);
	host_stop(&h);
}

static void another_protocol_is_told_in_one_sentence(void **state)
{
	struct host h = {0};
	char buf[400];
	int fd;
	(void)state;

	host_start(&h, true);
	fd = dial();
	send_text(fd, "{\"do\":\"show\",\"verb\":\"x\",\"protocol\":999}\n");
	receive(fd, buf, 60, 2000);
	assert_non_null(strstr(buf, "another protocol"));
	close(fd);
	fd = dial();
	send_text(fd, "{\"do\":\"down\",\"verb\":\"down\",\"protocol\":999}\n");
	expect(fd, "{\"verb\":\"down\",\"protocol\":1}\n");
	close(fd);
	fd = dial(); /* without a version: one line, nothing added */
	send_text(fd, "{\"verb\":\"x\"}\n");
	expect(fd, "{\"verb\":\"x\"}\n");
	close(fd);
	host_stop(&h);
}

/* A listener of the test itself: answer is sent to the first client, repeat times. */
static void liar_serve(int fd, const char *answer, size_t repeat)
{
	struct pollfd p = {.fd = fd, .events = POLLIN}; /* the listener does not block */
	int client = poll(&p, 1, -1) == 1 ? accept(fd, NULL, NULL) : -1;
	bool ok = client >= 0;

	for (size_t i = 0; ok && i < repeat; i++)
		ok = send(client, answer, strlen(answer), MSG_NOSIGNAL) > 0;
	if (repeat)
		close(client);
	else
		pause();
	_exit(0);
}

/* With one answer the liar has answered and closed before it could be asked. */
static int liar_request(const char *answer, size_t repeat, json_t **out)
{
	struct stat id;
	struct xt_client *c;
	int fd = xt_socket_listen(path, &id), rc;
	pid_t child = fork();

	if (child == 0)
		liar_serve(fd, answer, repeat);
	assert_int_equal(xt_client_open(&c, path), 0);
	if (repeat == 1)
		waitpid(child, NULL, 0);
	rc = xt_client_request(c, json_pack("{s:s}", "do", "show"), repeat ? 5000 : 200, out);
	xt_client_close(c);
	if (repeat != 1) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(fd);
	unlink(path);
	return rc;
}

static void a_client_trusts_no_answer(void **state)
{
	char *piece = malloc((1 << 20) + 1);
	struct rusage use, after;
	json_t *answer;
	(void)state;

	memset(piece, '[', 1 << 20);
	piece[1 << 20] = '\0';
	getrusage(RUSAGE_SELF, &use);
	assert_int_equal(liar_request(piece, 60, &answer), XT_E_SYNTAX);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - use.ru_maxrss < 16 << 10);
	free(piece);
	assert_int_equal(liar_request("", 0, &answer), -ETIMEDOUT);
	assert_int_equal(liar_request("[1]\n", 1, &answer), XT_E_SYNTAX);
	assert_int_equal(liar_request("{\"a\xc2\x9b\":1,\"protocol\":1}\n", 1, &answer),
			 XT_E_SYNTAX);
	assert_int_equal(liar_request("{\"protocol\":1,\"more\":true}\n", 1, &answer), -EPIPE);
	assert_int_equal(liar_request("{\"a\":1}\n", 1, &answer), -EPROTONOSUPPORT);
	assert_non_null(strstr(json_string_value(json_object_get(answer, "error")), "protocol"));
	json_decref(answer);
}

/* Serve fd with so many descriptors free, until killed. */
static void served_elsewhere(int fd, int spare)
{
	struct xt_server_options options = {
	    .framing = XT_FRAME_LINE, .handle = on_bytes, .listen_fd = fd};
	struct xt_server *server;
	struct rlimit limit;
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (xt_server_open(&server, &loop, &options) < 0)
		_exit(1);
	limit.rlim_cur = limit.rlim_max = (rlim_t)(dup(fd) + spare);
	setrlimit(RLIMIT_NOFILE, &limit);
	uv_run(&loop, UV_RUN_DEFAULT);
	_exit(0);
}

/* What a client checks is the user that listened: serving must not listen again. */
static void clients_see_the_process_that_listened(void **state)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct stat id;
	char reply[4];
	int fd = xt_socket_listen(path, &id), client;
	pid_t child = fork();
	(void)state;

	if (child == 0)
		served_elsewhere(fd, 9);
	client = xt_socket_connect(path);
	assert_int_equal(send(client, "a\n", 2, 0), 2);
	assert_int_equal(recv(client, reply, 4, MSG_WAITALL), 4);
	close(client);
	client = xt_socket_connect(path);
	assert_int_equal(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	assert_int_equal(peer.pid, getpid());
	close(client);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
	unlink(path);
}

static void a_client_without_a_descriptor_for_it_is_closed(void **state)
{
	struct stat id;
	char byte;
	int fd = xt_socket_listen(path, &id), first, second;
	pid_t child = fork();
	(void)state;

	if (child == 0)
		served_elsewhere(fd, 2);
	first = xt_socket_connect(path);
	assert_int_equal(send(first, "a\n", 2, 0), 2);
	assert_int_equal(recv(first, &byte, 1, 0), 1);
	second = xt_socket_connect(path);
	assert_int_equal(recv(second, &byte, 1, 0), 0);
	close(second);
	close(first);
	do { /* until the first has gone */
		second = xt_socket_connect(path);
		assert_true(second >= 0);
		(void)!send(second, "a\n", 2, MSG_NOSIGNAL);
	} while (recv(second, &byte, 1, 0) <= 0 && close(second) == 0);
	close(second);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
	unlink(path);
}

static void a_foreign_listener_is_refused(void **state)
{
	struct stat id;
	int uid_pipe[2];
	char byte;
	pid_t child;
	(void)state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(uid_pipe), 0);
	chmod(dir, 0777);
	child = fork();
	if (child == 0) {
		if (setuid(65534) == 0 && xt_socket_listen(path, &id) >= 0)
			(void)!write(uid_pipe[1], "x", 1);
		pause();
	}
	assert_int_equal(read(uid_pipe[0], &byte, 1), 1);
	assert_int_equal(xt_socket_connect(path), -EPERM);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	chmod(dir, 0700);
	close(uid_pipe[0]);
	close(uid_pipe[1]);
}

static void a_client_that_hangs_up_cancels_its_request(void **state)
{
	struct host h = {0};
	struct xt_client *c;
	json_t *answer;
	(void)state;

	c = client_start(&h);
	assert_int_equal(xt_client_send(c, json_pack("{s:s}", "verb", "never")), 0);
	usleep(50000);
	xt_client_close(c);
	usleep(50000);
	/* A second one is open while the server closes: freed without a call of cancelled. */
	assert_int_equal(xt_client_open(&c, path), 0);
	assert_int_equal(xt_client_send(c, json_pack("{s:s}", "verb", "never")), 0);
	usleep(50000);
	host_stop(&h);
	assert_int_equal(h.cancelled, 1);
	assert_int_equal(xt_client_recv(c, SILENCE_MS, &answer), -EPIPE);
	assert_int_equal(xt_client_send(c, json_pack("{}")), -EPIPE);
	xt_client_close(c);
}

static void a_stream_may_be_read_slowly(void **state)
{
	struct host h = {.framing = XT_FRAME_LINE, .stall_ms = 100};
	char *buf = malloc((4u << 20) + 1);
	(void)state;

	host_start(&h, false);
	for (int streams = 0; streams < 2; streams++) {
		int fd = dial();
		send_text(fd, streams ? "stream\n" : "big\n");
		usleep(1000000);
		size_t len = receive(fd, buf, 4u << 20, 2000);
		assert_int_equal(len == 4u << 20, streams);
		close(fd);
	}
	free(buf);
	host_stop(&h);
}

static void a_stream_lasts_until_its_client_wants_no_more(void **state)
{
	static char bytes[sizeof(big_bytes) * 256 + 4];
	struct host h = {0};
	struct xt_client *c;
	json_t *answer;
	size_t len = 0;
	ssize_t n;
	(void)state;

	host_start(&h, true);
	assert_int_equal(xt_client_open(&c, path), 0);
	assert_int_equal(
	    xt_client_request(c, json_pack("{s:s}", "verb", "bytes"), SILENCE_MS, &answer), 0);
	assert_int_equal(json_integer_value(json_object_get(answer, "first")), 1);
	json_decref(answer);
	usleep(2500000); /* others are told of progress meanwhile */
	assert_int_equal(shutdown(xt_client_fd(c), SHUT_WR), 0);
	while ((n = xt_client_read(c, bytes + len, sizeof(bytes) - len)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(len, sizeof(bytes) - 1);
	for (size_t i = 0; i < 256; i++)
		assert_memory_equal(bytes + i * sizeof(big_bytes), big_bytes, sizeof(big_bytes));
	assert_memory_equal(bytes + len - 3, "end", 3);
	xt_client_close(c);
	/* one that goes without a word ends too */
	assert_int_equal(xt_client_open(&c, path), 0);
	assert_int_equal(
	    xt_client_request(c, json_pack("{s:s}", "verb", "bytes"), SILENCE_MS, &answer), 0);
	json_decref(answer);
	xt_client_close(c);
	usleep(200000);
	host_stop(&h);
	assert_int_equal(h.ended + h.cancelled, 2);
	assert_true(h.ended >= 1);
}

static json_t *lines_request(int broken_at)
{
	return json_pack("{s:s,s:i,s:i}", "verb", "lines", "protocol", 1, "broken_at", broken_at);
}

static void assert_all_rows(json_t *answer)
{
	json_t *rows = json_object_get(answer, "peers"), *row;
	size_t i;

	assert_int_equal(json_array_size(rows), ROWS);
	json_array_foreach(rows, i, row)
	{
		assert_int_equal(json_integer_value(json_object_get(row, "row")), i);
	}
	json_decref(answer);
}

/* Texts that are cut anywhere, of an answer that is not yet made, are one answer. */
static void an_answer_is_sent_while_it_is_made(void **state)
{
	struct host h = {0};
	struct xt_client *c;
	json_t *first;
	int fd;
	(void)state;

	c = client_start(&h);
	assert_all_rows(client_request(c, lines_request(INT32_MAX), SILENCE_MS, 0));
	client_answered(c, json_pack("{s:s}", "verb", "hello"), 0, "verb", "hello");
	/* The first part is there when the last one is not made: the answer breaks off. */
	assert_int_equal(xt_client_send(c, lines_request(ROWS / 2)), 0);
	assert_int_equal(xt_client_recv(c, SILENCE_MS, &first), 0);
	assert_true(json_is_true(json_object_get(first, "more")));
	json_decref(first);
	xt_client_close(c);
	assert_int_equal(xt_client_open(&c, path), 0);
	assert_null(client_request(c, lines_request(ROWS / 2), SILENCE_MS, -EPIPE));
	xt_client_close(c);
	fd = dial(); /* no text at all */
	send_text(fd, "{\"verb\":\"lines\",\"broken_at\":0}\n");
	assert_true(closed_within(fd, 2000));
	close(fd);
	host_stop(&h);
}

static void an_answer_that_is_made_may_be_read_slowly(void **state)
{
	struct host h = {0};
	struct xt_client *c, *other;
	json_t *msg = lines_request(INT32_MAX), *whole = json_object(), *part;
	bool more = true;
	(void)state;

	c = client_start(&h);
	assert_int_equal(xt_client_send(c, msg), 0);
	usleep(300000); /* all is made meanwhile, and waits */
	assert_int_equal(xt_client_open(&other, path), 0);
	client_answered(other, json_pack("{s:s}", "verb", "hello"), 0, "verb", "hello");
	xt_client_close(other);
	while (more) {
		usleep(1000);
		assert_int_equal(xt_client_recv(c, SILENCE_MS, &part), 0);
		assert_true(xt_chunks_join(whole, part, &more));
	}
	assert_all_rows(whole);
	client_answered(c, json_pack("{s:s}", "verb", "hello"), 0, "verb", "hello");
	/* The client goes, and the server ends, before all is made. */
	assert_int_equal(xt_client_send(c, lines_request(INT32_MAX)), 0);
	assert_int_equal(xt_client_recv(c, SILENCE_MS, &part), 0);
	json_decref(part);
	xt_client_close(c);
	usleep(300000);
	assert_int_equal(xt_client_open(&c, path), 0);
	assert_int_equal(xt_client_send(c, lines_request(INT32_MAX)), 0);
	assert_int_equal(xt_client_recv(c, SILENCE_MS, &part), 0);
	json_decref(part);
	host_stop(&h);
	assert_int_equal(h.cancelled, 1);
	xt_client_close(c);
}

static void nonsense_on_the_control_socket_gets_an_error(void **state)
{
	static const char *const texts[] = {
	    "x\n", "{\n", "[]\n", "\"\\ud800\"\n", "{\"a\":1,\"a\":2}\n", "\xff\xfe\n"};
	struct host h = {0};
	char buf[300];
	(void)state;

	host_start(&h, true);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		int fd = dial();
		send_text(fd, texts[i]);
		receive(fd, buf, 1, 2000);
		assert_int_equal(buf[0], '{');
		close(fd);
	}
	host_stop(&h);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/control-server-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/s.sock", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

GROUP_TEST_MAIN(set_up, tear_down, cmocka_unit_test(lines_are_answered_one_after_the_other),
		cmocka_unit_test(blank_lines_end_requests_of_several_lines),
		cmocka_unit_test(a_request_that_is_too_long_closes_the_connection),
		cmocka_unit_test(a_client_that_stalls_is_closed),
		cmocka_unit_test(requests_wait_while_answers_are_unread),
		cmocka_unit_test(clients_beyond_the_limit_are_closed),
		cmocka_unit_test(the_server_survives_a_lack_of_descriptors),
		cmocka_unit_test(a_stale_socket_is_replaced_and_a_live_one_is_not),
		cmocka_unit_test(a_socket_that_replaced_ours_is_not_removed),
		cmocka_unit_test(the_directory_is_created),
		cmocka_unit_test(json_requests_are_answered),
		cmocka_unit_test(answers_are_large_slow_and_clean),
		cmocka_unit_test(another_protocol_is_told_in_one_sentence),
		cmocka_unit_test(a_client_trusts_no_answer),
		cmocka_unit_test(clients_see_the_process_that_listened),
		cmocka_unit_test(a_client_without_a_descriptor_for_it_is_closed),
		cmocka_unit_test(a_foreign_listener_is_refused),
		cmocka_unit_test(a_client_that_hangs_up_cancels_its_request),
		cmocka_unit_test(a_stream_may_be_read_slowly),
		cmocka_unit_test(a_stream_lasts_until_its_client_wants_no_more),
		cmocka_unit_test(an_answer_is_sent_while_it_is_made),
		cmocka_unit_test(an_answer_that_is_made_may_be_read_slowly),
		cmocka_unit_test(nonsense_on_the_control_socket_gets_an_error))
