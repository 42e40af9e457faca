/* SPDX-License-Identifier: MIT */
/* Where the exporter listens. */
#ifndef XT_EXPORTER_LISTEN_H
#define XT_EXPORTER_LISTEN_H

#include <sys/stat.h>

#include "daemon/rundir.h"

/* path     of a UNIX socket; "": it is TCP
 * id       of its file
 * address  without port, as text
 * text     for people: "unix:PATH" or "ADDRESS:PORT" */
struct xt_listen {
	int fd;
	char path[XT_RUNSOCK_MAX];
	struct stat id;
	char address[64];
	char text[XT_RUNSOCK_MAX + 8];
};

/* where: see struct xt_exporter_options. An enum xt_exit; failures are printed. */
int xt_listen_open(struct xt_listen *out, const char *where);

#endif
