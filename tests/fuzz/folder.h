/* SPDX-License-Identifier: MIT */
/* A directory of the fuzz target's own in memory, removed when the program ends. */
#ifndef XT_FUZZ_FOLDER_H
#define XT_FUZZ_FOLDER_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/input.h"

#define FOLDER_MAX 64

static char folder_path[FOLDER_MAX];
static pid_t folder_owner;
static const char *folder_files[4];

static void folder_remove(void)
{
	char path[FOLDER_MAX + 64];

	for (size_t i = 0; i < XT_LEN(folder_files) && folder_files[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder_path, folder_files[i]);
		if (folder_owner == getpid())
			(void)unlink(path);
	}
	if (folder_owner == getpid())
		(void)rmdir(folder_path);
}

/* Its path; files: the names that may be in it, at most four. */
static inline const char *folder_open(const char *const *files, size_t n)
{
	if (*folder_path)
		return folder_path;
	for (size_t i = 0; i < n; i++)
		folder_files[i] = files[i];
	folder_owner = getpid();
	snprintf(folder_path, sizeof(folder_path), "%s/xtunnel-fuzz.%ld",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)folder_owner);
	check(mkdir(folder_path, 0700) == 0);
	check(atexit(folder_remove) == 0);
	return folder_path;
}

static inline void folder_write(const char *name, const void *bytes, size_t len)
{
	char path[FOLDER_MAX + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

#endif
