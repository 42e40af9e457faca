/* SPDX-License-Identifier: MIT */
/* Two processes: one that serves and has given up its rights, and one that waits for it, passes
 * signals on and removes the socket, which takes rights. */
#ifndef XT_EXPORTER_KEEPER_H
#define XT_EXPORTER_KEEPER_H

#include "exporter/listen.h"

/* keeper  the process that waits
 * ready   descriptor; a byte on it says that requests are served */
struct xt_keeper_child {
	int keeper, ready;
};
typedef int xt_keeper_serve(void *ctx, const struct xt_keeper_child *child);

/* Run serve(ctx) in a child. An enum xt_exit: that of the child, in both processes. */
int xt_keeper_run(const struct xt_listen *listen, xt_keeper_serve *serve, void *ctx);

#endif
