/* What an endpoint changes in the host beyond its interface: policy routing, the firewall that goes
 * with it, name servers. Nothing here takes the tunnel down: what fails is said, and left out. */
#ifndef XT_HOST_HOST_UV_H
#define XT_HOST_HOST_UV_H

#include <uv.h>

#include "config/conf.h"

struct xt_host;

/* For an endpoint whose TUN is open, so that it alone has the name. What one that crashed had left
 * is taken back first. conf is borrowed. XT_E_NOMEM. */
int xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_conf *conf,
		const char *run_dir);

/* Choose table and mark for networks of a whole family, before the sockets and the link are made;
 * policy.table is 0 when there are none. -EINVAL, -ERANGE, -errno: see link.h. */
int xt_host_policy(struct xt_host *host, struct xt_link_policy *policy);
/* There is no IPv6 here and no own address wants it: its networks are left out. */
bool xt_host_without_ipv6(const struct xt_host *host);
/* The mark that was chosen and does not stand in the file, or 0. */
uint32_t xt_host_chosen_mark(const struct xt_host *host);

/* The firewall, before the link is set: the first answer shall pass already, and nothing unguarded.
 * done comes later, once, from the loop. */
void xt_host_guard(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* The name servers, once the link is set. Likewise. */
void xt_host_names(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* Take back, the policy's rules excepted, which are the link's. While one of the others is running
 * it is cut short; its done does not come then. */
void xt_host_down(struct xt_host *host, void (*done)(void *ctx), void *ctx);
/* After down (or without any up), and after the link was undone. NULL is fine. */
void xt_host_free(struct xt_host *host);

/* Take back what a crash left of NAME. true: there was something. -EAGAIN in *error: its endpoint
 * lives, in the middle of its way up or down. Runs a loop of its own. */
bool xt_host_clean(const char *run_dir, const char *name, int *error);

#endif
