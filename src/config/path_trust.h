/* SPDX-License-Identifier: MIT */
/* Who could replace a file or directory: every directory and symbolic link on the way to it. */
#ifndef XT_CONFIG_PATH_TRUST_H
#define XT_CONFIG_PATH_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

/* path  of a directory, a symbolic link or, last, of the file itself; resolved, without links
 * last  it is what the whole path names; a link is never last
 * false ends the walk. */
typedef bool xt_path_visit(void *ctx, const char *path, const struct stat *st, bool last);

/* Visit "/" and then each component of path, and of the links on the way, in the order in which the
 * kernel resolves them. A relative path begins at the working directory. 0; -ECANCELED: visit ended
 * it; -ENOENT, -ELOOP or another -errno. */
int xt_path_walk(const char *path, xt_path_visit *visit, void *ctx);

/* path, which is relative to the directory of file (NULL: to the working directory), to be freed;
 * NULL: no memory. */
char *xt_path_beside(const char *file, const char *path);

/* The same for a key file. A path of "%d", or one that begins with "%d/", is in the directory of
 * the unit's credentials (systemd.exec(5), $CREDENTIALS_DIRECTORY). 0; -ENXIO: there is no such
 * directory, since the variable is not an absolute path; XT_E_NOMEM. */
int xt_path_key_file(char **out, const char *file, const char *path);
#define XT_PATH_NO_CREDENTIALS                                                                     \
	"%d is the directory of the unit's credentials, and CREDENTIALS_DIRECTORY is not set: "    \
	"start it by a unit of systemd with LoadCredential"

/* What is wrong, and the command that mends it ("" if there is none). */
struct xt_path_fault {
	char sentence[320];
	char remedy[160];
};

/* Judge a directory whose files this process trusts: it and all directories on the way belong to
 * root or to this user and cannot be written by others (except sticky directories on the way), and
 * links belong to root. 0; -EPERM with *fault filled; -errno (-ENOENT: it does not exist). */
int xt_path_judge_directory(const char *path, struct xt_path_fault *fault);

/* Does uid belong to no user of this namespace? What it has was set up outside: in a container by
 * the host's root, or by the one who started the container. */
bool xt_path_owner_is_outside(uid_t uid);

#endif
