/* SPDX-License-Identifier: MIT */
/* memfd_create(2) and its seals. F_SEAL_FUTURE_WRITE is of Linux 5.1. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "platform/memory_file.h"

int xt_memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -errno : fd;
}

int xt_memory_file_size(int fd, size_t len)
{
	return -posix_fallocate(fd, 0, (off_t)len);
}

int xt_memory_file_seal(int fd, enum xt_memory_seal seal)
{
	int write = seal == XT_MEMORY_SEAL_CONTENT ? F_SEAL_WRITE : F_SEAL_FUTURE_WRITE;

	return fcntl(fd, F_ADD_SEALS, write | F_SEAL_SHRINK | F_SEAL_GROW) < 0 ? -errno : 0;
}

void xt_memory_hide(void *memory, size_t len)
{
	(void)madvise(memory, len, MADV_DONTDUMP);
}
