/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* A reload whose file is read by one process, and compared by another. */
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

#include "base/bytes.h"
#include "host/reload_compare_uv.h"
#include "host/request_wire.h"
#include "test_main.h"

#define KEY_A "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
#define KEY_B "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

/* conf     in force in the process that carries requests out
 * message  the answer to RELOAD_READ, as another process gets it */
struct host {
	char dir[64], path[96];
	uv_loop_t uv;
	struct xt_conf conf;
	struct xt_requests *requests;
	unsigned answers;
	int error;
	struct xt_reload *reload;
	struct xt_secbuf message;
};

static void on_reply(void *ctx, const struct xt_reply *reply)
{
	struct host *host = ctx;

	host->answers++;
	host->error = reply->error;
}

static void on_read(void *ctx, const struct xt_reply *reply)
{
	struct host *host = ctx;
	int fds[XT_WIRE_FDS];
	size_t n_fds;

	on_reply(ctx, reply);
	host->reload = reply->reload;
	xt_secbuf_clear(&host->message);
	host->message = XT_SECBUF_INIT(XT_SECBUF_MAX);
	assert_int_equal(
	    xt_reply_encode(&host->message, fds, &n_fds, XT_REQUEST_RELOAD_READ, reply), 0);
	assert_int_equal(n_fds, 0);
}

static int ask(struct host *host, const struct xt_request *request)
{
	unsigned before = host->answers;

	xt_request(host->requests, request,
		   request->kind == XT_REQUEST_RELOAD_READ ? on_read : on_reply, host);
	while (host->answers == before)
		uv_run(&host->uv, UV_RUN_ONCE);
	return host->error;
}

static int ask_kind(struct host *host, enum xt_request_kind kind)
{
	return ask(host, &(struct xt_request){.kind = kind});
}

static int ask_step(struct host *host, enum xt_reload_step step)
{
	return ask(host, &(struct xt_request){.kind = XT_REQUEST_RELOAD_STEP, .reload.step = step});
}

static void file_write(struct host *host, const char *text)
{
	FILE *file = fopen(host->path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(host->path, 0600);
}

static int setup(void **state)
{
	struct host *host = calloc(1, sizeof(*host));
	struct xt_requests_options options = {
	    .conf = &host->conf, .update = &host->conf, .ready = -1};
	struct xt_conf_diagnostics diagnostics = {0};

	strcpy(host->dir, "/tmp/xt-reload-XXXXXX");
	assert_non_null(mkdtemp(host->dir));
	snprintf(host->path, sizeof(host->path), "%s/left.conf", host->dir);
	setenv("XT_STATE_DIR", host->dir, 1);
	file_write(host, "[Interface]\nPrivateKey = " KEY_A "\n");
	assert_int_equal(xt_conf_load(&host->conf, host->path, &diagnostics), 0);
	xt_conf_diagnostics_clear(&diagnostics);
	assert_int_equal(uv_loop_init(&host->uv), 0);
	assert_int_equal(xt_requests_open(&host->requests, &host->uv, &options), 0);
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	struct host *host = *state;
	char command[96];

	ask_kind(host, XT_REQUEST_RELOAD_END);
	ask_kind(host, XT_REQUEST_LINK_UNDO);
	uv_run(&host->uv, UV_RUN_DEFAULT);
	assert_true(xt_requests_close(host->requests));
	assert_int_equal(uv_loop_close(&host->uv), 0);
	xt_conf_clear(&host->conf);
	xt_secbuf_clear(&host->message);
	snprintf(command, sizeof(command), "rm -r %s", host->dir);
	free(host);
	return system(command);
}

static const uint8_t zeros[32];

static void the_keys_are_there_only_until_they_were_sent(void **state)
{
	struct host *host = *state;
	struct xt_reply_box box;

	assert_int_equal(ask_kind(host, XT_REQUEST_STATE), 0);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), 0);
	assert_memory_equal(host->reload->file.private_key.b, zeros, 32);
	assert_int_equal(xt_reply_decode(&box, XT_REQUEST_RELOAD_READ, host->message.p,
					 host->message.len, NULL, 0),
			 0);
	assert_memory_not_equal(box.reply.reload->file.private_key.b, zeros, 32);
	assert_true(box.reply.reload->accepted);
	xt_reply_box_clear(&box);
}

static void steps_out_of_order_are_refused(void **state)
{
	struct host *host = *state;

	assert_int_equal(ask_step(host, XT_RELOAD_FIREWALL), XT_E_INVALID);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_COMMIT), XT_E_INVALID);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), -ENOENT); /* without a host */
	assert_int_equal(ask_kind(host, XT_REQUEST_STATE), 0);
	xt_request(host->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_READ}, on_read,
		   host);
	host->answers = 0;
	xt_request(host->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_COMMIT}, on_reply,
		   host);
	assert_int_equal(host->answers, 1); /* the file is being read */
	assert_int_equal(host->error, XT_E_INVALID);
	xt_request(host->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_END}, on_reply,
		   host);
	assert_int_equal(host->error, XT_E_INVALID);
	while (host->answers < 3)
		uv_run(&host->uv, UV_RUN_ONCE);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), XT_E_INVALID);
	assert_int_equal(ask_step(host, XT_RELOAD_LINK), XT_E_INVALID);
	assert_int_equal(ask_step(host, XT_RELOAD_FIREWALL), 0);
	assert_int_equal(ask_step(host, XT_RELOAD_FIREWALL), XT_E_INVALID);
	assert_int_equal(ask_step(host, XT_RELOAD_LINK), 0);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_COMMIT), 0);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_COMMIT), XT_E_INVALID);
	assert_int_equal(ask_step(host, XT_RELOAD_DNS), XT_E_INVALID);
}

static void a_commit_puts_the_file_in_force(void **state)
{
	struct host *host = *state;

	assert_int_equal(ask_kind(host, XT_REQUEST_STATE), 0);
	file_write(host, "[Interface]\nPrivateKey = " KEY_A "\nListenPort = 7\n");
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), 0);
	assert_int_equal(host->conf.listen_port, 0);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_COMMIT), 0);
	assert_int_equal(host->conf.listen_port, 7);
	assert_string_equal(host->conf.name, "left");
	assert_string_equal(host->conf.path, host->path);
	assert_memory_equal(host->conf.private_key.b, zeros, 32);
}

static void a_file_with_a_fault_is_never_in_force(void **state)
{
	struct host *host = *state;

	assert_int_equal(ask_kind(host, XT_REQUEST_STATE), 0);
	file_write(host, "[Interface]\nListenPort = x\n");
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), XT_E_SYNTAX);
	assert_non_null(host->reload->findings);
	assert_false(host->reload->accepted);
	assert_int_equal(ask_step(host, XT_RELOAD_FIREWALL), XT_E_INVALID);
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_COMMIT), XT_E_INVALID);
	assert_true(host->conf.has_key);
}

/* --- the other process --- */

struct compared {
	unsigned n;
	int error;
	struct xt_reload *reload;
};

static void on_compared(void *ctx, int error, struct xt_reload *reload)
{
	struct compared *compared = ctx;

	*compared = (struct compared){compared->n + 1, error, reload};
}

static void the_file_is_compared_where_the_device_is(void **state)
{
	struct host *host = *state;
	struct xt_reload_comparison *comparison;
	struct xt_reload_comparison_options options = {.running.conf = &host->conf};
	struct xt_report *report = calloc(1, sizeof(*report));
	struct compared compared = {0};
	struct xt_reload_hints hints;
	struct xt_reply_box box;

	report->has_key = true;
	report->private_key = host->conf.private_key;
	options.running.report = report;
	assert_int_equal(ask_kind(host, XT_REQUEST_STATE), 0);
	file_write(host, "[Interface]\nPrivateKey = " KEY_A "\nDNS = 10.7.0.53\n[Peer]\n"
			 "PublicKey = " KEY_B "\n");
	assert_int_equal(ask_kind(host, XT_REQUEST_RELOAD_READ), 0);
	assert_int_equal(xt_reply_decode(&box, XT_REQUEST_RELOAD_READ, host->message.p,
					 host->message.len, NULL, 0),
			 0);
	assert_int_equal(xt_reload_comparison_start(&comparison, &host->uv, box.reply.reload,
						    &options, on_compared, &compared),
			 0);
	box.reply.reload = NULL; /* taken */
	xt_reply_box_clear(&box);
	while (compared.n == 0)
		uv_run(&host->uv, UV_RUN_ONCE);
	assert_int_equal(compared.error, 0);
	xt_reload_hints_set(&hints, &compared.reload->diff);
	assert_true(hints.keys[XT_KEY_DNS]);
	assert_true(hints.peers);
	assert_false(hints.keys[XT_KEY_PRIVATE_KEY]);
	assert_memory_equal(compared.reload->file.private_key.b, zeros, 32);
	xt_reload_comparison_end(comparison);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(the_keys_are_there_only_until_they_were_sent), T(steps_out_of_order_are_refused),
	  T(a_commit_puts_the_file_in_force), T(a_file_with_a_fault_is_never_in_force),
	  T(the_file_is_compared_where_the_device_is))
