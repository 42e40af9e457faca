/* SPDX-License-Identifier: MIT */
/* The mode of a file. */
#include "config/file_access.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A service with a user of its own reads a file of root by its group. */
static bool group_reads_only(const struct stat *st)
{
	return (st->st_mode & 0066) == 0040 && geteuid() != 0 && st->st_uid != geteuid() &&
	       st->st_gid == getegid();
}

void xt_file_access(struct xt_file_access *out, int fd, const struct stat *st)
{
	(void)fd;
	out->exposure = XT_FILE_PRIVATE;
	snprintf(out->text, sizeof(out->text), "mode %03o", (unsigned)st->st_mode & 0777);
	if (!S_ISREG(st->st_mode) || !(st->st_mode & 0066) || group_reads_only(st))
		return;
	out->exposure = st->st_mode & 0022 ? XT_FILE_WRITABLE : XT_FILE_READABLE;
}

bool xt_file_owned(int fd, const struct stat *st)
{
	(void)fd;
	return st->st_uid == geteuid();
}

/* When the owner cannot be kept, the mode is not either: a group of this user would read the
 * keys. */
int xt_file_access_keep(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		return errno == EPERM ? 0 : -errno;
	return fchmod(fd, st.st_mode & 0777) < 0 ? -errno : 0;
}
