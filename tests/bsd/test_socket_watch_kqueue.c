/* SPDX-License-Identifier: MIT */
/* The removal of a listening socket, where libuv cannot watch its file: macOS and the BSDs refuse
 * to open it, and kqueue wants a descriptor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/socket_watch_uv.h"
#include "test_main.h"

#undef uv_fs_event_start
int uv_fs_event_start(uv_fs_event_t *handle, uv_fs_event_cb cb, const char *path, unsigned flags);

/* As libuv has it over kqueue: open(2) of a socket fails. */
int kqueue_fs_event_start(uv_fs_event_t *handle, uv_fs_event_cb cb, const char *path,
			  unsigned flags)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return UV_ENOTSUP;
	return uv_fs_event_start(handle, cb, path, flags);
}

static char dir[] = "/tmp/xt-socket-watch-XXXXXX";
static char path[64], other[64];
static unsigned lost;

static void on_lost(void *ctx, unsigned attempt)
{
	lost += attempt;
	uv_stop(ctx);
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void loop_run(uv_loop_t *loop, uint64_t ms)
{
	uv_timer_t timer;

	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, on_time, ms, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static int socket_make(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void a_removed_socket_is_reported_once(void **state)
{
	struct xt_socket_watch *watch;
	uv_loop_t loop;
	const struct xt_socket_watch_options options = {
	    .path = path, .removal = true, .lost = on_lost, .ctx = &loop};
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/utun7.sock", dir);
	snprintf(other, sizeof(other), "%s/utun7.name", dir);
	fd = socket_make();
	uv_loop_init(&loop);
	assert_int_equal(xt_socket_watch_new(&watch, &loop, &options), 0);

	/* another file of the directory */
	fclose(fopen(other, "w"));
	loop_run(&loop, 100);
	assert_int_equal(lost, 0);

	assert_int_equal(unlink(path), 0);
	loop_run(&loop, 5000);
	assert_int_equal(lost, 1);
	loop_run(&loop, 100);
	assert_int_equal(lost, 1);

	xt_socket_watch_close(watch);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(fd);
	unlink(other);
	assert_int_equal(rmdir(dir), 0);
}

TEST_MAIN(cmocka_unit_test(a_removed_socket_is_reported_once))
