/* SPDX-License-Identifier: MIT */
/* An instance in the background: the parent returns when it is ready. */
#ifndef XT_DAEMON_BACKGROUND_H
#define XT_DAEMON_BACKGROUND_H

#include <stddef.h>

#include "daemon/instance.h"

typedef int xt_serve(const void *what, const struct xt_instance_options *options);

/* How far the start is, every XT_BACKGROUND_POLL_MS until the end of it. */
#define XT_BACKGROUND_POLL_MS 50
struct xt_startup;
struct xt_background_watch {
	void (*poll)(void *ctx, struct xt_startup *startup);
	void *ctx;
};

/* Run serve(what) in a child that has a session of its own, none of the caller's descriptors but
 * those in keep (0: not given), and, unless loud, no standard streams once it is ready. An enum
 * xt_exit: in the parent as soon as the child is ready or has ended, in the child when it ends.
 * watch: called in the parent; NULL: none is needed. */
int xt_background(xt_serve *serve, const void *what, bool loud, const int *keep, size_t n_keep,
		  const struct xt_background_watch *watch);

/* Run step(what) in a child, and return its status; XT_EXIT_FAILURE when there is none. For what
 * runs programs before xt_background: libuv keeps descriptors for them, and aborts when these are
 * closed. On Windows without a child. */
int xt_background_apart(int (*step)(const void *what), const void *what);

#endif
