/* SPDX-License-Identifier: MIT */
/* NAME.state: one JSON object, written in place, so that the lock of its instance stays valid. */
#include "host/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "config/file_access.h"

#define STATE_MAX 8192u

struct xt_state_file {
	int fd;
	char path[XT_STATE_PATH_MAX];
};

static uint32_t json_number(const json_t *json, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(json, key));

	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void state_read(int fd, struct xt_host_state *state)
{
	char text[STATE_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	json_t *json = n > 0 ? json_loadb(text, (size_t)n, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	const char *resolv = json_string_value(json_object_get(json, "resolv"));

	memset(state, 0, sizeof(*state));
	state->policy.table = json_number(json, "table");
	state->policy.priority[0] = json_number(json, "priority4");
	state->policy.priority[1] = json_number(json, "priority6");
	state->firewall = json_is_true(json_object_get(json, "firewall"));
	state->dns = json_number(json, "dns");
	if (resolv && *resolv == '/' && strlen(resolv) < sizeof(state->resolv))
		memcpy(state->resolv, resolv, strlen(resolv) + 1);
	json_decref(json);
}

/* The locked file must still be the one at path: its instance may have removed it in between. */
static int file_open_locked(const char *path, bool create)
{
	struct stat held, named;
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);

	for (;;) {
		int fd = open(path, flags, 0600), rc;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &held) < 0) {
			rc = errno == EWOULDBLOCK ? -EAGAIN : -errno;
			close(fd);
			return rc;
		}
		if (!xt_file_owned(fd, &held) || !S_ISREG(held.st_mode)) {
			close(fd);
			return -EPERM;
		}
		if (lstat(path, &named) == 0 && named.st_ino == held.st_ino)
			return fd;
		close(fd);
	}
}

static int file_new(struct xt_state_file **out, const char *dir, const char *name)
{
	struct xt_state_file *file = calloc(1, sizeof(*file));
	int n;

	if (!file)
		return XT_E_NOMEM;
	n = snprintf(file->path, sizeof(file->path), "%s/%s.state", dir, name);
	if (n < 0 || (size_t)n >= sizeof(file->path)) {
		free(file);
		return -ENAMETOOLONG;
	}
	*out = file;
	return 0;
}

int xt_state_adopt(struct xt_state_file **out, const char *dir, const char *name, int fd)
{
	int rc = file_new(out, dir, name);

	if (rc == 0)
		(*out)->fd = fd;
	return rc;
}

int xt_state_fd(const struct xt_state_file *file)
{
	return file->fd;
}

int xt_state_open(struct xt_state_file **out, const char *dir, const char *name, bool create,
		  struct xt_host_state *old)
{
	struct xt_state_file *file;
	int rc;

	if (!dir || !*dir)
		return -ENOENT;
	rc = file_new(&file, dir, name);
	if (rc < 0)
		return rc;
	rc = file_open_locked(file->path, create);
	if (rc < 0) {
		free(file);
		return rc;
	}
	file->fd = rc;
	state_read(file->fd, old);
	*out = file;
	return 0;
}

bool xt_state_peek(const char *dir, const char *name, struct xt_host_state *state)
{
	char path[XT_STATE_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s.state", dir, name);
	struct stat st;
	bool valid;
	int fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	valid = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && xt_file_owned(fd, &st);
	if (valid)
		state_read(fd, state);
	close(fd);
	return valid;
}

static json_t *state_json(const struct xt_host_state *state)
{
	return json_pack("{s:I, s:I, s:I, s:b, s:i, s:s}", "table", (json_int_t)state->policy.table,
			 "priority4", (json_int_t)state->policy.priority[0], "priority6",
			 (json_int_t)state->policy.priority[1], "firewall", (int)state->firewall,
			 "dns", (int)state->dns, "resolv", state->resolv);
}

int xt_state_put(struct xt_state_file *file, const struct xt_host_state *state)
{
	json_t *json = state_json(state);
	char text[STATE_MAX];
	size_t len;
	int rc = 0;

	if (!json)
		return XT_E_NOMEM;
	len = json_dumpb(json, text, sizeof(text) - 1, JSON_COMPACT);
	json_decref(json);
	if (len == 0 || len >= sizeof(text))
		return -E2BIG;
	text[len++] = '\n';
	/* one write, then the truncation: a reader finds the old object or the new one */
	if (pwrite(file->fd, text, len, 0) != (ssize_t)len || ftruncate(file->fd, (off_t)len) < 0)
		rc = errno ? -errno : -EIO;
	return rc;
}

int xt_state_restore(struct xt_state_file *file, const struct xt_host_state *state)
{
	struct stat held, named;
	int fd;

	if (fstat(file->fd, &held) == 0 && lstat(file->path, &named) == 0 &&
	    named.st_ino == held.st_ino && named.st_dev == held.st_dev)
		return 0;
	fd = file_open_locked(file->path, true);
	if (fd < 0)
		return fd;
	close(file->fd);
	file->fd = fd;
	return xt_state_put(file, state);
}

void xt_state_close(struct xt_state_file *file, bool remove)
{
	if (!file)
		return;
	if (remove)
		(void)unlink(file->path);
	close(file->fd);
	free(file);
}
