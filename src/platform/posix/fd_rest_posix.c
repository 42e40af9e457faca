/* SPDX-License-Identifier: MIT */
/* The rest of a pipe. */
#include <unistd.h>

#include "platform/fd.h"

size_t xt_fd_rest(intptr_t file, void *bytes, size_t len)
{
	ssize_t n = read((int)file, bytes, len);

	return n > 0 ? (size_t)n : 0;
}
