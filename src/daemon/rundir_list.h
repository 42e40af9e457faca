/* SPDX-License-Identifier: MIT */
/* What the searches of each system for running instances (rundir.h) make their lists with. */
#ifndef XT_DAEMON_RUNDIR_LIST_H
#define XT_DAEMON_RUNDIR_LIST_H

#include <stddef.h>

/* Append a copy of name, unless it is there. -ENOMEM. */
int xt_rundir_list_add(char ***names, size_t *n, const char *name);
/* rc of the search: 0: sort the list; else free it. Returns rc. */
int xt_rundir_list_end(char **names, size_t n, int rc);

#endif
