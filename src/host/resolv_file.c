/* SPDX-License-Identifier: MIT */
/* Blocks in a resolv.conf(5) that is a file: read, edited, written back under a lock. */
#include "host/resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#define LOCK_WAIT_MS 1000u
#define LOCK_POLL_MS 10u

static int file_read(int fd, char **text, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*text = malloc(XT_RESOLV_MAX + 1);
	if (!*text)
		return XT_E_NOMEM;
	*len = 0;
	while (*len <= XT_RESOLV_MAX) {
		n = pread(fd, *text + *len, XT_RESOLV_MAX + 1 - *len, (off_t)*len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		*len += (size_t)n;
	}
	return -EFBIG;
}

/* Truncate after writing, so that no reader finds an empty file. */
static int file_write(int fd, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = pwrite(fd, text + at, len - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	if (ftruncate(fd, (off_t)len) < 0)
		return -errno;
	return fsync(fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* Every user may read the file and so hold its lock for ever: after LOCK_WAIT_MS the change is made
 * without it. It is short, and so is one of another instance. Some file systems have no locks. */
static void lock_await(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};

	for (unsigned ms = 0; ms < LOCK_WAIT_MS; ms += LOCK_POLL_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static int file_open(const char *path, int flags)
{
	int fd = open(path, flags | O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

	if (fd < 0)
		return -errno;
	lock_await(fd);
	return fd;
}

int xt_resolv_file_set(const char *path, const char *name, const struct xt_dns *dns)
{
	char *text = NULL, *edited = NULL;
	size_t len = 0, edited_len;
	bool made = false;
	int fd = file_open(path, 0), rc;

	if (fd == -ENOENT) {
		/* every user reads it, whatever the umask is */
		fd = file_open(path, O_CREAT | O_EXCL);
		made = fd >= 0 && fchmod(fd, 0644) == 0;
	}
	if (fd < 0)
		return fd;
	rc = file_read(fd, &text, &len);
	if (rc == 0)
		rc = xt_resolv_add(&edited, &edited_len, text, len, made, name, dns);
	if (rc == 0)
		rc = file_write(fd, edited, edited_len);
	if (rc < 0 && made)
		(void)unlink(path);
	close(fd);
	free(text);
	free(edited);
	return rc;
}

int xt_resolv_file_unset(const char *path, const char *name)
{
	char *text = NULL, *edited = NULL;
	size_t len = 0, edited_len;
	bool found = false, made = false;
	int fd = file_open(path, 0), rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = file_read(fd, &text, &len);
	if (rc == 0)
		rc = xt_resolv_remove(&edited, &edited_len, text, len, name, &found, &made);
	if (rc == 0 && found)
		rc = file_write(fd, edited, edited_len);
	if (rc == 0 && made)
		rc = unlink(path) < 0 ? -errno : 0;
	close(fd);
	free(text);
	free(edited);
	return rc;
}
