/* What a configuration asks of the host, in the words of the layers that do it. */
#ifndef XT_DAEMON_PLAN_H
#define XT_DAEMON_PLAN_H

#include "config/conf.h"
#include "platform/link.h"
#include "platform/tun.h"

/* The numbers of Owner; UINT32_MAX where nothing is to be set. -ENOENT: no such user or group. */
int xt_plan_owner(const struct xt_conf *conf, uint32_t *uid, uint32_t *gid);

/* The first own address of that family, else family 0. */
struct xt_ip xt_plan_local_address(const struct xt_conf *conf, uint8_t family);

/* Borrows conf's addresses; the rest is freed by clear. XT_E_NOMEM. */
struct xt_plan_link {
	struct xt_link_plan plan;
	struct xt_ip *endpoints;
	struct xt_cidr *networks;
};
int xt_plan_link(struct xt_plan_link *out, const struct xt_conf *conf);
void xt_plan_link_clear(struct xt_plan_link *link);

/* false: WG_THREADS or XT_OFFLOAD in the environment is no such thing; why (len bytes) tells. */
bool xt_plan_environment(char *why, size_t len);
/* Threads and Offload, after those two. 0: auto. */
unsigned xt_plan_threads(const struct xt_conf *conf);
bool xt_plan_offload_off(const struct xt_conf *conf);

/* The echo endpoint that conf wishes, NULL when off. conf outlives it. XT_E_NOMEM. */
struct xt_echo;
int xt_plan_echo(struct xt_echo **out, struct xt_conf *conf, uint32_t mtu);

#endif
