/* SPDX-License-Identifier: MIT */
/* Who beside its owner may read or write a file that is open: by its mode, or by its access control
 * list (file_access_posix.c, file_access_windows.c). */
#ifndef XT_CONFIG_FILE_ACCESS_H
#define XT_CONFIG_FILE_ACCESS_H

#include <stdbool.h>
#include <sys/stat.h>

/* text: how others may, e.g. "mode 644". */
enum xt_exposure { XT_FILE_PRIVATE, XT_FILE_READABLE, XT_FILE_WRITABLE };
struct xt_file_access {
	enum xt_exposure exposure;
	char text[96];
};

/* Judge the regular file open as fd, of which fstat said st. Root, administrators and the system
 * count as its owner. */
void xt_file_access(struct xt_file_access *out, int fd, const struct stat *st);

/* This process's user has made the file, or on Windows an administrator or the system. */
bool xt_file_owned(int fd, const struct stat *st);

/* A file at fd that takes the place of the one at path gets the rights of that. 0 or -errno. */
int xt_file_access_keep(int fd, const char *path);

#endif
