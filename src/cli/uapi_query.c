/* One question, one reply, blocking. */
#include "cli/uapi_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/args.h"
#include "daemon/rundir.h"
#include "cli/term.h"
#include "config/conf.h"
#include "ipc/inbox.h"
#include "ipc/socket.h"

#define REPLY_MAX  ((size_t)1 << 30)
#define PATIENCE_S 30

/* errno=N and the empty line end a reply; its number in *error. */
static bool is_whole(const struct xt_inbox *in, int *error)
{
	static const char head[] = "errno=";
	const char *p;
	size_t i = in->len;

	if (i < 2 || in->buf[i - 1] != '\n' || in->buf[i - 2] != '\n')
		return false;
	for (i -= 2; i > 0 && in->buf[i - 1] != '\n'; i--)
		;
	p = in->buf + i;
	if (in->len - i < strlen(head) || memcmp(p, head, strlen(head)) != 0)
		return false;
	*error = atoi(p + strlen(head)); /* ends at the line's end */
	return true;
}

static int read_reply(int fd, struct xt_inbox *in)
{
	int error;

	while (xt_inbox_room(in, REPLY_MAX)) {
		ssize_t n = recv(fd, in->buf + in->len, in->cap - in->len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -EPROTO;
		in->len += (size_t)n;
		if (is_whole(in, &error))
			return -abs(error);
	}
	return XT_E_NOMEM;
}

static int ask(const char *path, struct xt_inbox *in)
{
	static const char get[] = "get=1\n\n";
	struct timeval patience = {PATIENCE_S, 0};
	int fd = xt_socket_connect(path), rc;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	rc = send(fd, get, strlen(get), MSG_NOSIGNAL) < 0 ? -errno : read_reply(fd, in);
	close(fd);
	return rc;
}

int xt_uapi_query(const char *name, char **text, size_t *len)
{
	char path[XT_RUNSOCK_MAX];
	struct xt_inbox in = {0};
	int rc;

	if (!xt_conf_name_valid(name) || !xt_rundir_socket(path, XT_UAPI_DIR, name))
		return xt_fail(XT_EXIT_USAGE, "%.60s: not the name of an endpoint", name);
	rc = ask(path, &in);
	if (rc == 0) {
		*text = in.buf;
		*len = in.len;
		return XT_EXIT_OK;
	}
	xt_inbox_clear(&in);
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return xt_fail(XT_EXIT_NOT_RUNNING, "%s is not running", name);
	xt_message("%s: %s", path, xt_strerror(rc));
	if (rc == -EACCES || rc == -EPERM)
		xt_hint("private keys are shown to root alone; try again with sudo");
	return XT_EXIT_FAILURE;
}

int xt_uapi_list(char ***names, size_t *n)
{
	char path[XT_RUNSOCK_MAX];
	size_t all, alive = 0;
	int rc = xt_rundir_list_in(XT_UAPI_DIR, names, &all), fd;

	*n = 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all; i++) {
		fd = xt_rundir_socket(path, XT_UAPI_DIR, (*names)[i]) ? xt_socket_connect(path)
								      : -ENAMETOOLONG;
		if (fd >= 0) {
			close(fd);
			(*names)[alive++] = (*names)[i];
		} else {
			free((*names)[i]);
		}
	}
	*n = alive;
	return 0;
}
