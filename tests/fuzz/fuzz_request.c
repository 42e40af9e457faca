/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* The tunnel process is hostile: any messages, in any order, to the process that carries requests
 * out. They are decoded, judged and carried out on a host that changes nothing and aborts when it
 * is asked for a path or a command that the configuration does not name (fake_host.h).
 *
 * Input: a byte how many bytes of results follow (what the host answers), and those; a byte whether
 * the instance is up already; then messages: kind, number of descriptors, length (2 bytes), bytes.
 * Kinds RUN and CANCEL are not requests. */
#include <stdint.h>
#include <unistd.h>

#include "fake_host.h"
#include "host/request_order.h"
#include "host/request_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { RUN = 0xff, CANCEL = 0xfe };

struct question {
	struct monitor *monitor;
	enum xt_request_kind kind;
};

struct monitor {
	struct xt_conf conf;
	struct xt_requests *requests;
	struct xt_request_order order;
	struct question questions[XT_REQUESTS];
	struct xt_tun *tun;
	uv_loop_t loop; /* nothing is asked of it */
};

static void on_answer(void *ctx, const struct xt_reply *reply)
{
	struct question *question = ctx;
	struct monitor *monitor = question->monitor;
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	int fds[XT_WIRE_FDS];
	size_t n_fds;

	xt_request_order_answered(&monitor->order, question->kind, reply);
	if (question->kind == XT_REQUEST_TUN_OPEN && reply->error == 0)
		monitor->tun = reply->tun.v;
	if (xt_reply_encode(&out, fds, &n_fds, question->kind, reply) < 0)
		abort();
	xt_secbuf_clear(&out);
	xt_reply_release(question->kind, reply);
}

static void request_carry_out(struct monitor *monitor, const struct xt_request *request)
{
	struct question *question = &monitor->questions[request->kind];

	*question = (struct question){monitor, request->kind};
	xt_request(monitor->requests, request, on_answer, question);
}

static void message_take(struct monitor *monitor, enum xt_request_kind kind, const uint8_t *data,
			 size_t len, size_t n_fds)
{
	struct xt_request_box box;
	int fds[XT_WIRE_FDS];

	for (size_t i = 0; i < n_fds; i++)
		fds[i] = fake_fd();
	if (xt_request_decode(&box, kind, data, len, fds, n_fds) == 0) {
		if (xt_request_order_accept(&monitor->order, &box.request))
			request_carry_out(monitor, &box.request);
		else
			xt_request_release(&box.request);
	}
	xt_request_box_clear(&box);
	for (size_t i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void kind_take(struct monitor *monitor, enum xt_request_kind kind)
{
	const struct xt_request request = {.kind = kind};

	if (xt_request_order_accept(&monitor->order, &request))
		request_carry_out(monitor, &request);
	while (fake_run())
		;
}

static void messages_take(struct monitor *monitor, const uint8_t *data, size_t len)
{
	while (len >= 4) {
		size_t n = (size_t)data[2] << 8 | data[3];

		n = n < len - 4 ? n : len - 4;
		if (data[0] == RUN)
			(void)fake_run();
		else if (data[0] == CANCEL)
			xt_request_cancel(monitor->requests,
					  data[1] & 1 ? XT_REQUEST_HOOKS : XT_REQUEST_RESOLVE);
		else
			message_take(monitor, (enum xt_request_kind)data[0], data + 4, n,
				     data[1] % (XT_WIRE_FDS + 1));
		data += 4 + n;
		len -= 4 + n;
	}
}

/* As after the death of the tunnel process. */
static void monitor_end(struct monitor *monitor)
{
	while (fake_run())
		;
	kind_take(monitor, XT_REQUEST_RELOAD_UNDO);
	kind_take(monitor, XT_REQUEST_RELOAD_END);
	kind_take(monitor, XT_REQUEST_UNDO);
	kind_take(monitor, XT_REQUEST_LINK_UNDO);
	xt_request_cancel(monitor->requests, XT_REQUEST_RESOLVE);
	if (!xt_requests_close(monitor->requests))
		abort();
	while (fake_run())
		;
	if (monitor->tun)
		monitor->tun->ops->close(monitor->tun);
	xt_conf_clear(&monitor->conf);
}

static int directory_of(char dir[XT_REQUEST_PATH_MAX])
{
	strcpy(dir, FAKE_DIR);
	return 0;
}

static bool socket_of(char path[XT_REQUEST_PATH_MAX], enum xt_host_socket which, const char *name)
{
	fake_name(name);
	snprintf(path, XT_REQUEST_PATH_MAX, FAKE_DIR "/%d", (int)which);
	return true;
}

static int listen_at(const char *path, struct stat *id)
{
	FAKE_EXPECT(strncmp(path, FAKE_DIR "/", strlen(FAKE_DIR) + 1) == 0);
	memset(id, 0, sizeof(*id));
	return fake_result(1) ? -EADDRINUSE : fake_fd();
}

static void on_event(void *ctx, const struct xt_host_event *event)
{
	(void)ctx;
	(void)event;
}

static void monitor_begin(struct monitor *monitor, bool up)
{
	const struct xt_requests_options options = {.conf = &monitor->conf,
						    .update = &monitor->conf,
						    .ready = -1,
						    .event = on_event,
						    .directory = directory_of,
						    .socket = socket_of,
						    .listen = listen_at};
	struct xt_conf_diagnostics diagnostics = {0};

	if (xt_conf_parse(&monitor->conf, "left", fake_text, strlen(fake_text), &diagnostics) < 0)
		abort();
	xt_conf_diagnostics_clear(&diagnostics);
	monitor->conf.path = strdup(FAKE_PATH);
	if (xt_requests_open(&monitor->requests, &monitor->loop, &options) < 0)
		abort();
	if (!up)
		return;
	kind_take(monitor, XT_REQUEST_TUN_OPEN);
	kind_take(monitor, XT_REQUEST_STATE);
	kind_take(monitor, XT_REQUEST_POLICY);
	kind_take(monitor, XT_REQUEST_LINK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct monitor monitor = {0};
	size_t n;

	memset(&fake, 0, sizeof(fake));
	if (fake_tun_fd < 0)
		fake_tun_fd = fake_fd();
	if (len < 2)
		return 0;
	n = data[0] < len - 2 ? data[0] : len - 2;
	monitor_begin(&monitor, data[1] & 1);
	fake.results = data + 2;
	fake.n_results = n;
	messages_take(&monitor, data + 2 + n, len - 2 - n);
	monitor_end(&monitor);
	return 0;
}
