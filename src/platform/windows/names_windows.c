/* SPDX-License-Identifier: MIT */
/* A small table under a lock: the link is set on another thread than the device is closed on. */
#include "platform/windows/names_windows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/system_windows.h"

#define NAMES 16

static struct {
	char name[16];
	unsigned ifindex;
} names[NAMES];
static SRWLOCK lock = SRWLOCK_INIT;

int xt_names_add(const char *name, unsigned ifindex)
{
	int rc = -ENOSPC;

	AcquireSRWLockExclusive(&lock);
	for (size_t i = 0; i < NAMES && rc < 0; i++) {
		if (names[i].name[0])
			continue;
		snprintf(names[i].name, sizeof(names[i].name), "%s", name);
		names[i].ifindex = ifindex;
		rc = 0;
	}
	ReleaseSRWLockExclusive(&lock);
	return rc;
}

int xt_names_add_luid(const char *name, uint64_t luid, unsigned *ifindex)
{
	int rc = xt_net()->luid_index(luid, ifindex);

	return rc < 0 ? rc : xt_names_add(name, *ifindex);
}

void xt_names_remove(const char *name)
{
	AcquireSRWLockExclusive(&lock);
	for (size_t i = 0; i < NAMES; i++)
		if (name[0] && strcmp(names[i].name, name) == 0)
			memset(&names[i], 0, sizeof(names[i]));
	ReleaseSRWLockExclusive(&lock);
}

bool xt_names_find(const char *name, unsigned *ifindex)
{
	bool found = false;

	AcquireSRWLockShared(&lock);
	for (size_t i = 0; i < NAMES && !found; i++) {
		found = name[0] && strcmp(names[i].name, name) == 0;
		if (found)
			*ifindex = names[i].ifindex;
	}
	ReleaseSRWLockShared(&lock);
	return found;
}

bool xt_names_of(unsigned ifindex, char out[16])
{
	bool found = false;

	AcquireSRWLockShared(&lock);
	for (size_t i = 0; i < NAMES && !found; i++) {
		found = names[i].name[0] && names[i].ifindex == ifindex;
		if (found)
			memcpy(out, names[i].name, sizeof(names[i].name));
	}
	ReleaseSRWLockShared(&lock);
	return found;
}

bool xt_names_has(unsigned ifindex)
{
	char name[16];

	return xt_names_of(ifindex, name);
}
