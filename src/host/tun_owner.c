/* SPDX-License-Identifier: MIT */
/* The owner of a TUN device by name. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "base/text.h"
#include "host/link_plan.h"

static int user_find(const char *name, uint32_t *uid)
{
	struct passwd *user = getpwnam(name);
	uint64_t number;

	if (!user && !xt_number(&number, name, UINT32_MAX - 1, false))
		return -ENOENT;
	*uid = user ? user->pw_uid : (uint32_t)number;
	return 0;
}

static int group_find(const char *name, uint32_t *gid)
{
	struct group *group = getgrnam(name);
	uint64_t number;

	if (!group && !xt_number(&number, name, UINT32_MAX - 1, false))
		return -ENOENT;
	*gid = group ? group->gr_gid : (uint32_t)number;
	return 0;
}

int xt_tun_owner(const struct xt_conf *conf, uint32_t *uid, uint32_t *gid)
{
	int rc = 0;

	*uid = *gid = UINT32_MAX;
	if (conf->owner_user)
		rc = user_find(conf->owner_user, uid);
	if (rc == 0 && conf->owner_group)
		rc = group_find(conf->owner_group, gid);
	return rc;
}
