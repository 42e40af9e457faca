/* SPDX-License-Identifier: MIT */
/* layers: host base */
/* The side that asks over a channel: what was cut short is not answered, also not late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "host/channel_uv.h"
#include "host/request_remote_uv.h"
#include "host/request_wire.h"

/* requests  the side that asks
 * host      the other end, which the test answers from */
struct fixture {
	uv_loop_t uv;
	struct xt_conf conf;
	struct xt_requests *requests;
	struct xt_channel *host;
	unsigned asked, answers[XT_REQUESTS], gone;
};
struct question {
	struct fixture *f;
	enum xt_request_kind kind;
};

static void on_question(void *ctx, struct xt_channel_message *message)
{
	(void)message;
	((struct fixture *)ctx)->asked++;
}

static void on_ended(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static void on_gone(void *ctx)
{
	((struct fixture *)ctx)->gone++;
}

static void on_event(void *ctx, const struct xt_host_event *event)
{
	(void)ctx;
	(void)event;
}

static void on_answer(void *ctx, const struct xt_reply *reply)
{
	struct question *question = ctx;

	(void)reply;
	question->f->answers[question->kind]++;
}

static void fixture_open(struct fixture *f)
{
	const struct xt_channel_options host = {f, on_question, on_ended, XT_MESSAGE_MAX};
	struct xt_requests_options options = {.conf = &f->conf, .ready = -1, .event = on_event};
	int fd[2];

	*f = (struct fixture){0};
	options.ctx = f;
	assert_int_equal(uv_loop_init(&f->uv), 0);
	assert_int_equal(xt_channel_pair(fd), 0);
	assert_int_equal(xt_channel_open(&f->host, &f->uv, fd[0], &host), 0);
	assert_int_equal(xt_requests_connect(&f->requests, &f->uv, fd[1], &options, on_gone, f), 0);
}

static void fixture_close(struct fixture *f)
{
	xt_requests_close(f->requests);
	xt_channel_close(f->host);
	uv_run(&f->uv, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->uv), 0);
}

static void ask(struct question *question)
{
	const struct xt_request request = {.kind = question->kind};
	const struct xt_request read = {.kind = question->kind,
					.identity = "0123456789abcdef0123456789abcdef"};
	unsigned before = question->f->asked;

	xt_request(question->f->requests,
		   question->kind == XT_REQUEST_BOUND_READ ? &read : &request, on_answer, question);
	while (question->f->asked == before)
		uv_run(&question->f->uv, UV_RUN_ONCE);
}

static void host_answer(struct fixture *f, enum xt_request_kind kind)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_MESSAGE_MAX);
	int fds[XT_CHANNEL_FDS];
	size_t n_fds = 0;

	assert_int_equal(xt_reply_encode(&out, fds, &n_fds, kind, &(struct xt_reply){0}), 0);
	assert_int_equal(xt_channel_send(f->host, kind, 1, out.p, out.len, NULL, 0), 0);
	xt_secbuf_clear(&out);
}

/* cut is asked, then by, and the answer to cut is on its way already. */
static void late(enum xt_request_kind cut, enum xt_request_kind by)
{
	struct fixture f;
	struct question first = {&f, cut}, second = {&f, by};

	fixture_open(&f);
	ask(&first);
	ask(&second);
	host_answer(&f, cut);
	host_answer(&f, by);
	while (!f.answers[by] && !f.gone)
		uv_run(&f.uv, UV_RUN_ONCE);
	assert_int_equal(f.gone, 0);
	assert_int_equal(f.answers[cut], 0);
	if (cut == XT_REQUEST_BOUND_WRITE) {
		ask(&first);
		host_answer(&f, cut);
		while (!f.answers[cut] && !f.gone)
			uv_run(&f.uv, UV_RUN_ONCE);
	}
	assert_int_equal(f.gone, 0);
	fixture_close(&f);
}

static void remote_drops_the_answer_to_a_bound_of_the_last_identity(void **state)
{
	(void)state;
	late(XT_REQUEST_BOUND_WRITE, XT_REQUEST_BOUND_READ);
}

static void remote_drops_the_answer_to_what_an_undo_cuts_short(void **state)
{
	(void)state;
	late(XT_REQUEST_FIREWALL, XT_REQUEST_UNDO);
	late(XT_REQUEST_DNS, XT_REQUEST_UNDO);
}

/* The last bound of an identity is not answered; the one before may be. */
static void remote_drops_the_answer_to_the_bound_before_the_last(void **state)
{
	struct fixture f;
	struct question first = {&f, XT_REQUEST_BOUND_WRITE}, second = {&f, XT_REQUEST_BOUND_READ};

	(void)state;
	fixture_open(&f);
	ask(&first);
	xt_request(f.requests, &(struct xt_request){.kind = XT_REQUEST_BOUND_WRITE}, NULL, NULL);
	host_answer(&f, XT_REQUEST_BOUND_WRITE);
	ask(&second);
	host_answer(&f, XT_REQUEST_BOUND_READ);
	while (!f.answers[XT_REQUEST_BOUND_READ] && !f.gone)
		uv_run(&f.uv, UV_RUN_ONCE);
	assert_int_equal(f.gone, 0);
	assert_int_equal(f.answers[XT_REQUEST_BOUND_WRITE], 0);
	fixture_close(&f);
}

static void remote_takes_an_answer_that_was_not_asked_for_as_an_end(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	host_answer(&f, XT_REQUEST_CONF_SAVE);
	while (!f.gone)
		uv_run(&f.uv, UV_RUN_ONCE);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(remote_drops_the_answer_to_a_bound_of_the_last_identity),
	    cmocka_unit_test(remote_drops_the_answer_to_what_an_undo_cuts_short),
	    cmocka_unit_test(remote_drops_the_answer_to_the_bound_before_the_last),
	    cmocka_unit_test(remote_takes_an_answer_that_was_not_asked_for_as_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
