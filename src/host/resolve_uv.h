/* SPDX-License-Identifier: MIT */
/* Resolve host names beside the traffic, and again after a failure, until each is found. */
#ifndef XT_HOST_RESOLVE_UV_H
#define XT_HOST_RESOLVE_UV_H

#include <uv.h>
#include <xtunnel/types.h>

struct xt_resolver;

/* found   the first address of a wanted family
 * failed  a sentence without full stop, and the delay before the next attempt
 * closed  after xt_resolver_stop: no handle of it is left in the loop */
struct xt_resolver_callbacks {
	void *ctx;
	void (*found)(void *ctx, const struct xt_public *peer, const char *host,
		      const struct xt_endpoint *endpoint);
	void (*failed)(void *ctx, const struct xt_public *peer, const char *host, const char *why,
		       unsigned again_s);
	void (*closed)(void *ctx);
};

/* families: bit 0 IPv4, bit 1 IPv6. callbacks are copied. XT_E_NOMEM. */
int xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv, unsigned families,
		    const struct xt_resolver_callbacks *callbacks);
/* host is copied. The first query is sent at once. XT_E_NOMEM. */
int xt_resolver_add(struct xt_resolver *resolver, const struct xt_public *peer, const char *host,
		    uint16_t port);
/* Frees the resolver, then calls closed, once every query is answered or cancelled. */
void xt_resolver_stop(struct xt_resolver *resolver);

#endif
