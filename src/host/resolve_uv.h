/* SPDX-License-Identifier: MIT */
/* Look host names up beside the traffic: by the resolver process, or at most XT_RESOLVER_THREADS
 * at once on threads that do nothing else. The others wait in the order in which they were asked
 * for. */
#ifndef XT_HOST_RESOLVE_UV_H
#define XT_HOST_RESOLVE_UV_H

#include <uv.h>
#include <xtunnel/types.h>

#include "host/dns_query.h"

#define XT_RESOLVER_THREADS   2
#define XT_RESOLVER_ADDRESSES 16 /* of one name; the others are left out */

struct xt_resolver;
struct xt_resolver_process;

/* families  bit 0 IPv4, bit 1 IPv6: addresses of another family are left out
 * servers   NULL, or ask these first, by datagrams with that mark (dns_query.h); copied
 * sockets   or by these, connected to the servers; the resolver's once the question is accepted */
struct xt_resolver_question {
	uint32_t id;
	const char *host;
	unsigned families;
	const struct xt_dns_servers *servers;
	uint32_t mark;
	const int *sockets;
	size_t n_sockets;
};

/* why   NULL, or a sentence without full stop: there is no address
 * v, n  the addresses in the order of the system's preference, ports 0 */
struct xt_resolver_answer {
	uint32_t id;
	const char *why;
	const struct xt_endpoint *v;
	size_t n;
};

/* process   NULL, or it looks up (host/resolver_client_uv.h), without threads of this one
 * answered  once for each question, from the loop; may ask again
 * closed    after xt_resolver_stop: no handle of it is left in the loop */
struct xt_resolver_callbacks {
	void *ctx;
	struct xt_resolver_process *process;
	void (*answered)(void *ctx, const struct xt_resolver_answer *answer);
	void (*closed)(void *ctx);
};

/* callbacks are copied. XT_E_NOMEM, or -errno: no descriptor is left. */
int xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv,
		    const struct xt_resolver_callbacks *callbacks);
/* question is copied. XT_E_NOMEM. */
int xt_resolver_ask(struct xt_resolver *resolver, const struct xt_resolver_question *question);
/* Nothing is answered any more. Frees the resolver, then calls closed, once no look-up runs: the
 * system gives no way to end one. With a process, at once. */
void xt_resolver_stop(struct xt_resolver *resolver);

#endif
