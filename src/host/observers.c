/* SPDX-License-Identifier: MIT */
/* Only members and root may give a file to the group. */
#include "host/observers.h"

#include <grp.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define GROUPS_MAX 1024

bool xt_observers_group(uint32_t *gid)
{
	const struct group *group = getgrnam(XT_OBSERVERS);

	if (!group)
		return false;
	*gid = (uint32_t)group->gr_gid;
	return true;
}

void xt_observers_join(void)
{
	static gid_t groups[GROUPS_MAX + 1];
	uint16_t count; /* a size_t or an int elsewhere */
	uint32_t gid;
	int n;

	if (geteuid() != 0 || !xt_observers_group(&gid))
		return;
	n = getgroups(GROUPS_MAX, groups);
	if (n < 0)
		return;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return;
	groups[n] = gid;
	count = (uint16_t)(n + 1);
	(void)setgroups(count, groups);
}

void xt_observers_admit(const char *path)
{
	uint32_t gid;

	if (!xt_observers_group(&gid))
		return;
	if (chown(path, (uid_t)-1, gid) < 0 || chmod(path, 0660) < 0)
		xt_log_debug("%s: not open to the group %s", path, XT_OBSERVERS);
}
