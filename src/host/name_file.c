/* SPDX-License-Identifier: MIT */
/* The file of WG_TUN_NAME_FILE. */
#include "host/name_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int xt_name_file_write(const char *name, char *text, size_t cap)
{
	const char *path = getenv("WG_TUN_NAME_FILE");
	char line[64];
	int len = snprintf(line, sizeof(line), "%s\n", name), fd, rc = 0;

	if (!path || !*path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (fd < 0 || write(fd, line, (size_t)len) != len) {
		rc = -errno;
		snprintf(text, cap, "%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
