/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* Requests to the host: each is answered once, with a descriptor, bytes or an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "host/request.h"
#include "test_main.h"

static char dir[64];

struct seen {
	uv_loop_t uv;
	struct xt_conf conf;
	struct xt_requests *requests;
	unsigned answers;
	struct xt_reply reply; /* the last one */
	char text[320];
};

static int listen_at(const char *path)
{
	return strcmp(path, "/here") == 0 ? 77 : -EADDRINUSE;
}

static void on_reply(void *ctx, const struct xt_reply *reply)
{
	struct seen *seen = ctx;

	seen->answers++;
	seen->reply = *reply;
	snprintf(seen->text, sizeof(seen->text), "%s", reply->text ? reply->text : "");
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
	struct xt_requests_options options = {.conf = &seen->conf, .listen = listen_at};
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

static void a_listening_socket_comes_back_as_a_descriptor(void **state)
{
	struct seen *seen = *state;

	ask(seen, &(struct xt_request){.kind = XT_REQUEST_LISTEN, .path = "/here"}, on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(seen->reply.fd, 77);
	ask(seen, &(struct xt_request){.kind = XT_REQUEST_LISTEN, .path = "/there"}, on_reply);
	assert_int_equal(seen->reply.error, -EADDRINUSE);
}

static void only_the_socket_that_was_bound_is_removed(void **state)
{
	struct seen *seen = *state;
	struct xt_request request = {.kind = XT_REQUEST_SOCKET_REMOVE};
	struct stat st;
	char path[100];

	snprintf(path, sizeof(path), "%s/left.sock", dir);
	fclose(fopen(path, "w"));
	assert_int_equal(stat(path, &st), 0);
	request.socket.path = path;
	request.socket.dev = st.st_dev;
	request.socket.ino = st.st_ino + 1;
	ask(seen, &request, on_reply);
	assert_int_equal(seen->reply.error, -ENOENT);
	assert_int_equal(access(path, F_OK), 0);
	request.socket.ino = st.st_ino;
	ask(seen, &request, on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void the_run_directory_is_made_or_refused(void **state)
{
	struct seen *seen = *state;
	struct xt_request request = {.kind = XT_REQUEST_RUN_DIRECTORY};
	struct stat st;
	char path[100];

	snprintf(path, sizeof(path), "%s/run", dir);
	request.path = path;
	ask(seen, &request, on_reply);
	assert_int_equal(seen->reply.error, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 022, 0);
	chmod(path, 0777);
	ask(seen, &request, on_reply);
	assert_int_equal(seen->reply.error, -EPERM);
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(a_listening_socket_comes_back_as_a_descriptor),
	  T(only_the_socket_that_was_bound_is_removed), T(the_run_directory_is_made_or_refused),
	  T(udp_sockets_come_back_bound), T(the_running_state_goes_into_the_configuration_file),
	  T(hooks_are_named_by_their_list), T(a_cancelled_hook_is_answered),
	  T(a_bound_is_read_back_after_it_was_written),
	  T(bounds_after_the_first_are_written_apart_from_the_loop),
	  T(records_of_peers_are_read_back), T(a_key_log_that_others_can_read_is_refused),
	  T(names_are_resolved_until_cancelled))
