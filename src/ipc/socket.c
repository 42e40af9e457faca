/* SPDX-License-Identifier: MIT */
/* Unix stream sockets by path. A stale socket is replaced, one with a listener never. */
#include "ipc/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/fd.h"
#include "platform/process.h"

#define BACKLOG 128

static uid_t trusted_uid; /* a listener of this user is one of root's */

static int address_set(struct sockaddr_un *out, const char *path)
{
	size_t len = strlen(path);

	if (!len || len >= sizeof(out->sun_path))
		return -ENAMETOOLONG;
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	memcpy(out->sun_path, path, len + 1);
	return 0;
}

/* limit: of the connect, which waits while the listener's backlog is full, and of each send */
static int socket_connect(const char *path, bool nonblock, const struct timeval *limit)
{
	struct sockaddr_un to;
	int err = address_set(&to, path);
	int fd = err ? err : xt_fd_socket(AF_UNIX, SOCK_STREAM, nonblock);

	if (err || fd < 0)
		return err ? err : -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, limit, sizeof(*limit));
	while ((err = connect(fd, (struct sockaddr *)&to, sizeof(to))) < 0 && errno == EINTR)
		;
	if (!err)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The process that called listen, or the client at its connect. */
int xt_socket_peer_uid(int fd, uid_t *uid)
{
	struct xt_fd_peer peer;
	int err = xt_fd_peer(fd, &peer);

	if (!err)
		*uid = (uid_t)peer.uid;
	return err;
}

void xt_socket_trust(uid_t uid)
{
	trusted_uid = uid;
}

int xt_socket_connect(const char *path)
{
	static const struct timeval limit = {.tv_sec = XT_SOCKET_SILENCE_MS / 1000};
	uid_t uid = (uid_t)-1;
	int fd = socket_connect(path, false, &limit);

	if (fd < 0)
		return fd == -EAGAIN ? -ETIMEDOUT : fd;
	int err = xt_socket_peer_uid(fd, &uid);
	if (!err && (uid == 0 || uid == geteuid() || uid == trusted_uid))
		return fd;
	close(fd);
	return err ? err : -EPERM;
}

static int directory_make(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	strcpy(copy, path); /* address_set has checked its length */
	slash = strrchr(copy, '/');
	if (!slash || slash == copy)
		return 0;
	*slash = '\0';
	mode_t old = umask(022);
	int err = mkdir(copy, 0755) < 0 && errno != EEXIST ? -errno : 0;
	umask(old);
	return err;
}

/* Unlink a socket without a listener. -EADDRINUSE: it has one, or the file is no socket. */
static int path_clear_stale(const char *path)
{
	struct stat st;
	int fd = socket_connect(path, true, &(struct timeval){0});

	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd == -ENOENT)
		return 0;
	if (fd != -ECONNREFUSED)
		return fd == -EAGAIN || fd == -EINPROGRESS ? -EADDRINUSE : fd;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int socket_bind_private(int fd, const struct sockaddr_un *to)
{
	mode_t old = umask(0177);
	int err = bind(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ? -errno : 0;

	umask(old);
	return err;
}

int xt_socket_listen(const char *path, struct stat *id)
{
	struct sockaddr_un to;
	int err = address_set(&to, path);

	err = err ? err : directory_make(path);
	if (err)
		return err;
	int fd = xt_fd_socket(AF_UNIX, SOCK_STREAM, true);
	if (fd < 0)
		return -errno;
	err = socket_bind_private(fd, &to);
	if (err == -EADDRINUSE) {
		err = path_clear_stale(path);
		err = err ? err : socket_bind_private(fd, &to);
	}
	if (!err && (listen(fd, BACKLOG) < 0 || lstat(path, id) < 0)) {
		err = -errno;
		unlink(path);
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int xt_socket_adopt(int fd)
{
	struct stat st;
	int flags;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int xt_socket_accept(int fd)
{
	int client;

	while ((client = xt_fd_accept(fd, true)) < 0 && (errno == EINTR || errno == ECONNABORTED))
		;
	return client < 0 ? -errno : client;
}

void xt_socket_remove(const char *path, const struct stat *id)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == id->st_dev && st.st_ino == id->st_ino)
		unlink(path);
}

bool xt_socket_hung_up(int fd)
{
	struct pollfd poll_fd = {.fd = fd};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP);
}

/* --- connected --- */

ssize_t xt_socket_send(int fd, const void *bytes, size_t len)
{
	ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	return errno == ECONNRESET ? -EPIPE : errno == EAGAIN ? -ETIMEDOUT : -errno;
}

ssize_t xt_socket_recv(int fd, void *bytes, size_t len)
{
	ssize_t n = recv(fd, bytes, len, 0);

	if (n >= 0)
		return n;
	return errno == ECONNRESET ? -EPIPE : errno == EAGAIN ? -ETIMEDOUT : -errno;
}

int xt_socket_await_any(const int *fds, bool *ready, size_t n, int ms)
{
	struct pollfd v[XT_SOCKET_AWAIT_MAX];
	int rc;

	if (n > XT_SOCKET_AWAIT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	rc = poll(v, (nfds_t)n, ms);
	for (size_t i = 0; i < n; i++)
		ready[i] = rc > 0 && v[i].revents;
	return rc < 0 ? -errno : rc;
}

int xt_socket_await(int fd, int ms)
{
	bool ready;

	return xt_socket_await_any(&fd, &ready, 1, ms);
}

void xt_socket_finish(int fd, bool both)
{
	(void)shutdown(fd, both ? SHUT_RDWR : SHUT_WR);
}

void xt_socket_close(int fd)
{
	close(fd);
}

/* --- the process that listens --- */

int xt_peer_process_open(int fd)
{
	struct xt_fd_peer peer;

	if (xt_fd_peer(fd, &peer) < 0 || peer.pid <= 0)
		return -1;
	return xt_process_watch(peer.pid);
}

void xt_peer_process_await(int process)
{
	struct pollfd poll_fd = {.fd = process, .events = POLLIN};

	while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR)
		;
}

void xt_peer_process_close(int process)
{
	close(process);
}
