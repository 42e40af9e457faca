/* Names of endpoints: asked for beside the traffic, again after failure, and told once found. */
#ifndef XT_TUNNEL_RESOLVE_UV_H
#define XT_TUNNEL_RESOLVE_UV_H

#include <uv.h>
#include <xtunnel/types.h>

struct xt_resolver;

/* found   the first address of a wanted family
 * failed  a sentence without full stop, and when it is tried again
 * closed  after xt_resolver_stop: nothing of it is left in the loop */
struct xt_resolver_callbacks {
	void *ctx;
	void (*found)(void *ctx, const struct xt_public *peer, const struct xt_endpoint *endpoint);
	void (*failed)(void *ctx, const char *host, const char *why, unsigned again_s);
	void (*closed)(void *ctx);
};

/* families: bit 0 IPv4, bit 1 IPv6. XT_E_NOMEM. */
int xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv, unsigned families,
		    const struct xt_resolver_callbacks *calls);
/* host is copied. Asks at once. XT_E_NOMEM. */
int xt_resolver_add(struct xt_resolver *resolver, const struct xt_public *peer, const char *host,
		    uint16_t port);
/* Frees after calls.closed, which comes once every question is answered or cancelled. */
void xt_resolver_stop(struct xt_resolver *resolver);

#endif
