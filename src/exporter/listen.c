/* SPDX-License-Identifier: MIT */
/* A UNIX socket for the group of observers, or TCP, which every local user reaches. */
#include "exporter/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/message.h"
#include "daemon/exit.h"
#include "host/observers.h"
#include "ipc/socket.h"
#include "platform/fd.h"

#define BACKLOG 64
/* No interface has a name of 16 letters, so no instance has this file. */
#define FILE_NAME "xtunnel-exporter"

static int failed(const char *text, int error)
{
	xt_message("cannot listen on %s: %s", text,
		   error == -EADDRINUSE ? "another process does" : xt_strerror(error));
	if (error == -EACCES)
		xt_hint("choose a path that this user may write: --listen unix:PATH");
	return XT_EXIT_FAILURE;
}

static int path_open(struct xt_listen *out)
{
	snprintf(out->text, sizeof(out->text), "unix:%s", out->path);
	out->fd = xt_socket_listen(out->path, &out->id);
	if (out->fd < 0)
		return failed(out->text, out->fd);
	xt_observers_admit(out->path);
	return XT_EXIT_OK;
}

static int default_open(struct xt_listen *out)
{
	char dir[XT_RUNDIR_MAX];
	int rc = xt_rundir_path(dir);

	if (rc == -EPERM && xt_rundir_explain(dir))
		return XT_EXIT_FAILURE;
	if (rc < 0)
		return failed("the run directory", rc);
	if (!xt_rundir_socket(out->path, dir, FILE_NAME))
		return failed("the run directory", -ENAMETOOLONG);
	return path_open(out);
}

static socklen_t address_fill(struct sockaddr_storage *to, const struct xt_endpoint *from)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (from->ip.family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(from->port);
		memcpy(&v4->sin_addr, from->ip.b, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(from->port);
	v6->sin6_scope_id = from->scope;
	memcpy(&v6->sin6_addr, from->ip.b, 16);
	return sizeof(*v6);
}

static int tcp_listen(const struct xt_endpoint *at)
{
	struct sockaddr_storage address;
	socklen_t len = address_fill(&address, at);
	int fd = xt_fd_socket(address.ss_family, SOCK_STREAM, true);
	int on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (at->ip.family == 6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int xt_listen_open(struct xt_listen *out, const char *where)
{
	struct xt_endpoint at;

	memset(out, 0, sizeof(*out));
	if (!where)
		return default_open(out);
	if (strncmp(where, "unix:", 5) == 0) {
		if (where[5] != '/' || strlen(where + 5) >= sizeof(out->path))
			return xt_fail(XT_EXIT_USAGE,
				       "--listen %.120s: an absolute path of at most "
				       "%zu bytes was expected",
				       where, sizeof(out->path) - 1);
		strcpy(out->path, where + 5);
		return path_open(out);
	}
	if (xt_endpoint_parse(&at, where) < 0)
		return xt_fail(XT_EXIT_USAGE,
			       "--listen %.120s: expected unix:PATH, or ADDRESS:PORT "
			       "such as 127.0.0.1:9586",
			       where);
	xt_ip_print(&at.ip, out->address);
	snprintf(out->text, sizeof(out->text), "%.100s", where);
	out->fd = tcp_listen(&at);
	if (out->fd < 0)
		return failed(out->text, out->fd);
	xt_log_warning("%s shows every user who can connect what `wg show` hides: endpoints, "
		       "AllowedIPs and traffic of all peers; unix:PATH does not",
		       out->text);
	return XT_EXIT_OK;
}
