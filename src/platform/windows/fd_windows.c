/* SPDX-License-Identifier: MIT */
/* Handles are not inherited unless that is asked for.
 * A socket is no descriptor of the C library. */
#include "platform/fd.h"

#include <errno.h>

void xt_fd_cloexec_from(int first)
{
	(void)first;
}

int xt_fd_socket(int family, int type, bool nonblock)
{
	(void)family;
	(void)type;
	(void)nonblock;
	errno = ENOSYS;
	return -1;
}
