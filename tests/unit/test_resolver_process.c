/* SPDX-License-Identifier: MIT */
/* layers: host core crypto packet base */
/* Names by the resolver process: answers, silence, crashes, and what neither end accepts. The
 * program has its resolver replaced: names say what it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "host/channel_uv.h"
#include "host/resolver_client_uv.h"
#include "host/resolver_process.h"
#include "host/resolver_process_uv.h"

static const uint8_t four[4] = {198, 18, 0, 1};
static bool sockets_refused;

int socket(int family, int type, int protocol)
{
	if (!sockets_refused)
		return (int)syscall(SYS_socket, family, type, protocol);
	errno = EPERM;
	return -1;
}

/* "silent": does not return. "crash": ends the process. "some": an address. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	struct addrinfo *entry;
	struct sockaddr_in *in;

	(void)service;
	(void)hints;
	*out = NULL;
	if (strncmp(name, "silent", 6) == 0)
		for (;;)
			pause();
	if (strncmp(name, "crash", 5) == 0)
		_exit(77);
	if (strncmp(name, "some", 4) != 0)
		return EAI_NONAME;
	entry = calloc(1, sizeof(*entry) + sizeof(*in));
	in = (void *)(entry + 1);
	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, four, 4);
	entry->ai_addr = (void *)in;
	*out = entry;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	free(list);
}

/* fd: the socket, -1: a client has it. pid: 0: was awaited */
struct fixture {
	uv_loop_t loop;
	pid_t pid;
	int fd;
	struct xt_resolver_process *process;
	struct xt_resolver *resolver;
	unsigned answered, found, closed;
	uint64_t ids;
	struct xt_endpoint first;
	char why[160];
};

static void on_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct fixture *f = ctx;

	f->answered++;
	uv_stop(&f->loop); /* or the loop would wait for what comes next */
	f->ids += answer->id;
	f->found += answer->n > 0;
	if (answer->n)
		f->first = answer->v[0];
	snprintf(f->why, sizeof(f->why), "%s", answer->why ? answer->why : "");
}

static void on_closed(void *ctx)
{
	struct fixture *f = ctx;

	f->closed++;
}

/* A program of its own: libuv must not have been in use where the process begins. */
static void begin(struct fixture *f, const char *lock)
{
	int pair[2];
	char number[16];

	memset(f, 0, sizeof(*f));
	assert_int_equal(xt_channel_pair(pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		snprintf(number, sizeof(number), "%d", fcntl(pair[1], F_DUPFD, 100));
		execl("/proc/self/exe", "test_resolver_process", number, lock, NULL);
		_exit(98);
	}
	close(pair[1]);
	f->fd = pair[0];
	assert_int_equal(uv_loop_init(&f->loop), 0);
}

static void connect_client(struct fixture *f)
{
	struct xt_resolver_callbacks callbacks = {
	    .ctx = f, .answered = on_answered, .closed = on_closed};

	assert_int_equal(xt_resolver_process_open(&f->process, &f->loop, f->fd), 0);
	f->fd = -1;
	callbacks.process = f->process;
	assert_int_equal(xt_resolver_new(&f->resolver, &f->loop, &callbacks), 0);
}

static void begin_client(struct fixture *f)
{
	begin(f, "none");
	connect_client(f);
}

static void ask(struct fixture *f, uint32_t id, const char *host, unsigned families)
{
	const struct xt_resolver_question question = {.id = id, .host = host, .families = families};
	unsigned answered = f->answered;

	assert_int_equal(xt_resolver_ask(f->resolver, &question), 0);
	assert_int_equal(f->answered, answered);
}

static void answers_await(struct fixture *f, unsigned n)
{
	while (f->answered < n)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->answered, n);
}

/* The exit status, which is awaited for ten seconds; -1: a signal. */
static int process_await(struct fixture *f)
{
	int status = 0;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(f->pid, &status, WNOHANG) == f->pid) {
			f->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(10000);
	}
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
	return -2;
}

static int finish(struct fixture *f)
{
	if (f->resolver)
		xt_resolver_stop(f->resolver);
	xt_resolver_process_close(f->process);
	if (f->fd >= 0)
		close(f->fd);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(f->closed, f->resolver ? 1 : 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	return f->pid ? process_await(f) : 0;
}

static void names_are_answered_with_their_addresses_or_the_reason(void **state)
{
	struct fixture f;

	(void)state;
	begin_client(&f);
	ask(&f, 7, "some.test", 3);
	answers_await(&f, 1);
	assert_int_equal(f.ids, 7);
	assert_int_equal(f.first.ip.family, 4);
	assert_memory_equal(f.first.ip.b, four, 4);
	ask(&f, 8, "none.test", 3);
	answers_await(&f, 2);
	assert_string_equal(f.why, "no such host");
	ask(&f, 9, "some.test", 2);
	answers_await(&f, 3);
	assert_string_equal(f.why, "no address of a family that this host has");
	assert_int_equal(finish(&f), 0);
}

static void of_many_questions_none_is_lost(void **state)
{
	struct fixture f;
	char name[32];

	(void)state;
	begin_client(&f);
	for (uint32_t i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%s%u.test", i % 2 ? "some" : "none", i);
		ask(&f, i, name, 3);
	}
	answers_await(&f, 500);
	assert_int_equal(f.found, 250);
	assert_int_equal(f.ids, 500 * 499 / 2);
	assert_int_equal(finish(&f), 0);
}

static void a_silent_name_server_holds_up_neither_others_nor_the_end(void **state)
{
	uint64_t start = uv_hrtime();
	struct fixture f;

	(void)state;
	begin_client(&f);
	ask(&f, 1, "silent.test", 3);
	ask(&f, 100, "some.test", 3);
	ask(&f, 1000, "none.test", 3);
	answers_await(&f, 2);
	assert_int_equal(f.ids, 1100);
	for (uint32_t i = 0; i < 8; i++)
		ask(&f, i, "silent.test", 3);
	assert_int_equal(finish(&f), 0);
	assert_true(uv_hrtime() - start < 5000000000u);
}

static void names_that_are_no_names_are_answered(void **state)
{
	char name[XT_RESOLVER_NAME_MAX + 2];
	struct fixture f;

	(void)state;
	begin_client(&f);
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ask(&f, 1, name, 3);
	ask(&f, 2, "", 3);
	answers_await(&f, 2);
	assert_string_equal(f.why, "no such host");
	assert_int_equal(finish(&f), 0);
}

/* --- sockets that the monitor opens --- */

/* A name server that knows one address of each name. */
struct name_server {
	uv_udp_t udp;
	uint8_t buf[512];
	unsigned questions;
	struct xt_endpoint address;
};

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct name_server *server = handle->data;

	(void)hint;
	*buf = uv_buf_init((char *)server->buf, sizeof(server->buf));
}

static void on_question(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
			unsigned flags)
{
	static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9};
	struct name_server *server = udp->data;
	uint8_t reply[600];
	uv_buf_t out;
	bool v4;

	(void)buf;
	(void)flags;
	if (n < 16 || !from)
		return;
	server->questions++;
	v4 = server->buf[n - 3] == 1; /* type A */
	memcpy(reply, server->buf, (size_t)n);
	reply[2] = 0x81;
	reply[3] = 0x80;
	reply[7] = v4;
	memcpy(reply + n, record, sizeof(record));
	out = uv_buf_init((char *)reply, (unsigned)n + (v4 ? (unsigned)sizeof(record) : 0u));
	assert_true(uv_udp_try_send(udp, &out, 1, from) > 0);
}

static void name_server_open(struct name_server *server, uv_loop_t *loop)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int len = sizeof(in);

	memset(server, 0, sizeof(*server));
	assert_int_equal(uv_udp_init(loop, &server->udp), 0);
	server->udp.data = server;
	assert_int_equal(uv_udp_bind(&server->udp, (const void *)&in, 0), 0);
	assert_int_equal(uv_udp_getsockname(&server->udp, (void *)&in, &len), 0);
	server->address.ip.family = 4;
	memcpy(server->address.ip.b, &in.sin_addr, 4);
	server->address.port = ntohs(in.sin_port);
	assert_int_equal(uv_udp_recv_start(&server->udp, on_alloc, on_question), 0);
}

static void a_question_beside_the_tunnel_uses_the_monitor_s_sockets(void **state)
{
	struct xt_resolver_question question = {.id = 5, .host = "beside.test", .families = 3};
	struct xt_dns_servers servers = {.n = 1};
	struct name_server server;
	struct fixture f;

	(void)state;
	begin(&f, "sockets"); /* it has no right to open any */
	connect_client(&f);
	name_server_open(&server, &f.loop);
	servers.v[0] = server.address;
	question.servers = &servers;
	for (unsigned i = 1; i <= 40; i++) {
		assert_int_equal(xt_resolver_ask(f.resolver, &question), 0);
		if (i % 20 == 0)
			answers_await(&f, i);
	}
	assert_int_equal(f.found, 40);
	assert_int_equal(server.questions, 80); /* AAAA and A */
	assert_int_equal(f.first.ip.b[0], 203);
	assert_int_equal(f.first.port, 0);
	uv_close((uv_handle_t *)&server.udp, NULL);
	assert_int_equal(finish(&f), 0);
}

/* --- ends --- */

static void a_crash_is_answered_and_later_questions_too(void **state)
{
	struct fixture f;

	(void)state;
	begin_client(&f);
	ask(&f, 1, "silent.test", 3);
	ask(&f, 2, "crash.test", 3);
	answers_await(&f, 2);
	assert_string_equal(f.why, "the resolver process cannot be asked");
	ask(&f, 3, "some.test", 3);
	answers_await(&f, 3);
	assert_string_equal(f.why, "the resolver process cannot be asked");
	assert_int_equal(finish(&f), 77);
}

static void the_process_ends_with_its_socket_whatever_it_does(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "none");
	close(f.fd);
	f.fd = -1;
	assert_int_equal(finish(&f), 0);
	begin_client(&f);
	ask(&f, 1, "silent.test", 3);
	uv_run(&f.loop, UV_RUN_NOWAIT);
	assert_int_equal(finish(&f), 0);
}

static void a_terminal_s_signals_do_not_end_it(void **state)
{
	struct fixture f;

	(void)state;
	begin_client(&f);
	ask(&f, 1, "some.test", 3);
	answers_await(&f, 1);
	kill(f.pid, SIGINT);
	kill(f.pid, SIGTERM);
	ask(&f, 2, "some.test", 3);
	answers_await(&f, 2);
	assert_int_equal(f.found, 2);
	assert_int_equal(finish(&f), 0);
}

static void without_its_lock_it_serves_nothing(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "fails");
	connect_client(&f);
	ask(&f, 1, "some.test", 3);
	answers_await(&f, 1);
	assert_int_equal(f.found, 0);
	assert_int_equal(finish(&f), 1);
}

static void forgotten_questions_are_not_answered(void **state)
{
	struct fixture f;

	(void)state;
	begin_client(&f);
	for (uint32_t i = 0; i < 50; i++)
		ask(&f, i, "some.test", 3);
	uv_run(&f.loop, UV_RUN_NOWAIT);
	f.answered = 0;
	assert_int_equal(finish(&f), 0);
	assert_int_equal(f.answered, 0);
}

/* --- hostile messages --- */

/* As channel_uv.c writes a message of one packet. */
static void packet_send(int fd, uint32_t kind, uint32_t serial, const void *data, size_t len)
{
	const uint32_t head[4] = {kind, serial, (uint32_t)len, 0};
	uint8_t packet[4096];

	memcpy(packet, head, sizeof(head));
	if (len > 0)
		memcpy(packet + sizeof(head), data, len);
	(void)send(fd, packet, sizeof(head) + len, MSG_NOSIGNAL);
}

static void malformed(uint32_t kind, const void *data, size_t len)
{
	struct fixture f;

	begin(&f, "none");
	packet_send(f.fd, kind, 1, data, len);
	assert_int_equal(process_await(&f), 1);
	assert_int_equal(finish(&f), 0);
}

static void a_malformed_question_ends_the_process(void **state)
{
	static const char nul[] = "\3\0\0\0some\0.test", long_name[4 + XT_RESOLVER_NAME_MAX + 1];

	(void)state;
	malformed(0, "\3\0\0\0some.test", 13);
	malformed(2, "\3\0\0\0some.test", 13);
	malformed(XT_RESOLVER_QUESTION, NULL, 0);
	malformed(XT_RESOLVER_QUESTION, "\3\0\0\0", 4);
	malformed(XT_RESOLVER_QUESTION, nul, sizeof(nul) - 1);
	malformed(XT_RESOLVER_QUESTION, long_name, sizeof(long_name));
}

/* A client whose process is this test: it answers the first question so. */
static void hostile_answer(uint32_t serial, const void *data, size_t len)
{
	struct xt_resolver_callbacks callbacks = {.answered = on_answered, .closed = on_closed};
	struct fixture f = {.fd = -1};
	uint8_t packet[4096];
	int pair[2];

	callbacks.ctx = &f;
	assert_int_equal(xt_channel_pair(pair), 0);
	assert_int_equal(uv_loop_init(&f.loop), 0);
	assert_int_equal(xt_resolver_process_open(&f.process, &f.loop, pair[0]), 0);
	callbacks.process = f.process;
	assert_int_equal(xt_resolver_new(&f.resolver, &f.loop, &callbacks), 0);
	ask(&f, 1, "some.test", 1);
	while (recv(pair[1], packet, sizeof(packet), 0) < 0)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	packet_send(pair[1], XT_RESOLVER_QUESTION, serial, data, len);
	answers_await(&f, 1);
	assert_int_equal(f.found, 0);
	assert_string_equal(f.why, "the resolver process cannot be asked");
	close(pair[1]);
	assert_int_equal(finish(&f), 0);
}

static void an_answer_that_cannot_be_is_not_used(void **state)
{
	struct xt_resolver_reply good = {.n = 1}, bad;

	(void)state;
	good.v[0].ip.family = 4;
	hostile_answer(2, &good, sizeof(good)); /* of no question */
	hostile_answer(1, &good, sizeof(good) - 1);
	hostile_answer(1, NULL, 0);
	bad = good;
	bad.n = XT_RESOLVER_ADDRESSES + 1;
	hostile_answer(1, &bad, sizeof(bad));
	bad = good;
	bad.v[0].ip.family = 6; /* was not asked for */
	hostile_answer(1, &bad, sizeof(bad));
	bad.v[0].ip.family = 200;
	hostile_answer(1, &bad, sizeof(bad));
	bad = good;
	memset(bad.why, 'x', sizeof(bad.why));
	hostile_answer(1, &bad, sizeof(bad));
}

/* --- the process --- */

static int lock_fails(void *ctx)
{
	(void)ctx;
	return -1;
}

/* From then on no socket of this process can be opened. */
static int lock_sockets(void *ctx)
{
	(void)ctx;
	sockets_refused = true;
	return 0;
}

static int serve(int fd, const char *lock)
{
	if (strcmp(lock, "fails") == 0)
		return xt_resolver_serve(fd, lock_fails, NULL);
	return xt_resolver_serve(fd, strcmp(lock, "sockets") == 0 ? lock_sockets : NULL, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_answered_with_their_addresses_or_the_reason),
	    cmocka_unit_test(of_many_questions_none_is_lost),
	    cmocka_unit_test(a_silent_name_server_holds_up_neither_others_nor_the_end),
	    cmocka_unit_test(names_that_are_no_names_are_answered),
	    cmocka_unit_test(a_question_beside_the_tunnel_uses_the_monitor_s_sockets),
	    cmocka_unit_test(a_crash_is_answered_and_later_questions_too),
	    cmocka_unit_test(the_process_ends_with_its_socket_whatever_it_does),
	    cmocka_unit_test(a_terminal_s_signals_do_not_end_it),
	    cmocka_unit_test(without_its_lock_it_serves_nothing),
	    cmocka_unit_test(forgotten_questions_are_not_answered),
	    cmocka_unit_test(a_malformed_question_ends_the_process),
	    cmocka_unit_test(an_answer_that_cannot_be_is_not_used),
	};

	if (argc == 3)
		_exit(serve(atoi(argv[1]), argv[2]));
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
