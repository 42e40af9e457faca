/* SPDX-License-Identifier: MIT */
/* A temporary file that has lost its name: for a system without files in memory. What is secret is
 * not to be written to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/memory_file.h"

int xt_memory_file(const char *name)
{
	char path[] = "/tmp/xtunnel.XXXXXXXXXX";
	int fd = mkstemp(path);

	(void)name;
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	close(fd);
	return -EIO;
}

/* Of a file in a file system that is full a mapping would fail when it is written to. */
int xt_memory_file_size(int fd, size_t len)
{
	(void)fd;
	(void)len;
	return -ENOSYS;
}

int xt_memory_file_seal(int fd, enum xt_memory_seal seal)
{
	(void)fd;
	(void)seal;
	return -ENOSYS;
}

void xt_memory_hide(void *memory, size_t len)
{
	(void)memory;
	(void)len;
}
