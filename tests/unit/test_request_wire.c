/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* Requests and replies as messages: what was written is read, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "host/request_wire.h"
#include "test_main.h"

#define BUF	 XT_SECBUF_INIT(XT_SECBUF_MAX)
#define IDENTITY "0123456789abcdef0123456789abcdef"

/* A message as it came: descriptors are made for it. */
struct message {
	struct xt_secbuf bytes;
	int fds[XT_WIRE_FDS];
	size_t n_fds;
};

static int fd_new(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd > 0);
	return fd;
}

static void fds_close(struct message *m)
{
	for (size_t i = 0; i < m->n_fds; i++) {
		if (m->fds[i] >= 0)
			close(m->fds[i]);
		m->fds[i] = -1;
	}
}

static void message_clear(struct message *m)
{
	fds_close(m);
	xt_secbuf_clear(&m->bytes);
}

static void request_message(struct message *m, const struct xt_request *request)
{
	*m = (struct message){.bytes = BUF};
	assert_int_equal(xt_request_encode(&m->bytes, m->fds, &m->n_fds, request), 0);
	for (size_t i = 0; i < m->n_fds; i++)
		m->fds[i] = fd_new();
}

static int request_read(struct xt_request_box *box, enum xt_request_kind kind, struct message *m,
			size_t len, size_t n_fds)
{
	return xt_request_decode(box, kind, m->bytes.p, len, m->fds, n_fds);
}

static void request_drop(struct xt_request_box *box)
{
	xt_request_release(&box->request);
	xt_request_box_clear(box);
}

/* Truncated anywhere, with a byte or a descriptor too many or too few: refused, and the
 * descriptors are still the caller's. */
static void request_damage(enum xt_request_kind kind, struct message *m)
{
	struct xt_request_box box;
	size_t len = m->bytes.len;

	for (size_t i = 0; i < len; i++) {
		assert_int_equal(request_read(&box, kind, m, i, m->n_fds), XT_E_INVALID);
		xt_request_box_clear(&box);
	}
	assert_int_equal(xt_secbuf_append(&m->bytes, "\0", 1), 0);
	assert_int_equal(request_read(&box, kind, m, len + 1, m->n_fds), XT_E_INVALID);
	m->bytes.len = len;
	assert_int_equal(request_read(&box, kind, m, len, m->n_fds + 1), XT_E_INVALID);
	if (m->n_fds > 0)
		assert_int_equal(request_read(&box, kind, m, len, m->n_fds - 1), XT_E_INVALID);
	for (size_t i = 0; i < m->n_fds; i++)
		assert_true(m->fds[i] >= 0);
	for (size_t i = 0; i < len; i++) {
		m->bytes.p[i] ^= 0x55;
		if (request_read(&box, kind, m, len, 0) == 0)
			request_drop(&box);
		m->bytes.p[i] ^= 0x55;
	}
}

/* There and back; the caller looks at the box and clears it. */
static void request_pass(struct xt_request_box *box, const struct xt_request *request)
{
	struct message m, again;

	request_message(&m, request);
	request_damage(request->kind, &m);
	assert_int_equal(request_read(box, request->kind, &m, m.bytes.len, m.n_fds), 0);
	for (size_t i = 0; i < m.n_fds; i++)
		assert_int_equal(m.fds[i], -1);
	assert_int_equal(box->request.kind, request->kind);
	request_message(&again, &box->request);
	assert_int_equal(again.bytes.len, m.bytes.len);
	if (m.bytes.len)
		assert_memory_equal(again.bytes.p, m.bytes.p, m.bytes.len);
	message_clear(&m);
	message_clear(&again);
}

static void every_request_is_read_as_it_was_written(void **state)
{
	static const struct xt_cidr networks[] = {{{4, {10}}, 8}, {{6, {0xfd}}, 8}};
	static const struct xt_peer_memory records[] = {
	    {.key = {{1}}, .timestamp = {2}, .endpoint = {{4, {192, 0, 2, 1}}, 7, 0}},
	    {.key = {{3}}, .heard_wall_ns = 4}};
	const struct xt_request requests[] = {
	    {.kind = XT_REQUEST_RUN_DIRECTORY},
	    {.kind = XT_REQUEST_TUN_OPEN, .tun = {.offload = true}},
	    {.kind = XT_REQUEST_UDP_OPEN, .udp = {51820, 7}},
	    {.kind = XT_REQUEST_UDP_MARK, .mark = {{5, -1}, 1, 2}},
	    {.kind = XT_REQUEST_UDP_MARK, .mark = {{5, 6}, 1, 2}},
	    {.kind = XT_REQUEST_LISTEN, .listen = {XT_SOCKET_UAPI, 5, true}},
	    {.kind = XT_REQUEST_LISTEN, .listen = {XT_SOCKET_CONTROL, 0, false}},
	    {.kind = XT_REQUEST_SOCKET_REMOVE, .listen = {.which = XT_SOCKET_UAPI}},
	    {.kind = XT_REQUEST_ROUTE_MTU, .path_mtu = {networks, 2, 1400}},
	    {.kind = XT_REQUEST_LINK_UNDO, .keep = true},
	    {.kind = XT_REQUEST_HOOKS, .hooks = {XT_HOOKS_POST_DOWN, 3, true}},
	    {.kind = XT_REQUEST_RELOAD_STEP, .reload = {XT_RELOAD_DNS, {.peers = true}}},
	    {.kind = XT_REQUEST_NOTIFY, .notice = {XT_NOTICE_STATUS, true, 1, 2}},
	    {.kind = XT_REQUEST_NOTIFY, .notice = {.kind = XT_NOTICE_STOPPING}},
	    {.kind = XT_REQUEST_BOUND_READ, .identity = IDENTITY},
	    {.kind = XT_REQUEST_BOUND_WRITE, .bound = 0x0102030405060708},
	    {.kind = XT_REQUEST_PEERS_WRITE, .peers = {records, 2}},
	    {.kind = XT_REQUEST_RESOLVE, .resolve = {9, "a.example", 3, true, 4}},
	};

	(void)state;
	for (size_t i = 0; i < XT_LEN(requests); i++) {
		struct xt_request_box box;

		request_pass(&box, &requests[i]);
		request_drop(&box);
	}
	for (unsigned kind = 0; kind < XT_REQUESTS; kind++) { /* those without members */
		struct xt_request_box box;

		if (xt_request_decode(&box, kind, NULL, 0, NULL, 0) == 0)
			request_drop(&box);
	}
}

static int read_edited(const struct xt_request *request, size_t at, char byte)
{
	struct xt_request_box box;
	struct message m;
	int rc;

	request_message(&m, request);
	assert_true(at < m.bytes.len);
	m.bytes.p[at] = byte;
	rc = request_read(&box, request->kind, &m, m.bytes.len, m.n_fds);
	if (rc == 0)
		request_drop(&box);
	message_clear(&m);
	return rc;
}

static void values_out_of_range_are_refused(void **state)
{
	const struct xt_request hooks = {.kind = XT_REQUEST_HOOKS};
	const struct xt_request step = {.kind = XT_REQUEST_RELOAD_STEP};
	const struct xt_request tun = {.kind = XT_REQUEST_TUN_OPEN};
	const struct xt_request identity = {.kind = XT_REQUEST_BOUND_READ, .identity = IDENTITY};
	const struct xt_request where = {.kind = XT_REQUEST_SOCKET_REMOVE};
	struct xt_request_box box;

	(void)state;
	assert_int_equal(read_edited(&hooks, 3, XT_HOOKS_POST_DOWN), 0);
	assert_int_equal(read_edited(&hooks, 3, XT_HOOKS_POST_DOWN + 1), XT_E_INVALID);
	assert_int_equal(read_edited(&step, 3, XT_RELOAD_STEPS), XT_E_INVALID);
	assert_int_equal(read_edited(&step, 4 + XT_KEYS, 2), XT_E_INVALID);
	assert_int_equal(read_edited(&tun, 0, 2), XT_E_INVALID);
	assert_int_equal(read_edited(&where, 3, XT_SOCKETS), XT_E_INVALID);
	assert_int_equal(read_edited(&identity, 5, '/'), XT_E_INVALID);
	assert_int_equal(read_edited(&identity, 5, 'A'), XT_E_INVALID);
	assert_int_equal(read_edited(&identity, 5, 'a'), 0);
	assert_int_equal(xt_request_decode(&box, XT_REQUESTS, NULL, 0, NULL, 0), XT_E_INVALID);
	assert_int_equal(xt_request_decode(&box, (enum xt_request_kind) - 1, NULL, 0, NULL, 0),
			 XT_E_INVALID);
}

/* --- what the device has --- */

static struct xt_report *report_new(void)
{
	struct xt_report *report = calloc(1, sizeof(*report));

	assert_non_null(report);
	report->n_allowed = 3;
	report->allowed = calloc(3, sizeof(*report->allowed));
	report->n_peers = 2;
	report->peers = calloc(2, sizeof(*report->peers));
	for (uint8_t i = 0; i < 3; i++)
		report->allowed[i] = (struct xt_cidr){{4, {10, i}}, 16};
	report->has_key = true;
	report->private_key.b[0] = 8;
	report->listen_port = 51820;
	report->fwmark = 9;
	report->peers[0].n_allowed = 2;
	report->peers[0].psk.b[0] = 7;
	report->peers[0].keepalive_s = 25;
	strcpy(report->peers[0].name, "x\nPostUp = y");
	report->peers[1].key.b[0] = 1;
	report->peers[1].first_allowed = 2;
	report->peers[1].n_allowed = 1;
	report->peers[1].endpoint = (struct xt_endpoint){{4, {192, 0, 2, 1}}, 7, 0};
	return report;
}

/* Names, addresses and MTU are not the device's to say. */
static void of_a_save_only_values_of_the_device_pass(void **state)
{
	struct xt_request request = {.kind = XT_REQUEST_CONF_SAVE,
				     .save = {.report = report_new(), .unasked = true, .mtu = 1}};
	const struct xt_report *report;
	struct xt_request_box box;

	(void)state;
	request.save.auto_mark = 51820;
	request_pass(&box, &request);
	report = box.request.save.report;
	assert_true(box.request.save.read_back);
	assert_true(box.request.save.unasked);
	assert_int_equal(box.request.save.auto_mark, 51820);
	assert_int_equal(box.request.save.mtu, 0);
	assert_int_equal(report->private_key.b[0], 8);
	assert_int_equal(report->n_peers, 2);
	assert_int_equal(report->peers[0].psk.b[0], 7);
	assert_string_equal(report->peers[0].name, "");
	assert_int_equal(report->peers[1].first_allowed, 2);
	assert_int_equal(report->peers[1].endpoint.port, 7);
	request_drop(&box);
	request.save.report->peers[1].n_allowed = 2; /* one of them is none of the report's */
	{
		struct message m;

		request_message(&m, &request);
		assert_int_equal(request_read(&box, request.kind, &m, m.bytes.len, 0),
				 XT_E_INVALID);
		message_clear(&m);
	}
	xt_request_release(&request);
}

static void of_routes_only_networks_pass(void **state)
{
	const struct xt_request request = {.kind = XT_REQUEST_ROUTES, .report = report_new()};
	struct xt_request_box box;

	(void)state;
	request_pass(&box, &request);
	assert_int_equal(box.request.report->n_allowed, 3);
	assert_int_equal(box.request.report->n_peers, 0);
	assert_int_equal(box.request.report->private_key.b[0], 0);
	request_drop(&box);
	xt_request_release(&request);
}

/* --- replies --- */

static void reply_pass(struct xt_reply_box *box, enum xt_request_kind kind,
		       const struct xt_reply *reply)
{
	struct message m = {.bytes = BUF};

	assert_int_equal(xt_reply_encode(&m.bytes, m.fds, &m.n_fds, kind, reply), 0);
	for (size_t i = 0; i < m.n_fds; i++)
		m.fds[i] = fd_new();
	for (size_t i = 0; i < m.bytes.len; i++)
		assert_int_equal(xt_reply_decode(box, kind, m.bytes.p, i, m.fds, m.n_fds),
				 XT_E_INVALID);
	if (m.n_fds > 0)
		assert_int_equal(
		    xt_reply_decode(box, kind, m.bytes.p, m.bytes.len, m.fds, m.n_fds - 1),
		    XT_E_INVALID);
	assert_int_equal(xt_reply_decode(box, kind, m.bytes.p, m.bytes.len, m.fds, m.n_fds), 0);
	assert_int_equal(box->reply.error, reply->error);
	message_clear(&m);
}

static void every_reply_is_read_as_it_was_written(void **state)
{
	struct xt_endpoint found = {{4, {192, 0, 2, 7}}, 0, 0};
	struct xt_reply reply = {.error = -EADDRINUSE, .text = "in use"};
	struct xt_reply_box box;

	(void)state;
	reply_pass(&box, XT_REQUEST_UDP_OPEN, &reply);
	assert_string_equal(box.reply.text, "in use");
	xt_reply_box_clear(&box);
	reply = (struct xt_reply){.udp = {.fd = {4, -1}, .port = 51820}};
	reply_pass(&box, XT_REQUEST_UDP_OPEN, &reply);
	assert_true(box.reply.udp.fd[0] >= 0 && box.reply.udp.fd[1] == -1);
	assert_int_equal(box.reply.udp.port, 51820);
	xt_reply_release(XT_REQUEST_UDP_OPEN, &box.reply);
	xt_reply_box_clear(&box);
	reply = (struct xt_reply){.fd = -1};
	reply_pass(&box, XT_REQUEST_KEYLOG, &reply);
	assert_int_equal(box.reply.fd, -1);
	xt_reply_box_clear(&box);
	reply = (struct xt_reply){.policy = {1, {2, 3}}};
	reply_pass(&box, XT_REQUEST_POLICY, &reply);
	assert_int_equal(box.reply.policy.priority[1], 3);
	xt_reply_box_clear(&box);
	reply = (struct xt_reply){.error = XT_E_INVALID,
				  .hooks = {.line = 7, .status = 3, .output = "a\nb"}};
	reply_pass(&box, XT_REQUEST_HOOKS, &reply);
	assert_int_equal(box.reply.hooks.line, 7);
	assert_string_equal(box.reply.hooks.output, "a\nb");
	xt_reply_box_clear(&box);
	reply = (struct xt_reply){.resolved = {.id = 5, .v = &found, .n = 1}};
	reply_pass(&box, XT_REQUEST_RESOLVE, &reply);
	assert_int_equal(box.reply.resolved.id, 5);
	assert_memory_equal(&box.reply.resolved.v[0].ip, &found.ip, sizeof(found.ip));
	xt_reply_box_clear(&box);
}

static void a_file_that_was_read_passes_with_its_keys(void **state)
{
	struct xt_reload reload = {.accepted = true, .mark = 5, .path = (char *)"/etc/a.conf"};
	struct xt_reply reply = {.error = XT_E_SYNTAX, .reload = &reload};
	struct xt_reply_box box;

	(void)state;
	reload.findings = (char *)"a:1: error\n";
	reload.file.has_key = true;
	reload.file.private_key.b[0] = 9;
	reload.policy.priority[0] = 4;
	reply_pass(&box, XT_REQUEST_RELOAD_READ, &reply);
	assert_true(box.reply.reload->accepted);
	assert_int_equal(box.reply.reload->mark, 5);
	assert_int_equal(box.reply.reload->file.private_key.b[0], 9);
	assert_int_equal(box.reply.reload->policy.priority[0], 4);
	assert_string_equal(box.reply.reload->findings, "a:1: error\n");
	xt_reply_box_clear(&box);
}

static void events_pass(void **state)
{
	struct xt_host_event event = {.kind = XT_HOST_SOCKET_LOST, .lost = {XT_SOCKET_UAPI, 3}};
	struct xt_host_event out;
	struct xt_secbuf buf = BUF;

	(void)state;
	assert_int_equal(xt_host_event_encode(&buf, &event), 0);
	assert_int_equal(xt_host_event_decode(&out, buf.p, buf.len), 0);
	assert_int_equal(out.lost.which, XT_SOCKET_UAPI);
	assert_int_equal(out.lost.attempt, 3);
	assert_int_equal(xt_host_event_decode(&out, buf.p, buf.len - 1), XT_E_INVALID);
	xt_secbuf_clear(&buf);
}

/* Of a kind without description, or one that is none, nothing is written or read. */
static void kinds_without_description_are_refused(void **state)
{
	const unsigned outside[] = {XT_REQUESTS, UINT32_MAX};
	const struct xt_reply reply = {.error = -EPERM};
	int fds[XT_WIRE_FDS];
	size_t n_fds;

	(void)state;
	for (unsigned i = 0; i < XT_REQUESTS + XT_LEN(outside); i++) {
		unsigned kind = i < XT_REQUESTS ? i : outside[i - XT_REQUESTS];
		const struct xt_request request = {.kind = (enum xt_request_kind)kind};
		struct xt_secbuf buf = BUF;
		int asked = xt_request_encode(&buf, fds, &n_fds, &request);
		int replied = xt_reply_encode(&buf, fds, &n_fds, request.kind, &reply);

		if ((asked != XT_E_UNSUPPORTED) != (i < XT_REQUESTS))
			fail_msg("request %u: %d", kind, asked);
		if ((replied != XT_E_UNSUPPORTED) != (i < XT_REQUESTS))
			fail_msg("reply %u: %d", kind, replied);
		xt_secbuf_clear(&buf);
	}
}

TEST_MAIN(cmocka_unit_test(every_request_is_read_as_it_was_written),
	  cmocka_unit_test(values_out_of_range_are_refused),
	  cmocka_unit_test(of_a_save_only_values_of_the_device_pass),
	  cmocka_unit_test(of_routes_only_networks_pass),
	  cmocka_unit_test(every_reply_is_read_as_it_was_written),
	  cmocka_unit_test(a_file_that_was_read_passes_with_its_keys),
	  cmocka_unit_test(kinds_without_description_are_refused), cmocka_unit_test(events_pass))
