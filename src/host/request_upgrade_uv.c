/* SPDX-License-Identifier: MIT */
/* Requests of an upgrade, in the process before (UPGRADE, UPGRADE_END) and in the new one
 * (TAKE_OVER). Both are monitors, or instances of one process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "host/channel_uv.h"
#include "host/handover.h"
#include "host/host_uv.h"
#include "host/notify.h"
#include "host/request_impl_uv.h"
#include "platform/fd.h"
#include "platform/memory_file.h"
#include "platform/namespace.h"

#define BODY_MAX (64u << 20)

/* The socket to the other monitor.
 * process  of it
 * ends     UPGRADE_END waits for its answer */
struct xt_upgrade {
	uv_poll_t poll;
	struct xt_requests *requests;
	int fd;
	long process;
	bool ends;
};

static void on_closed(uv_handle_t *handle)
{
	struct xt_upgrade *upgrade = handle->data;

	close(upgrade->fd);
	free(upgrade);
}

static void upgrade_close(struct xt_requests *requests)
{
	if (requests->upgrade)
		uv_close((uv_handle_t *)&requests->upgrade->poll, on_closed);
	requests->upgrade = NULL;
}

static int upgrade_open(struct xt_requests *requests, int fd, uv_poll_cb callback)
{
	struct xt_upgrade *upgrade = calloc(1, sizeof(*upgrade));
	int rc = upgrade ? uv_poll_init(requests->loop, &upgrade->poll, fd) : XT_E_NOMEM;

	if (rc < 0) {
		free(upgrade);
		return rc;
	}
	upgrade->poll.data = upgrade;
	upgrade->requests = requests;
	upgrade->fd = fd;
	requests->upgrade = upgrade;
	return uv_poll_start(&upgrade->poll, UV_READABLE, callback);
}

/* The next message: 0 and its kind; -EAGAIN; another error: the end. */
static int kind_read(struct xt_upgrade *upgrade, enum xt_handover_kind *kind)
{
	struct xt_handover_packet packet;
	int rc = xt_handover_recv(upgrade->fd, &packet, 0);

	if (rc < 0)
		return rc;
	*kind = packet.kind;
	xt_handover_close_fds(&packet);
	return 0;
}

static void end_answer(struct xt_requests *requests, int error)
{
	const struct xt_reply reply = {.error = error};

	if (!requests->upgrade->ends)
		return;
	requests->upgrade->ends = false;
	request_answer(requests, XT_REQUEST_UPGRADE_END, &reply);
}

/* --- in the process before --- */

/* Files are written before the new process reads them. */
static void instance_part(struct xt_requests *requests)
{
	const struct xt_handover_packet gone = {.kind = XT_HANDOVER_GONE};

	requests->handed_over = true;
	xt_identity_close(requests->identity);
	requests->identity = NULL;
	xt_notify_main(requests->upgrade->process);
	(void)xt_handover_send(requests->upgrade->fd, &gone);
	end_answer(requests, 0);
}

static void on_new(uv_poll_t *poll, int status, int events)
{
	struct xt_upgrade *upgrade = poll->data;
	struct xt_requests *requests = upgrade->requests;
	enum xt_handover_kind kind;
	int rc = kind_read(upgrade, &kind);

	(void)status;
	(void)events;
	if (rc == -EAGAIN)
		return;
	if (rc == 0 && kind == XT_HANDOVER_TAKEN && !requests->handed_over) {
		instance_part(requests);
	} else {
		end_answer(requests, -EPIPE);
		upgrade_close(requests);
	}
	if (requests->options.upgraded)
		requests->options.upgraded(requests->options.ctx);
}

/* Only a process of the same user waits there. */
static int new_connect(const struct xt_requests *requests, long *process)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char control[XT_REQUEST_PATH_MAX];
	struct xt_fd_peer peer;
	int fd, rc;

	if (!requests->options.socket(control, XT_SOCKET_CONTROL, requests->conf->name) ||
	    !xt_handover_path(to.sun_path, sizeof(to.sun_path), control))
		return -ENAMETOOLONG;
	fd = xt_fd_socket(AF_UNIX, SOCK_SEQPACKET, true);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : xt_fd_peer(fd, &peer);
	if (rc == 0) {
		*process = peer.pid;
		rc = peer.uid == geteuid() ? fd : -EPERM;
	}
	if (rc < 0)
		close(fd);
	return rc;
}

static void variable_copy(char *out, size_t cap, const char *name)
{
	const char *value = getenv(name);

	if (value && strlen(value) < cap)
		strcpy(out, value);
}

static void adoption_fill(const struct xt_requests *requests, struct xt_adoption *adoption)
{
	adoption->conf = *requests->conf;
	xt_wipe(&adoption->conf.private_key, sizeof(adoption->conf.private_key));
	adoption->tun = requests->tun_fd;
	adoption->state_file = xt_host_adoption(requests->host, &adoption->host);
	adoption->host.state.policy = requests->policy;
	adoption->dropin = requests->options.dropin;
	adoption->watchdog_ms = xt_notify_watchdog_ms((long)getpid());
	variable_copy(adoption->notify, sizeof(adoption->notify), "NOTIFY_SOCKET");
	variable_copy(adoption->credentials, sizeof(adoption->credentials),
		      "CREDENTIALS_DIRECTORY");
	xt_handover_cgroup(adoption->cgroup, sizeof(adoption->cgroup));
}

/* A sealed file of the bytes. Descriptor or -errno. */
static int bytes_file(const struct xt_secbuf *bytes)
{
	int fd = xt_memory_file("xtunnel");
	size_t at = 0;

	while (fd >= 0 && at < bytes->len) {
		ssize_t n = write(fd, bytes->p + at, bytes->len - at);

		if (n <= 0) {
			close(fd);
			return n < 0 ? -errno : -EIO;
		}
		at += (size_t)n;
	}
	if (fd >= 0)
		(void)xt_memory_file_seal(fd, XT_MEMORY_SEAL_CONTENT);
	return fd;
}

static int hello_send(struct xt_requests *requests, int fd, int tunnel)
{
	struct xt_secbuf bytes = XT_SECBUF_INIT(BODY_MAX);
	struct xt_handover_packet hello = {.kind = XT_HANDOVER_HELLO};
	struct xt_adoption adoption = {0};
	int namespace = xt_namespace_open(), rc = XT_MIN(namespace, 0), file = -1;

	adoption_fill(requests, &adoption);
	if (rc == 0)
		rc = xt_adoption_encode(&bytes, &adoption);
	if (rc == 0)
		rc = file = bytes_file(&bytes);
	hello.value[0] = XT_HANDOVER_VERSION;
	hello.value[1] = requests->options.snapshot_version;
	hello.value[2] = bytes.len;
	hello.fds[hello.n_fds++] = file;
	hello.fds[hello.n_fds++] = tunnel;
	hello.fds[hello.n_fds++] = adoption.tun;
	hello.fds[hello.n_fds++] = namespace;
	if (adoption.state_file >= 0)
		hello.fds[hello.n_fds++] = adoption.state_file;
	if (rc >= 0)
		rc = xt_handover_send(fd, &hello);
	if (file >= 0)
		close(file);
	if (namespace >= 0)
		close(namespace);
	xt_secbuf_clear(&bytes);
	return rc;
}

int xt_request_upgrade(struct xt_requests *requests, const struct xt_request *request,
		       struct xt_reply *reply)
{
	long process = 0;
	int ends[2], fd, rc;

	(void)request;
	if (requests->handed_over || !requests->host || requests->tun_fd < 0)
		return -EPERM;
	upgrade_close(requests);
	fd = new_connect(requests, &process);
	if (fd < 0)
		return fd;
	rc = xt_channel_pair(ends);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	rc = hello_send(requests, fd, ends[1]);
	close(ends[1]);
	if (rc == 0)
		rc = upgrade_open(requests, fd, on_new);
	if (rc < 0) {
		if (!requests->upgrade)
			close(fd);
		upgrade_close(requests);
		close(ends[0]);
		return rc;
	}
	requests->upgrade->process = process;
	reply->fd = ends[0];
	return 0;
}

int xt_request_upgrade_end(struct xt_requests *requests, const struct xt_request *request,
			   struct xt_reply *reply)
{
	(void)request;
	(void)reply;
	if (requests->handed_over)
		return 0;
	if (!requests->upgrade)
		return -EPIPE;
	requests->upgrade->ends = true;
	return LATER;
}

bool xt_requests_upgrading(const struct xt_requests *requests)
{
	return requests->upgrade && !requests->handed_over && !requests->options.adoption;
}

bool xt_requests_released(const struct xt_requests *requests)
{
	return requests->handed_over || (requests->options.adoption && !requests->taken);
}

void xt_request_upgrade_close(struct xt_requests *requests)
{
	upgrade_close(requests);
	if (!xt_requests_released(requests))
		return;
	xt_link_release(requests->link);
	requests->link = NULL;
	xt_host_release(requests->host);
	requests->host = NULL;
}

/* --- in the new process --- */

/* The instance is this process's. */
static void take_over(struct xt_requests *requests)
{
	requests->taken = true;
	upgrade_close(requests);
	xt_request_bound_resume(requests);
}

/* Its last word, or its end. */
static void on_before(uv_poll_t *poll, int status, int events)
{
	struct xt_upgrade *upgrade = poll->data;
	struct xt_requests *requests = upgrade->requests;
	const struct xt_reply reply = {0};
	enum xt_handover_kind kind;

	(void)status;
	(void)events;
	if (kind_read(upgrade, &kind) == -EAGAIN)
		return;
	take_over(requests);
	request_answer(requests, XT_REQUEST_TAKE_OVER, &reply);
}

int xt_request_take_over(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	const struct xt_handover_packet taken = {.kind = XT_HANDOVER_TAKEN};
	struct xt_adoption *adoption = requests->options.adoption;
	int fd, rc;

	(void)request;
	(void)reply;
	if (!adoption || requests->taken || requests->upgrade)
		return -EPERM;
	fd = adoption->monitor;
	adoption->monitor = -1;
	rc = upgrade_open(requests, fd, on_before);
	if (rc == 0 && xt_handover_send(fd, &taken) == 0)
		return LATER;
	if (!requests->upgrade)
		close(fd);
	take_over(requests); /* without its word: it has ended, and there is no other */
	return 0;
}
