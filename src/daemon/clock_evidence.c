/* SPDX-License-Identifier: MIT */
/* The times of files as a lower bound of the clock. */
#include "daemon/clock_evidence.h"

#include <sys/stat.h>

#include "base/bytes.h"

#define SECOND	  UINT64_C(1000000000)
#define TOLERANCE (60 * SECOND)

static uint64_t written_ns(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && st.st_mtime > 0 ? (uint64_t)st.st_mtime * SECOND : 0;
}

uint64_t xt_clock_evidence(const char *path)
{
	uint64_t program = written_ns("/proc/self/exe"), file = written_ns(path);

	return XT_MAX(program, file);
}

uint64_t xt_clock_behind(uint64_t evidence, uint64_t wall, uint64_t floor)
{
	uint64_t now = XT_MAX(wall, floor);

	return evidence > now && evidence - now >= TOLERANCE ? evidence - now : 0;
}
