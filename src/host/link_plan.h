/* SPDX-License-Identifier: MIT */
/* What a configuration asks of the link, in the words of platform/link.h and platform/tun.h. */
#ifndef XT_HOST_LINK_PLAN_H
#define XT_HOST_LINK_PLAN_H

#include "config/conf.h"
#include "platform/link.h"

/* The numbers of Owner; UINT32_MAX where nothing is to be set. -ENOENT: no such user or group. */
int xt_tun_owner(const struct xt_conf *conf, uint32_t *uid, uint32_t *gid);

/* Borrows conf's addresses; clear frees the rest. XT_E_NOMEM. */
struct xt_conf_link {
	struct xt_link_plan plan;
	struct xt_ip *endpoints;
	struct xt_cidr *networks;
};
int xt_conf_link(struct xt_conf_link *out, const struct xt_conf *conf);
void xt_conf_link_drop_ipv6(struct xt_conf_link *link); /* its networks get no routes */
void xt_conf_link_clear(struct xt_conf_link *link);

#endif
