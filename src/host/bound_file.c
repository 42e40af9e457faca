/* SPDX-License-Identifier: MIT */
/* One small text file per identity in the state directory. */
#include "host/bound_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "host/atomic_file.h"

#define NAME_LEN XT_STATE_NAME_LEN

struct xt_bound_file {
	int dir; /* kept open, -1: none */
	char name[NAME_LEN + 1];
	uint64_t floor;
	bool warned, unread;
	char warning[256];
};

static void file_warn(struct xt_bound_file *file, const char *what, int error)
{
	if (file->warned)
		return;
	file->warned = file->unread = true;
	snprintf(file->warning, sizeof(file->warning),
		 "%s%s%s: should the clock go back across a restart, peers may refuse handshakes "
		 "until it has caught up",
		 what, error ? ": " : "", error ? xt_strerror(error) : "");
}

/* mkdir -p, private to the user. */
static int dirs_make(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* true: text is a whole file with a bound that leaves room for later ones. */
static bool bound_parse(uint64_t *out, char *text, size_t len)
{
	static const char head[] = "bound=";
	const size_t head_len = sizeof(head) - 1;

	if (len <= head_len + 1 || text[len - 1] != '\n' || memchr(text, '\0', len))
		return false;
	text[len - 1] = '\0';
	return strncmp(text, head, head_len) == 0 &&
	       xt_number(out, text + head_len, UINT64_MAX / 4, false);
}

static void file_read(struct xt_bound_file *file)
{
	char text[64];
	struct stat st;
	ssize_t n;
	int fd = openat(file->dir, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT)
			file_warn(file, "the state file cannot be read", -errno);
		return;
	}
	n = read(fd, text, sizeof(text));
	if (n < 0 || !bound_parse(&file->floor, text, (size_t)n)) {
		file->floor = 0;
		if (fstat(fd, &st) == 0 && st.st_mtime > 0 && st.st_mtime < UINT32_MAX)
			file->floor =
			    (uint64_t)st.st_mtime * UINT64_C(1000000000) + XT_BOUND_AHEAD_NS;
		file_warn(file, "the state file is damaged", n < 0 ? -errno : 0);
	}
	close(fd);
}

static bool name_valid(const char *name)
{
	return strlen(name) == NAME_LEN && name[strspn(name, "0123456789abcdef")] == '\0';
}

int xt_bound_open(struct xt_bound_file **out, const char *dir, const char *name)
{
	struct xt_bound_file *file;
	int rc;

	if (!name_valid(name))
		return -EINVAL;
	file = calloc(1, sizeof(*file));
	if (!file)
		return XT_E_NOMEM;
	memcpy(file->name, name, sizeof(file->name));
	file->dir = -1;
	rc = dir ? dirs_make(dir) : -ENOENT;
	if (rc == 0) {
		file->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = file->dir < 0 ? -errno : 0;
	}
	if (rc == 0)
		file_read(file);
	else
		file_warn(file, "there is no state directory", rc);
	*out = file;
	return 0;
}

uint64_t xt_bound_floor(const struct xt_bound_file *file)
{
	return file->floor;
}

bool xt_bound_stored(const struct xt_bound_file *file)
{
	return file->dir >= 0;
}

static int file_write(const struct xt_bound_file *file, uint64_t bound)
{
	char text[40];
	int n = snprintf(text, sizeof(text), "bound=%llu\n", (unsigned long long)bound);

	return xt_atomic_file_write(file->dir, file->name, text, (size_t)n);
}

int xt_bound_write(struct xt_bound_file *file, uint64_t bound)
{
	int rc = file->dir >= 0 ? file_write(file, bound) : -ENOENT;

	if (rc < 0)
		file_warn(file, "the state file cannot be written", rc);
	return rc;
}

const char *xt_bound_warning(struct xt_bound_file *file)
{
	bool unread = file->unread;

	file->unread = false;
	return unread ? file->warning : NULL;
}

void xt_bound_close(struct xt_bound_file *file)
{
	if (!file)
		return;
	if (file->dir >= 0)
		close(file->dir);
	free(file);
}
