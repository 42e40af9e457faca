/* SPDX-License-Identifier: MIT */
/* What a configuration and the environment ask of the tunnel and the echo responder. */
#ifndef XT_DAEMON_PLAN_H
#define XT_DAEMON_PLAN_H

#include "config/conf.h"

/* The first Address of that family, else family 0. */
struct xt_ip xt_plan_local_address(const struct xt_conf *conf, uint8_t family);

/* The interface's addresses from which the path's MTU to the peers is searched for: none with
 * MTU = N. Returns how many. */
#define XT_PLAN_NETS 8
size_t xt_plan_local_nets(const struct xt_conf *conf, struct xt_cidr out[XT_PLAN_NETS]);

/* false: WG_THREADS, XT_OFFLOAD or XT_URING in the environment has a value that is not valid; why
 * (len bytes) says which. */
bool xt_plan_environment(char *why, size_t len);
/* Threads and Offload, overridden by the environment. 0: auto. */
unsigned xt_plan_threads(const struct xt_conf *conf);
bool xt_plan_offload_off(const struct xt_conf *conf);

/* The echo responder that conf asks for, NULL when off. in_force: the configuration whose
 * AllowedIPs count; it outlives the responder. XT_E_NOMEM. */
struct xt_echo;
int xt_plan_echo(struct xt_echo **out, const struct xt_conf *conf, struct xt_conf *in_force,
		 uint32_t mtu);

#endif
