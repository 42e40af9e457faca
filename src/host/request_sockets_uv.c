/* SPDX-License-Identifier: MIT */
/* Requests for the run directory and the listening sockets. Their paths come from the name of the
 * configuration alone. Only the file that was made or found at LISTEN is ever removed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/path_trust.h"
#include "host/observers.h"
#include "host/request_impl_uv.h"
#include "host/run_directory.h"

/* --- run directory --- */

const char *xt_request_directory(const struct xt_requests *requests)
{
	return *requests->run_directory ? requests->run_directory : NULL;
}

/* What an instance keeps there, should another process have removed it. */
static void directory_restore(struct xt_requests *requests)
{
	const char *dir = xt_request_directory(requests), *name = requests->conf->name;
	uint32_t owner_uid;

	if (requests->host)
		xt_host_restore(requests->host);
	if (requests->marked && !xt_run_directory_marked(dir, name, &owner_uid))
		xt_run_directory_mark(dir, name, requests->owner_uid);
}

/* fault  filled in with -EPERM */
static int directory_make(struct xt_requests *requests, struct xt_path_fault *fault)
{
	char dir[XT_REQUEST_PATH_MAX];
	int rc = requests->options.directory(dir);

	if (rc == 0)
		rc = xt_run_directory_make(dir);
	if (rc == 0) {
		strcpy(requests->run_directory, dir);
		directory_restore(requests);
	} else if (rc == -EPERM && xt_path_judge_directory(dir, fault) != -EPERM) {
		*fault->sentence = '\0';
	}
	return rc;
}

int xt_request_directory_make(struct xt_requests *requests, const struct xt_request *request,
			      struct xt_reply *reply)
{
	struct xt_path_fault fault = {.sentence = ""};
	int rc = directory_make(requests, &fault);

	(void)request;
	if (rc < 0 && *fault.sentence) {
		strcpy(requests->text, fault.sentence);
		strcpy(requests->remedy, fault.remedy);
		reply->text = requests->text;
		reply->remedy = requests->remedy;
	}
	return rc;
}

/* --- listening sockets --- */

static void socket_lost(struct xt_requests *requests, enum xt_host_socket which, unsigned attempt)
{
	struct xt_host_event event = {.kind = XT_HOST_SOCKET_LOST, .lost = {which, attempt}};
	struct xt_path_fault fault;

	if (attempt)
		requests->options.event(requests->options.ctx, &event);
	else if (which == XT_SOCKET_CONTROL)
		(void)directory_make(requests, &fault);
}

static void on_control_lost(void *ctx, unsigned attempt)
{
	socket_lost(ctx, XT_SOCKET_CONTROL, attempt);
}

static void on_uapi_lost(void *ctx, unsigned attempt)
{
	socket_lost(ctx, XT_SOCKET_UAPI, attempt);
}

static int socket_watch(struct xt_requests *requests, const struct xt_request *request,
			const char *path)
{
	enum xt_host_socket which = request->listen.which;
	struct xt_socket_watch_options options = {
	    .path = path,
	    .removal = request->listen.removal,
	    .lost = which == XT_SOCKET_CONTROL ? on_control_lost : on_uapi_lost,
	    .ctx = requests};

	if (!requests->sockets[which])
		return xt_socket_watch_new(&requests->sockets[which], requests->loop, &options);
	xt_socket_watch_again(requests->sockets[which]);
	return 0;
}

int xt_request_listen(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	char path[XT_REQUEST_PATH_MAX];
	struct stat id;
	int fd = request->listen.fd, rc;

	if (!requests->options.socket(path, request->listen.which, requests->conf->name))
		return -ENAMETOOLONG;
	if (fd > 0 && requests->options.adoption && !requests->options.dropin &&
	    !xt_socket_listens_at(fd, path)) {
		close(fd);
		return -EINVAL;
	}
	if (fd <= 0)
		fd = requests->options.listen(path, &id);
	if (fd < 0)
		return fd;
	if (request->listen.fd <= 0 && request->listen.which == XT_SOCKET_CONTROL)
		xt_observers_admit(path);
	rc = socket_watch(requests, request, path);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	reply->fd = fd;
	return 0;
}

static int socket_remove(struct xt_requests *requests, enum xt_host_socket which)
{
	struct xt_socket_watch *watch = requests->sockets[which];

	requests->sockets[which] = NULL;
	if (watch && xt_requests_released(requests)) {
		xt_socket_watch_close(watch);
		return 0;
	}
	return watch ? xt_socket_watch_remove(watch) : -ENOENT;
}

int xt_request_socket_remove(struct xt_requests *requests, const struct xt_request *request,
			     struct xt_reply *reply)
{
	(void)reply;
	return socket_remove(requests, request->listen.which);
}

void xt_request_sockets_close(struct xt_requests *requests)
{
	for (int i = 0; i < XT_SOCKETS; i++)
		(void)socket_remove(requests, (enum xt_host_socket)i);
}
