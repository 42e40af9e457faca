/* SPDX-License-Identifier: MIT */
/* The access control list of a file. */
#include "config/file_access.h"

#include <stdio.h>

#include "platform/windows/places_windows.h"

/* One that cannot be read is taken for private: the caller could open the file. */
void xt_file_access(struct xt_file_access *out, int fd, const struct stat *st)
{
	struct xt_win_access access;

	out->exposure = XT_FILE_PRIVATE;
	snprintf(out->text, sizeof(out->text), "private");
	if (!S_ISREG(st->st_mode) || xt_win_access(&access, fd) < 0)
		return;
	if (!access.reads && !access.writes)
		return;
	out->exposure = access.writes ? XT_FILE_WRITABLE : XT_FILE_READABLE;
	snprintf(out->text, sizeof(out->text), "%s is let in", access.user);
}

bool xt_file_owned(int fd, const struct stat *st)
{
	(void)st;
	return xt_win_owned(fd);
}

int xt_file_access_keep(int fd, const char *path)
{
	return xt_win_access_copy(fd, path);
}
