/* SPDX-License-Identifier: MIT */
/* What an instance changes in the host beyond its interface: policy routing, the firewall that goes
 * with it, name servers. A failure here does not end the instance: it is reported, and left out. */
#ifndef XT_HOST_HOST_UV_H
#define XT_HOST_HOST_UV_H

#include <uv.h>

#include "config/conf.h"

struct xt_host;
struct xt_host_adoption;
struct xt_runner;

/* conf     borrowed
 * run_dir  of the state file; NULL: there is none
 * runner   NULL, or the process that runs programs (host/runner_client_uv.h) */
struct xt_host_options {
	const struct xt_conf *conf;
	const char *run_dir;
	struct xt_runner *runner;
};

/* For an instance whose TUN is open, which makes it the only one of this name. What a crashed one
 * left is taken back first; then done is called once, from within this call or from the loop.
 * XT_E_NOMEM: it is not called. */
int xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		void (*done)(void *ctx), void *ctx);

/* host_adopt.c. For an instance of another process, which has set all that from says; changes
 * nothing. state_file: its locked state file, the host's from then on; -1: none. XT_E_NOMEM. */
int xt_host_adopt(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		  const struct xt_host_adoption *from, int state_file);
/* What that takes. Returns the state file's descriptor, which stays the host's; -1: none. */
int xt_host_adoption(const struct xt_host *host, struct xt_host_adoption *out);
/* Free, and leave all as it is: another process has it. NULL is fine. */
void xt_host_release(struct xt_host *host);

/* Choose table and mark for networks of a whole family, before the sockets and the link are made;
 * policy.table is 0 when there are none. -EINVAL, -ERANGE, -errno: see link.h. */
int xt_host_policy(struct xt_host *host, struct xt_link_policy *policy);
/* The host has no IPv6 and no Address needs it: its networks are left out. */
bool xt_host_without_ipv6(const struct xt_host *host);

/* Set the firewall, before the link: the first answer passes it already, and nothing arrives
 * unguarded. done is called once, from the loop. */
void xt_host_guard(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* Set the name servers, once the link is set. Likewise. */
void xt_host_names(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* The same for a reload, whose file says something else: a failure is an error there, and changes
 * nothing. done is called once, perhaps before the call returns; text: a sentence, "" if none.
 * firewall  the table of conf with policy, emptied first; without a policy nothing
 * dns       the words in place of the present ones, n 0: none
 * finish    the reload is over: take back the firewall if policy needs none, and keep the rest */
typedef void xt_host_changed(void *ctx, int error, const char *text);
void xt_host_change_firewall(struct xt_host *host, const struct xt_conf *conf,
			     const struct xt_link_policy *policy, xt_host_changed *done, void *ctx);
void xt_host_change_dns(struct xt_host *host, char *const *words, size_t n, xt_host_changed *done,
			void *ctx);
void xt_host_change_finish(struct xt_host *host, const struct xt_link_policy *policy,
			   bool without_ipv6, xt_host_changed *done, void *ctx);
/* The policy in the state file, before its rules are made or after they were taken back. */
void xt_host_change_policy(struct xt_host *host, const struct xt_link_policy *policy);

/* Choose the policy of conf while `now` is in force; changes nothing, and may run on any thread.
 * What xt_host_policy returns. */
int xt_conf_policy(struct xt_link_policy *policy, const struct xt_conf *conf, bool without_ipv6,
		   const struct xt_link_policy *now);
/* xt_host_without_ipv6 of that configuration. */
bool xt_conf_without_ipv6(const struct xt_conf *conf);

/* Take back both. The policy's rules belong to the link. While guard or names is running it is cut
 * short, and its done is not called. */
void xt_host_down(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* The run directory was emptied by another process: make the state file again. */
void xt_host_restore(struct xt_host *host);
/* After down (or when nothing was set), and after the link was undone. NULL is fine. */
void xt_host_free(struct xt_host *host);

/* Take back what a crash left of NAME. true: there was something. -EAGAIN in *error: an instance
 * holds the state file, so it is alive, on its way up or down. Runs a loop of its own. */
bool xt_host_clean(const char *run_dir, const char *name, int *error);

#endif
