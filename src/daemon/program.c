/* SPDX-License-Identifier: MIT */
/* The program's file by device, number and time. */
#include "daemon/program.h"

#include <stdio.h>
#include <sys/stat.h>

void xt_program_id(char *out, size_t cap)
{
	struct stat st;

	out[0] = '\0';
	if (stat("/proc/self/exe", &st) == 0)
		snprintf(out, cap, "%llx:%llx:%llx", (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino, (unsigned long long)st.st_mtime);
}
