/* SPDX-License-Identifier: MIT */
/* Open the key log: nothing but a plain file that lets no other user in. */
#include "host/keylog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/windows/places_windows.h"

const char *xt_keylog_path(void)
{
	const char *path = getenv("WG_KEYLOGFILE");

	return path && *path ? path : NULL;
}

int xt_keylog_open(const char *path)
{
	struct xt_win_access access;
	struct stat st;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && xt_win_access(&access, fd) == 0 &&
	    !access.reads && !access.writes)
		return fd;
	close(fd);
	return -EPERM;
}
