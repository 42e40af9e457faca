/* SPDX-License-Identifier: MIT */
/* The watch of a socket's file and its directory. */
#include "ipc/socket_watch_uv.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#define LOST_MS 3000

struct xt_socket_watch {
	const struct xt_server *server;
	char *path;
	uv_fs_event_t file, directory;
	uv_timer_t lost;   /* runs while the file is not the server's */
	unsigned attempts; /* since it was lost */
	unsigned handles;  /* of the three above, not closed yet */
	void (*report)(void *ctx, unsigned attempt);
	void *ctx;
};

static void on_lost(uv_timer_t *timer)
{
	struct xt_socket_watch *watch = timer->data;

	watch->report(watch->ctx, ++watch->attempts);
}

/* The present iteration of the loop may be one in which the instance ends: the timer leaves it. */
static void socket_check(struct xt_socket_watch *watch)
{
	if (xt_server_there(watch->server) || uv_is_active((uv_handle_t *)&watch->lost))
		return;
	uv_fs_event_stop(&watch->file);
	uv_fs_event_stop(&watch->directory);
	uv_timer_start(&watch->lost, on_lost, 0, LOST_MS);
}

static void on_file_event(uv_fs_event_t *handle, const char *file, int events, int status)
{
	(void)file;
	(void)events;
	(void)status;
	socket_check(handle->data);
}

static void on_directory_event(uv_fs_event_t *handle, const char *file, int events, int status)
{
	struct xt_socket_watch *watch = handle->data;

	on_file_event(handle, file, events, status);
	if (!uv_is_active((uv_handle_t *)&watch->lost))
		watch->report(watch->ctx, 0);
}

/* A directory that is renamed takes the file along. A file that goes before the watch stands is
 * seen by the check. */
static void watch_start(struct xt_socket_watch *watch)
{
	char *slash = strrchr(watch->path, '/');

	if (slash && slash != watch->path) {
		*slash = '\0';
		(void)uv_fs_event_start(&watch->directory, on_directory_event, watch->path, 0);
		*slash = '/';
	}
	(void)uv_fs_event_start(&watch->file, on_file_event, watch->path, 0);
	socket_check(watch);
}

int xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			const struct xt_server *server, const char *path,
			void (*lost)(void *ctx, unsigned attempt), void *ctx)
{
	struct xt_socket_watch *watch = calloc(1, sizeof(*watch));

	if (!watch || !(watch->path = strdup(path))) {
		free(watch);
		return XT_E_NOMEM;
	}
	watch->server = server;
	watch->report = lost;
	watch->ctx = ctx;
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
		watch->report(watch->ctx, 0);
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
	if (!watch)
		return;
	uv_close((uv_handle_t *)&watch->lost, on_closed);
	uv_close((uv_handle_t *)&watch->file, on_closed);
	uv_close((uv_handle_t *)&watch->directory, on_closed);
}
