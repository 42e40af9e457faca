/* SPDX-License-Identifier: MIT */
/* An adapter of Windows has no owner that could open it without rights. */
#include "host/link_plan.h"

#include <errno.h>

int xt_tun_owner(const struct xt_conf *conf, uint32_t *uid, uint32_t *gid)
{
	*uid = *gid = UINT32_MAX;
	return conf->owner_user || conf->owner_group ? -ENOENT : 0;
}
