/* SPDX-License-Identifier: MIT */
/* The watch of a socket's file and its directory. */
#include "host/socket_watch_uv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "host/run_directory.h"

#define LOST_MS 3000

struct xt_socket_watch {
	struct xt_socket_watch_options options; /* its path is below */
	char *path;
	struct stat id; /* of the file; zero: there was none */
	uv_fs_event_t file, directory;
	uv_timer_t lost;   /* runs while the file is not the socket's */
	unsigned attempts; /* since it was lost */
	unsigned handles;  /* of the three above, not closed yet */
};

static bool file_is_there(const struct xt_socket_watch *watch)
{
	struct stat st;

	return lstat(watch->path, &st) == 0 && st.st_dev == watch->id.st_dev &&
	       st.st_ino == watch->id.st_ino;
}

static void on_lost(uv_timer_t *timer)
{
	struct xt_socket_watch *watch = timer->data;

	if (watch->options.removal)
		uv_timer_stop(timer);
	watch->options.lost(watch->options.ctx, ++watch->attempts);
}

/* The present iteration of the loop may be one in which the instance ends: the timer leaves it. */
static void socket_check(struct xt_socket_watch *watch)
{
	if (file_is_there(watch) || uv_is_active((uv_handle_t *)&watch->lost))
		return;
	uv_fs_event_stop(&watch->file);
	uv_fs_event_stop(&watch->directory);
	uv_timer_start(&watch->lost, on_lost, 0, LOST_MS);
}

/* UV_CHANGE: number of links, mode or owner; UV_RENAME: another name. */
static void on_file_event(uv_fs_event_t *handle, const char *file, int events, int status)
{
	struct xt_socket_watch *watch = handle->data;

	(void)file;
	if (!watch->options.removal || (status >= 0 && events & UV_CHANGE))
		socket_check(watch);
}

static void on_directory_event(uv_fs_event_t *handle, const char *file, int events, int status)
{
	struct xt_socket_watch *watch = handle->data;

	on_file_event(handle, file, events, status);
	if (!uv_is_active((uv_handle_t *)&watch->lost))
		watch->options.lost(watch->options.ctx, 0);
}

/* Removal where the file itself cannot be watched: a file that was renamed counts as removed. */
static void on_neighbour_event(uv_fs_event_t *handle, const char *file, int events, int status)
{
	(void)file;
	(void)events;
	(void)status;
	socket_check(handle->data);
}

static int directory_start(struct xt_socket_watch *watch, uv_fs_event_cb on_event)
{
	char *slash = strrchr(watch->path, '/');
	int rc;

	if (!slash || slash == watch->path)
		return UV_EINVAL;
	*slash = '\0';
	rc = uv_fs_event_start(&watch->directory, on_event, watch->path, 0);
	*slash = '/';
	return rc;
}

/* kqueue watches descriptors, and no system but Linux opens a socket's file: macOS and the BSDs
 * watch the directory alone. */
static void removal_start(struct xt_socket_watch *watch)
{
	int rc = uv_fs_event_start(&watch->file, on_file_event, watch->path, 0);

	if (rc == 0)
		return;
	rc = directory_start(watch, on_neighbour_event);
	if (rc < 0)
		xt_log_warning("%s: cannot watch for its removal: %s", watch->path,
			       uv_strerror(rc));
	else
		socket_check(watch);
}

/* A directory that is renamed takes the file along. A file that goes before the watch stands is
 * seen by the check. */
static void watch_start(struct xt_socket_watch *watch)
{
	if (lstat(watch->path, &watch->id) < 0)
		memset(&watch->id, 0, sizeof(watch->id));
	if (watch->options.removal) {
		removal_start(watch);
		return;
	}
	(void)directory_start(watch, on_directory_event);
	(void)uv_fs_event_start(&watch->file, on_file_event, watch->path, 0);
	socket_check(watch);
}

int xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			const struct xt_socket_watch_options *options)
{
	struct xt_socket_watch *watch = calloc(1, sizeof(*watch));

	if (!watch || !(watch->path = strdup(options->path))) {
		free(watch);
		return XT_E_NOMEM;
	}
	watch->options = *options;
	watch->options.path = NULL;
	uv_timer_init(loop, &watch->lost);
	uv_fs_event_init(loop, &watch->file);
	uv_fs_event_init(loop, &watch->directory);
	watch->lost.data = watch->file.data = watch->directory.data = watch;
	watch->handles = 3;
	watch_start(watch);
	*out = watch;
	return 0;
}

void xt_socket_watch_again(struct xt_socket_watch *watch)
{
	watch->attempts = 0;
	uv_timer_stop(&watch->lost);
	watch_start(watch);
	/* Another file of the directory may have gone before the watch stood. */
	if (!uv_is_active((uv_handle_t *)&watch->lost))
		watch->options.lost(watch->options.ctx, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_socket_watch *watch = handle->data;

	if (--watch->handles)
		return;
	free(watch->path);
	free(watch);
}

void xt_socket_watch_close(struct xt_socket_watch *watch)
{
	uv_close((uv_handle_t *)&watch->lost, on_closed);
	uv_close((uv_handle_t *)&watch->file, on_closed);
	uv_close((uv_handle_t *)&watch->directory, on_closed);
}

int xt_socket_watch_remove(struct xt_socket_watch *watch)
{
	int rc = xt_run_directory_remove(watch->path, watch->id.st_dev, watch->id.st_ino);

	xt_socket_watch_close(watch);
	return rc;
}

bool xt_socket_listens_at(int fd, const char *path)
{
	struct sockaddr_un at = {0};
	socklen_t len = sizeof(at), value_len = sizeof(int);
	int listens = 0;

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0 || at.sun_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &value_len) < 0 || !listens)
		return false;
	return strncmp(at.sun_path, path, sizeof(at.sun_path)) == 0;
}
