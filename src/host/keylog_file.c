/* SPDX-License-Identifier: MIT */
/* Open the key log: nothing but a private plain file, never through a link. */
#include "host/keylog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *xt_keylog_path(void)
{
	const char *path = getenv("WG_KEYLOGFILE");

	return path && *path ? path : NULL;
}

int xt_keylog_open(const char *path)
{
	struct stat st;
	int fd = open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
	    0600);

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_nlink == 1 && (st.st_mode & 077) == 0)
		return fd;
	close(fd);
	return -EPERM;
}
