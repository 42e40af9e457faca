/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* Requests to the host: each is answered once, with a descriptor, bytes or an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "host/handover.h"
#include "host/request.h"
#include "test_main.h"

static char dir[64];

struct seen {
	uv_loop_t uv;
	struct xt_conf conf;
	struct xt_requests *requests;
	unsigned answers;
	struct xt_reply reply; /* the last one */
	char text[320], remedy[160];
	unsigned lost[XT_SOCKETS]; /* attempts reported last */
	unsigned events;
};

static int run_directory(char path[XT_REQUEST_PATH_MAX])
{
	snprintf(path, XT_REQUEST_PATH_MAX, "%s/run", dir);
	return 0;
}

static bool socket_path(char path[XT_REQUEST_PATH_MAX], enum xt_host_socket which, const char *name)
{
	return strcmp(name, "left") == 0 &&
	       snprintf(path, XT_REQUEST_PATH_MAX, "%s/%s.%d", dir, name, (int)which) > 0;
}

/* A plain file stands for the socket. */
static int listen_at(const char *path, struct stat *id)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 || fstat(fd, id) < 0 ? -errno : fd;
}

static void on_event(void *ctx, const struct xt_host_event *event)
{
	struct seen *seen = ctx;

	assert_int_equal(event->kind, XT_HOST_SOCKET_LOST);
	seen->events++;
	seen->lost[event->lost.which] = event->lost.attempt;
}

static void on_reply(void *ctx, const struct xt_reply *reply)
{
	struct seen *seen = ctx;

	seen->answers++;
	seen->reply = *reply;
	snprintf(seen->text, sizeof(seen->text), "%s", reply->text ? reply->text : "");
}

static void on_directory(void *ctx, const struct xt_reply *reply)
{
	struct seen *seen = ctx;

	on_reply(ctx, reply);
	snprintf(seen->remedy, sizeof(seen->remedy), "%s", reply->text ? reply->remedy : "");
}

static void on_name(void *ctx, const struct xt_reply *reply)
{
	struct seen *seen = ctx;

	on_reply(ctx, reply);
	snprintf(seen->text, sizeof(seen->text), "%u",
		 reply->resolved.n ? (unsigned)reply->resolved.v[0].ip.b[0] : 0);
}

static void ask(struct seen *seen, const struct xt_request *request, xt_request_done *done)
{
	unsigned before = seen->answers;

	xt_request(seen->requests, request, done, seen);
	while (seen->answers == before)
		assert_true(uv_run(&seen->uv, UV_RUN_ONCE) || seen->answers > before);
	assert_int_equal(seen->answers, before + 1);
}

static int setup(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct xt_requests_options options = {.conf = &seen->conf,
					      .ready = -1,
					      .event = on_event,
					      .ctx = seen,
					      .directory = run_directory,
					      .socket = socket_path,
					      .listen = listen_at};
	char *path = malloc(128);

	strcpy(dir, "/tmp/xt-request-XXXXXX");
	assert_non_null(mkdtemp(dir));
	setenv("XT_STATE_DIR", dir, 1);
	snprintf(path, 128, "%s/left.conf", dir);
	strcpy(seen->conf.name, "left");
	seen->conf.path = path;
	assert_int_equal(uv_loop_init(&seen->uv), 0);
	assert_int_equal(xt_requests_open(&seen->requests, &seen->uv, &options), 0);
	*state = seen;
	return 0;
}

static int teardown(void **state)
{
	struct seen *seen = *state;
	char command[128];

	assert_true(xt_requests_close(seen->requests));
	uv_run(&seen->uv, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&seen->uv), 0);
	xt_conf_clear(&seen->conf);
	free(seen);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void listen_ask(struct seen *seen, enum xt_host_socket which, bool removal)
{
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_LISTEN,
				 .listen = {.which = which, .removal = removal}},
	    on_reply);
	if (seen->reply.error == 0)
		close(seen->reply.fd);
}

static void remove_ask(struct seen *seen, enum xt_host_socket which)
{
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_SOCKET_REMOVE, .listen = {.which = which}},
	    on_reply);
}

static bool path_exists(enum xt_host_socket which)
{
	char path[XT_REQUEST_PATH_MAX];

	return socket_path(path, which, "left") && access(path, F_OK) == 0;
}

static void path_unlink(enum xt_host_socket which)
{
	char path[XT_REQUEST_PATH_MAX];

	assert_true(socket_path(path, which, "left"));
	assert_int_equal(unlink(path), 0);
}

static void a_listening_socket_is_named_by_its_use(void **state)
{
	struct seen *seen = *state;

	listen_ask(seen, XT_SOCKET_UAPI, false);
	assert_int_equal(seen->reply.error, 0);
	assert_true(path_exists(XT_SOCKET_UAPI));
	assert_false(path_exists(XT_SOCKET_CONTROL));
	listen_ask(seen, XT_SOCKET_UAPI, false);
	assert_int_equal(seen->reply.error, -EEXIST);
	strcpy(seen->conf.name, "far");
	listen_ask(seen, XT_SOCKET_CONTROL, false);
	assert_int_equal(seen->reply.error, -ENAMETOOLONG);
	strcpy(seen->conf.name, "left");
	remove_ask(seen, XT_SOCKET_UAPI);
	assert_int_equal(seen->reply.error, 0);
	assert_false(path_exists(XT_SOCKET_UAPI));
}

static void a_socket_that_listens_already_is_removed_too(void **state)
{
	struct seen *seen = *state;
	char path[XT_REQUEST_PATH_MAX];
	struct stat id;

	assert_true(socket_path(path, XT_SOCKET_UAPI, "left"));
	int fd = listen_at(path, &id);
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_LISTEN,
				 .listen = {.which = XT_SOCKET_UAPI, .fd = fd}},
	    on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(seen->reply.fd, fd);
	remove_ask(seen, XT_SOCKET_UAPI);
	assert_false(path_exists(XT_SOCKET_UAPI));
	close(fd);
}

static void only_the_socket_that_was_made_is_removed(void **state)
{
	struct seen *seen = *state;
	char path[XT_REQUEST_PATH_MAX], other[XT_REQUEST_PATH_MAX + 2];
	struct stat id;

	remove_ask(seen, XT_SOCKET_CONTROL);
	assert_int_equal(seen->reply.error, -ENOENT);
	assert_true(socket_path(path, XT_SOCKET_CONTROL, "left"));
	snprintf(other, sizeof(other), "%s.2", path);
	listen_ask(seen, XT_SOCKET_CONTROL, false);
	close(listen_at(other, &id)); /* its number differs: both exist */
	assert_int_equal(rename(other, path), 0);
	remove_ask(seen, XT_SOCKET_CONTROL);
	assert_int_equal(seen->reply.error, -ENOENT);
	assert_true(path_exists(XT_SOCKET_CONTROL));
	path_unlink(XT_SOCKET_CONTROL);
}

static void events_await(struct seen *seen, unsigned n)
{
	while (seen->events < n)
		uv_run(&seen->uv, UV_RUN_ONCE);
	assert_int_equal(seen->events, n);
}

static void a_socket_that_is_lost_is_reported_until_it_is_made_again(void **state)
{
	struct seen *seen = *state;

	listen_ask(seen, XT_SOCKET_CONTROL, false);
	listen_ask(seen, XT_SOCKET_UAPI, false);
	path_unlink(XT_SOCKET_UAPI);
	events_await(seen, 1);
	assert_int_equal(seen->lost[XT_SOCKET_UAPI], 1);
	assert_int_equal(seen->lost[XT_SOCKET_CONTROL], 0);
	events_await(seen, 2); /* some seconds later */
	assert_int_equal(seen->lost[XT_SOCKET_UAPI], 2);
	listen_ask(seen, XT_SOCKET_UAPI, false);
	assert_int_equal(seen->reply.error, 0);
	path_unlink(XT_SOCKET_UAPI);
	events_await(seen, 3);
	assert_int_equal(seen->lost[XT_SOCKET_UAPI], 1);
	remove_ask(seen, XT_SOCKET_UAPI);
	remove_ask(seen, XT_SOCKET_CONTROL);
}

static void a_drop_in_hears_of_the_removal_alone(void **state)
{
	struct seen *seen = *state;
	char path[XT_REQUEST_PATH_MAX], other[XT_REQUEST_PATH_MAX + 2];

	assert_true(socket_path(path, XT_SOCKET_UAPI, "left"));
	snprintf(other, sizeof(other), "%s.2", path);
	listen_ask(seen, XT_SOCKET_UAPI, true);
	assert_int_equal(rename(path, other), 0);
	for (int i = 0; i < 3; i++)
		uv_run(&seen->uv, UV_RUN_NOWAIT);
	assert_int_equal(seen->events, 0);
	assert_int_equal(unlink(other), 0);
	events_await(seen, 1);
	remove_ask(seen, XT_SOCKET_UAPI);
}

static void the_run_directory_is_made_or_refused(void **state)
{
	struct seen *seen = *state;
	struct xt_request request = {.kind = XT_REQUEST_RUN_DIRECTORY};
	struct stat st;
	char path[XT_REQUEST_PATH_MAX];

	run_directory(path);
	ask(seen, &request, on_directory);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 022, 0);
	chmod(path, 0777);
	ask(seen, &request, on_directory);
	assert_int_equal(seen->reply.error, -EPERM);
	assert_non_null(strstr(seen->text, "other users may write"));
	assert_non_null(strstr(seen->remedy, path));
}

static void udp_sockets_come_back_bound(void **state)
{
	struct seen *seen = *state;
	struct xt_udp_sockets sockets;

	ask(seen, &(struct xt_request){.kind = XT_REQUEST_UDP_OPEN}, on_reply);
	assert_int_equal(seen->reply.error, 0);
	sockets = seen->reply.udp;
	assert_true(sockets.port != 0);
	assert_true(sockets.fd[0] >= 0 || sockets.fd[1] >= 0);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_UDP_OPEN, .udp.port = sockets.port},
	    on_reply);
	assert_int_equal(seen->reply.error, -EADDRINUSE);
	xt_udp_sockets_close(&sockets);
}

static struct xt_report *report_new(void)
{
	struct xt_report *report = calloc(1, sizeof(*report));

	assert_non_null(report);
	report->peers = calloc(1, sizeof(*report->peers));
	report->allowed = calloc(1, sizeof(*report->allowed));
	report->listen_port = 7;
	return report;
}

static void the_running_state_goes_into_the_configuration_file(void **state)
{
	struct seen *seen = *state;
	struct stat st;
	char text[64] = "";
	FILE *file;

	ask(seen, &(struct xt_request){.kind = XT_REQUEST_CONF_SAVE, .save.report = report_new()},
	    on_reply);
	assert_int_equal(seen->reply.error, -ENOENT); /* only an existing file is replaced */
	file = fopen(seen->conf.path, "w");
	assert_non_null(file);
	fputs("[Interface]\nSaveConfig = false\n", file);
	fclose(file);
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_CONF_SAVE,
				 .save = {.report = report_new(), .unasked = true}},
	    on_reply);
	assert_int_equal(seen->reply.error, 0);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_CONF_SAVE, .save.report = report_new()},
	    on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(stat(seen->conf.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	file = fopen(seen->conf.path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "[Interface]\nListenPort = 7\n");
}

static void hooks_are_named_by_their_list(void **state)
{
	struct seen *seen = *state;
	struct xt_conf_hook hook = {.command = "exit 3", .line = 7};

	seen->conf.post_up = (struct xt_conf_hooks){&hook, 1};
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_HOOKS, .hooks = {.list = XT_HOOKS_PRE_UP}},
	    on_reply);
	assert_int_equal(seen->reply.error, 0);
	ask(seen,
	    &(struct xt_request){.kind = XT_REQUEST_HOOKS, .hooks = {.list = XT_HOOKS_POST_UP}},
	    on_reply);
	assert_int_equal(seen->reply.hooks.status, 3);
	assert_int_equal(seen->reply.hooks.line, 7);
	seen->conf.post_up = (struct xt_conf_hooks){0};
}

static void a_cancelled_hook_is_answered(void **state)
{
	struct seen *seen = *state;
	struct xt_conf_hook hook = {.command = "sleep 60", .line = 1};

	seen->conf.pre_up = (struct xt_conf_hooks){&hook, 1};
	xt_request(
	    seen->requests,
	    &(struct xt_request){.kind = XT_REQUEST_HOOKS, .hooks = {.list = XT_HOOKS_PRE_UP}},
	    on_reply, seen);
	xt_request_cancel(seen->requests, XT_REQUEST_HOOKS);
	uv_run(&seen->uv, UV_RUN_DEFAULT);
	assert_int_equal(seen->answers, 1);
	assert_int_equal(seen->reply.error, -ECANCELED);
	seen->conf.pre_up = (struct xt_conf_hooks){0};
}

static void a_bound_is_read_back_after_it_was_written(void **state)
{
	static const char identity[] = "0123456789abcdef0123456789abcdef";
	struct xt_request read = {.kind = XT_REQUEST_BOUND_READ, .identity = identity};
	struct seen *seen = *state;

	ask(seen, &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = 5}, on_reply);
	assert_int_equal(seen->reply.error, -EBADF); /* which identity's? */
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_true(seen->reply.bound.stored);
	assert_int_equal(seen->reply.bound.floor, 0);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = 5}, on_reply);
	assert_int_equal(seen->reply.error, 0);
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.bound.floor, 5);
	read.identity = "../left";
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.error, -EINVAL);
}

/* The first write is answered from within; the others are written by a thread, in order. */
static void bounds_after_the_first_are_written_apart_from_the_loop(void **state)
{
	static const char identity[] = "0123456789abcdef0123456789abcdef";
	struct xt_request read = {.kind = XT_REQUEST_BOUND_READ, .identity = identity};
	struct seen *seen = *state;
	unsigned before;

	ask(seen, &read, on_reply);
	before = seen->answers;
	xt_request(seen->requests, &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = 5},
		   on_reply, seen);
	assert_int_equal(seen->answers, before + 1);
	for (uint64_t bound = 6; bound < 10; bound++) {
		xt_request(seen->requests,
			   &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = bound},
			   on_reply, seen);
		assert_int_equal(seen->answers, before + bound - 5);
		while (seen->answers < before + bound - 4)
			uv_run(&seen->uv, UV_RUN_ONCE);
		assert_int_equal(seen->reply.error, 0);
	}
	/* The last one, without an answer, comes after one that is under way. */
	xt_request(seen->requests,
		   &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = 100}, on_reply,
		   seen);
	xt_request(seen->requests,
		   &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE, .bound = 11}, NULL, NULL);
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.bound.floor, 11);
}

static void records_of_peers_are_read_back(void **state)
{
	static const char identity[] = "0123456789abcdef0123456789abcdef";
	struct xt_request read = {.kind = XT_REQUEST_BOUND_READ, .identity = identity};
	struct xt_peer_memory record = {.key = {{7}}, .timestamp = {1}, .heard_wall_ns = 3};
	struct seen *seen = *state;

	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.bound.n_peers, 0);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_PEERS_WRITE, .peers = {&record, 1}},
	    on_reply);
	assert_int_equal(seen->reply.error, 0);
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.bound.n_peers, 0); /* of so long ago */
	record.heard_wall_ns = 0;
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_PEERS_WRITE, .peers = {&record, 1}},
	    on_reply);
	ask(seen, &read, on_reply);
	assert_int_equal(seen->reply.bound.n_peers, 1);
	assert_int_equal(seen->reply.bound.peers[0].timestamp[0], 1);
	free(seen->reply.bound.peers);
}

static void a_key_log_that_others_can_read_is_refused(void **state)
{
	struct seen *seen = *state;
	char path[128];

	unsetenv("WG_KEYLOGFILE");
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_KEYLOG}, on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(seen->reply.fd, -1);
	snprintf(path, sizeof(path), "%s/keys", dir);
	setenv("WG_KEYLOGFILE", path, 1);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_KEYLOG}, on_reply);
	assert_true(seen->reply.fd >= 0);
	close(seen->reply.fd);
	assert_int_equal(chmod(path, 0644), 0);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_KEYLOG}, on_reply);
	assert_int_equal(seen->reply.error, -EPERM);
	assert_non_null(strstr(seen->text, path));
	unsetenv("WG_KEYLOGFILE");
}

static void names_are_resolved_until_cancelled(void **state)
{
	struct xt_request request = {.kind = XT_REQUEST_RESOLVE,
				     .resolve = {.id = 9, .name = "localhost", .families = 1}};
	struct seen *seen = *state;

	ask(seen, &request, on_name);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(seen->reply.resolved.id, 9);
	assert_int_equal(seen->reply.resolved.n, 1);
	assert_string_equal(seen->text, "127");
	request.resolve.name = "xtunnel.invalid";
	xt_request(seen->requests, &request, on_reply, seen);
	assert_false(xt_requests_close(seen->requests)); /* a query is open */
	xt_request_cancel(seen->requests, XT_REQUEST_RESOLVE);
	uv_run(&seen->uv, UV_RUN_DEFAULT);
	assert_int_equal(seen->answers, 1);
}

/* BOUND_READ waits for the process before, and is answered whether that says its last word or has
 * ended without one. */
static void files_are_read_once_the_process_before_has_let_go(void **state)
{
	static const char identity[] = "0123456789abcdef0123456789abcdef";
	const struct xt_request read = {.kind = XT_REQUEST_BOUND_READ, .identity = identity};
	const struct xt_handover_packet gone = {.kind = XT_HANDOVER_GONE};
	struct seen *seen = *state;

	for (unsigned ended = 0; ended < 2; ended++) {
		struct xt_adoption adoption = {.tunnel = -1, .tun = -1, .state_file = -1};
		const struct xt_requests_options options = {.conf = &seen->conf,
							    .ready = -1,
							    .event = on_event,
							    .ctx = seen,
							    .directory = run_directory,
							    .socket = socket_path,
							    .listen = listen_at,
							    .adoption = &adoption};
		struct xt_handover_packet packet;
		int ends[2];

		assert_true(xt_requests_close(seen->requests));
		assert_int_equal(xt_requests_open(&seen->requests, &seen->uv, &options), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		adoption.monitor = ends[0];
		seen->answers = 0;
		xt_request(seen->requests, &read, on_reply, seen);
		assert_int_equal(seen->answers, 0);
		if (ended)
			close(ends[1]);
		xt_request(seen->requests, &(struct xt_request){.kind = XT_REQUEST_TAKE_OVER},
			   on_reply, seen);
		if (!ended) {
			assert_int_equal(xt_handover_recv(ends[1], &packet, 0), 0);
			assert_int_equal(packet.kind, XT_HANDOVER_TAKEN);
			assert_int_equal(seen->answers, 0);
			assert_int_equal(xt_handover_send(ends[1], &gone), 0);
		}
		for (unsigned i = 0; i < 100 && seen->answers < 2; i++)
			uv_run(&seen->uv, UV_RUN_NOWAIT);
		assert_int_equal(seen->answers, 2);
		assert_false(xt_requests_released(seen->requests));
		if (!ended)
			close(ends[1]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(a_listening_socket_is_named_by_its_use),
	  T(a_socket_that_listens_already_is_removed_too),
	  T(only_the_socket_that_was_made_is_removed),
	  T(a_socket_that_is_lost_is_reported_until_it_is_made_again),
	  T(a_drop_in_hears_of_the_removal_alone), T(the_run_directory_is_made_or_refused),
	  T(udp_sockets_come_back_bound), T(the_running_state_goes_into_the_configuration_file),
	  T(hooks_are_named_by_their_list), T(a_cancelled_hook_is_answered),
	  T(a_bound_is_read_back_after_it_was_written),
	  T(bounds_after_the_first_are_written_apart_from_the_loop),
	  T(records_of_peers_are_read_back), T(a_key_log_that_others_can_read_is_refused),
	  T(names_are_resolved_until_cancelled),
	  T(files_are_read_once_the_process_before_has_let_go))
