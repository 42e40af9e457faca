/* SPDX-License-Identifier: MIT */
/* close_range(2), or the list of /proc where the kernel or its filter of system calls has none. */
#include "host/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* on every architecture of Linux but alpha */
#endif
#define RANGE_CLOEXEC 4u

static void descriptor_end(int fd, bool cloexec)
{
	int flags = cloexec ? fcntl(fd, F_GETFD) : 0;

	if (!cloexec)
		(void)close(fd);
	else if (flags >= 0 && !(flags & FD_CLOEXEC))
		(void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* Without /proc the limit bounds the numbers, unless it was lowered since. */
static int descriptors_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > 1u << 20)
		return 1 << 20;
	return (int)limit.rlim_max;
}

static void descriptors_end(int first, bool cloexec)
{
	DIR *list;
	struct dirent *entry;

	if (syscall(SYS_close_range, (unsigned)first, ~0u, cloexec ? RANGE_CLOEXEC : 0u) == 0)
		return;
	list = opendir("/proc/self/fd");
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

void xt_descriptors_close(int first)
{
	descriptors_end(first, false);
}

void xt_descriptors_cloexec(int first)
{
	descriptors_end(first, true);
}

/* --- of messages --- */

void xt_descriptors_attach(struct msghdr *msg, void *control, size_t room, const int *fds, size_t n)
{
	struct cmsghdr *cmsg;

	memset(control, 0, room);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(n * sizeof(int));
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
}

bool xt_descriptors_take(struct msghdr *msg, int *fds, size_t *n, size_t max)
{
	bool ok = true;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t came;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		came = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < came; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (*n < max) {
				fds[(*n)++] = fd;
			} else {
				close(fd);
				ok = false;
			}
		}
	}
	return ok;
}
