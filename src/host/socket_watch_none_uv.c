/* SPDX-License-Identifier: MIT */
/* A named pipe cannot be removed while its process has it: nothing is to be watched. */
#include "host/socket_watch_uv.h"

#include <stdlib.h>

#include <xtunnel/error.h>

struct xt_socket_watch {
	char unused;
};

int xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			const struct xt_socket_watch_options *options)
{
	(void)loop;
	(void)options;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

void xt_socket_watch_again(struct xt_socket_watch *watch)
{
	(void)watch;
}

void xt_socket_watch_close(struct xt_socket_watch *watch)
{
	free(watch);
}

int xt_socket_watch_remove(struct xt_socket_watch *watch)
{
	free(watch);
	return 0;
}

bool xt_socket_listens_at(int fd, const char *path)
{
	(void)fd;
	(void)path;
	return false;
}
