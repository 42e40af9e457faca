/* SPDX-License-Identifier: MIT */
/* A new file with secrets. Without force the file itself is created, so that two programs cannot
 * both believe that they made it; with force a file beside it is renamed. */
#include "cli/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "cli/term.h"

bool xt_private_file_init(struct xt_private_file *file, const char *dir, const char *name,
			  const char *suffix)
{
	int n;

	file->part[0] = '\0';
	if (dir && !*dir) {
		xt_message("-o: the name of the directory is empty; this one is .");
		return false;
	}
	n = snprintf(file->path, sizeof(file->path), "%s%s%s%s", dir ? dir : "", dir ? "/" : "",
		     name, suffix);
	if (n > 0 && (size_t)n + 5 < sizeof(file->path))
		return true;
	xt_message("%.80s: the path is too long", name);
	return false;
}

static bool file_failed(const struct xt_private_file *file, int error)
{
	xt_message("%s: %s", file->path, strerror(error));
	if (error == EEXIST)
		xt_hint("existing files are not overwritten: move it, or choose another directory "
			"with -o");
	return false;
}

static int data_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 && errno != EINVAL && errno != EROFS ? errno : 0;
}

/* What is at its path, if anything, is a file: a device would be lost to all programs. */
static bool file_replaceable(const struct xt_private_file *file)
{
	struct stat st;

	if (lstat(file->path, &st) < 0 || S_ISREG(st.st_mode))
		return true;
	if (S_ISDIR(st.st_mode))
		return file_failed(file, EISDIR);
	xt_message("%s: is there, and is no file that could be replaced", file->path);
	return false;
}

bool xt_private_file_write(struct xt_private_file *file, const void *data, size_t len, bool force)
{
	char part[PATH_MAX];
	int fd, error;

	/* Before another file is kept, which would not come back. */
	if (force && !file_replaceable(file))
		return false;
	snprintf(part, sizeof(part), "%.*s%s", (int)sizeof(part) - 5, file->path,
		 force ? ".tmp" : "");
	if (force)
		(void)unlink(part); /* left by an attempt that was killed */
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return file_failed(file, errno);
	memcpy(file->part, part, sizeof(part));
	error = data_write(fd, data, len);
	if (close(fd) < 0 && !error)
		error = errno;
	return error ? file_failed(file, error) : true;
}

bool xt_private_file_judge(const struct xt_private_file *file, bool force)
{
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	memcpy(dir, file->path, sizeof(dir));
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	if (force && !file_replaceable(file))
		return false;
	if (!force && lstat(file->path, &st) == 0)
		return file_failed(file, EEXIST);
	return access(slash ? dir : ".", W_OK | X_OK) < 0 ? file_failed(file, errno) : true;
}

bool xt_private_file_keep(struct xt_private_file *file)
{
	if (strcmp(file->part, file->path) != 0 && rename(file->part, file->path) < 0)
		return file_failed(file, errno);
	file->part[0] = '\0';
	return true;
}

void xt_private_file_drop(struct xt_private_file *file)
{
	if (*file->part)
		(void)unlink(file->part);
	file->part[0] = '\0';
}

void xt_private_file_hold(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGQUIT);
	sigprocmask(SIG_BLOCK, &held, before);
}
