/* SPDX-License-Identifier: MIT */
/* Processes of Windows have the name of their program, and are reached by handles alone: one of the
 * same user may read another's memory. */
#include "platform/process.h"

#include <errno.h>

int xt_process_watch(long pid)
{
	(void)pid;
	return -ENOSYS;
}

void xt_process_name(const char *name)
{
	(void)name;
}

void xt_process_hide(void)
{
}
