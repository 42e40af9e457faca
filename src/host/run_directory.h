/* SPDX-License-Identifier: MIT */
/* What instances keep in their run directory besides sockets and state: the marks of persistent
 * interfaces. */
#ifndef XT_HOST_RUN_DIRECTORY_H
#define XT_HOST_RUN_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Make dir (0755 for root, else 0700) if it is missing, but not its parents. 0; -EPERM: another
 * user could change it (config/path_trust.h); -errno. */
int xt_run_directory_make(const char *dir);

/* Remove the file at path, of this or another directory, if it is still that of dev and ino.
 * -ENOENT: it is not; -errno. */
int xt_run_directory_remove(const char *path, dev_t dev, ino_t ino);

/* A mark that the persistent interface NAME is xtunnel's, with its owner, so that `down` removes it
 * when no process runs. Errors are ignored: the mark is optional. dir is trusted; NULL: there is
 * none, and no mark. */
void xt_run_directory_mark(const char *dir, const char *name, uint32_t owner_uid);
void xt_run_directory_unmark(const char *dir, const char *name);
bool xt_run_directory_marked(const char *dir, const char *name, uint32_t *owner_uid);

#endif
