/* SPDX-License-Identifier: MIT */
/* layers: ipc core crypto packet base */
/* parses: src/ipc/frame.c src/ipc/control_uv.c src/ipc/connection_uv.c
 * src/ipc/server_request_uv.c src/ipc/uapi_uv.c src/ipc/uapi.c */
/* Any bytes of a client, in pieces, to the control socket and to the UAPI socket of a device: every
 * complete request gets one answer that is JSON, or ends with errno, and the connection ends when
 * the client has.
 * Input: a byte (bit 0: the UAPI socket), then pieces behind two bytes of length. */
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include <xtunnel/xtunnel.h>

#include "base/secbuf.h"
#include "fuzz/folder.h"
#include "ipc/control_uv.h"
#include "ipc/uapi_uv.h"

static const char *const files[] = {"control.sock", "uapi.sock"};

static struct {
	uv_loop_t loop;
	struct xt_control *control;
	struct xt_uapi *uapi;
	struct xt_device *device;
	unsigned requests;
} host;

static int on_request(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	const char *verb = json_string_value(json_object_get(msg, "do"));

	(void)ctx;
	host.requests++;
	if (!verb)
		return XT_E_INVALID;
	xt_control_reply(request, json_pack("{s:O}", "msg", msg), true);
	return 0;
}

static void random_fill(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	memset(buf, 7, n);
}

static void on_report(void *ctx, xt_uapi_reported *done, void *done_ctx)
{
	const struct xt_time now = {1000000000, 1800000000000000000u};
	struct xt_report *report = NULL;
	int rc = xt_device_report(host.device, now, &report);

	(void)ctx;
	host.requests++;
	done(done_ctx, rc, report);
}

static void on_apply(void *ctx, const struct xt_change *change, xt_uapi_applied *done,
		     void *done_ctx)
{
	const struct xt_time now = {1000000000, 1800000000000000000u};

	(void)ctx;
	host.requests++;
	done(done_ctx, xt_device_apply(host.device, now, change));
}

static void host_open(void)
{
	const struct xt_env env = {.random = random_fill};
	const char *dir = folder_open(files, XT_LEN(files));
	char path[2][FOLDER_MAX + 16];
	struct xt_control_options control = {
	    .path = path[0], .owner = geteuid(), .handle = on_request};
	struct xt_uapi_options uapi = {.path = path[1], .report = on_report, .apply = on_apply};

	for (int i = 0; i < 2; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", dir, files[i]);
	check(xt_device_new(&host.device, &env) == 0 && uv_loop_init(&host.loop) == 0);
	check(xt_control_open(&host.control, &host.loop, &control) == 0);
	check(xt_uapi_open(&host.uapi, &host.loop, &uapi) == 0);
}

static int client_connect(const char *file)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/%s", folder_path, file);
	check(fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0);
	return fd;
}

/* What has come; false: the server has closed the connection. */
static bool answer_read(int fd, struct xt_secbuf *answer)
{
	char buf[4096];
	ssize_t n;

	uv_run(&host.loop, UV_RUN_NOWAIT);
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		xt_secbuf_append(answer, buf, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

/* Lines of JSON objects; a text that is cut off was not sent in one piece. */
static void json_check(const struct xt_secbuf *answer)
{
	size_t at = 0;
	unsigned lines = 0;

	while (at < answer->len) {
		const char *end = memchr(answer->p + at, '\n', answer->len - at);
		json_t *json;

		check(end != NULL);
		json = json_loadb(answer->p + at, (size_t)(end - answer->p) - at, 0, NULL);
		check(json_is_object(json));
		json_decref(json);
		at = (size_t)(end - answer->p) + 1;
		lines++;
	}
	check(lines >= host.requests);
}

static void uapi_check(const struct xt_secbuf *answer)
{
	unsigned answers = 0;

	for (size_t i = 0; i + 6 < answer->len; i++)
		answers += memcmp(answer->p + i, "errno=", 6) == 0;
	check(answers >= host.requests);
	check(!answer->len ||
	      (answer->len > 2 && memcmp(answer->p + answer->len - 2, "\n\n", 2) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	struct xt_secbuf answer = XT_SECBUF_INIT(1u << 26);
	bool uapi = input_byte(&in) & 1, open = true;
	int fd;

	if (!host.control)
		host_open();
	host.requests = 0;
	fd = client_connect(files[uapi]);
	while (in.len && open) {
		uint8_t *bytes = input_bytes(&in, input_number(&in), &len);

		if (len && send(fd, bytes, len, MSG_NOSIGNAL) < 0)
			check(errno == EPIPE || errno == EAGAIN || errno == ECONNRESET);
		free(bytes);
		open = answer_read(fd, &answer);
	}
	shutdown(fd, SHUT_WR);
	while (open)
		open = answer_read(fd, &answer);
	check(!answer.error);
	(uapi ? uapi_check : json_check)(&answer);
	xt_secbuf_clear(&answer);
	close(fd);
	uv_run(&host.loop, UV_RUN_NOWAIT);
	return 0;
}
