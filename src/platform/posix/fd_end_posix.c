/* SPDX-License-Identifier: MIT */
/* Ending descriptors of unknown numbers, by the list of them or up to the limit: for a system, or
 * a kernel, that has no call for it. */
#include "platform/posix/fd_end_posix.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void descriptor_end(int fd, bool cloexec)
{
	int flags = cloexec ? fcntl(fd, F_GETFD) : 0;

	if (!cloexec)
		(void)close(fd);
	else if (flags >= 0 && !(flags & FD_CLOEXEC))
		(void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* Without a list the limit bounds the numbers, unless it was lowered since. */
static int descriptors_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > 1u << 20)
		return 1 << 20;
	return (int)limit.rlim_max;
}

void xt_fd_end_listed(const char *directory, int first, bool cloexec)
{
	DIR *list = opendir(directory);
	struct dirent *entry;

	if (!list) {
		for (int fd = first, end = descriptors_limit(); fd < end; fd++)
			descriptor_end(fd, cloexec);
		return;
	}
	while ((entry = readdir(list))) {
		char *rest;
		long fd = strtol(entry->d_name, &rest, 10);

		if (!*rest && fd >= first && fd <= INT_MAX && fd != dirfd(list))
			descriptor_end((int)fd, cloexec);
	}
	closedir(list);
}
