/* SPDX-License-Identifier: MIT */
/* A new file with secrets, of mode 0600, that is there as a whole or not at all. What fails is
 * printed on stderr. */
#ifndef XT_CLI_PRIVATE_FILE_H
#define XT_CLI_PRIVATE_FILE_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* path  of the file; part: of what is written until it is kept, "" when there is nothing to drop */
struct xt_private_file {
	char path[PATH_MAX], part[PATH_MAX];
};

/* path: DIR/NAMESUFFIX; dir NULL: the working directory. */
bool xt_private_file_init(struct xt_private_file *file, const char *dir, const char *name,
			  const char *suffix);
/* Write and sync. force: a file that exists is replaced when this one is kept; otherwise it is
 * refused now. */
bool xt_private_file_write(struct xt_private_file *file, const void *data, size_t len, bool force);
/* Would it be refused because of what is there? Writes nothing. */
bool xt_private_file_judge(const struct xt_private_file *file, bool force);
bool xt_private_file_keep(struct xt_private_file *file);
void xt_private_file_drop(struct xt_private_file *file); /* unless it was kept */

/* From before the writing to after the dropping: the signals of a terminal and of a service manager
 * wait, so that no file stays of what was not done. sigprocmask(2) with *before ends it. */
void xt_private_file_hold(sigset_t *before);

#endif
