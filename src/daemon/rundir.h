/* SPDX-License-Identifier: MIT */
/* Where the sockets of running instances live: /run/xtunnel for root, else the user's own runtime
 * directory. XT_RUN_DIR, when set, is the only place. No directory is used that another user than
 * root and this one could change (config/path_trust.h), but for that of xtunnel-strict@.service,
 * which is the user xtunnel's and is searched by everyone. */
#ifndef XT_DAEMON_RUNDIR_H
#define XT_DAEMON_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/request.h"

#define XT_RUNSOCK_MAX XT_REQUEST_PATH_MAX
#define XT_RUNDIR_MAX  XT_REQUEST_PATH_MAX /* with name and ".sock" it fits, or it is too long */

/* Where wg(8) looks for sockets. */
extern const char xt_uapi_dir[];
#define XT_UAPI_DIR xt_uapi_dir

/* The directory for instances that this process starts; it may be missing. 0; -EPERM: another user
 * could change it, see xt_rundir_explain, and dir is filled in; -errno. */
int xt_rundir_path(char dir[XT_RUNDIR_MAX]);

/* The directories to look for running instances in, best first: i = 0, 1 ... false: no more. Root
 * looks in the two of units only: a user's own directory is not root's to trust. */
bool xt_rundir_each(unsigned i, char dir[XT_RUNDIR_MAX]);

/* Only root and this user could change dir or what leads to it. */
bool xt_rundir_trusted(const char *dir);
/* Print for dir, or for each directory that is searched when dir is NULL, why it is not trusted and
 * what mends it. false: none is at fault. */
bool xt_rundir_explain(const char *dir);

/* dir/NAME.sock. false: too long. */
bool xt_rundir_socket(char path[XT_RUNSOCK_MAX], const char *dir, const char *name);

/* Where the instance NAME of this process listens. false: too long, or no directory. */
bool xt_rundir_listen(char path[XT_RUNSOCK_MAX], enum xt_host_socket which, const char *name);

/* The socket file of NAME in the first trusted directory that has one. */
bool xt_rundir_find(char path[XT_RUNSOCK_MAX], const char *name);

/* Names of all socket files in trusted directories, sorted, in one allocation each and an array;
 * -errno. */
int xt_rundir_list(char ***names, size_t *n);
int xt_rundir_list_in(const char *dir, char ***names, size_t *n); /* of one directory */
void xt_rundir_list_free(char **names, size_t n);

#endif
