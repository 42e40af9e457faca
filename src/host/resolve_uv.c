/* SPDX-License-Identifier: MIT */
/* Host names, by the system's resolver in libuv's threads. A name that was not found is queried
 * again after 2, 4, 8 ... up to 128 seconds; one that was found is not queried again. */
#include "host/resolve_uv.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#define AGAIN_FIRST_S 2
#define AGAIN_LAST_S  128

struct name {
	struct name *next;
	struct xt_resolver *resolver;
	uv_getaddrinfo_t request;
	uv_timer_t timer;
	bool querying;
	unsigned again_s;
	struct xt_public peer;
	uint16_t port;
	char host[];
};

struct xt_resolver {
	struct xt_resolver_callbacks callbacks;
	uv_loop_t *uv;
	unsigned families;
	struct name *names;
	unsigned open; /* timers and queries that libuv still holds */
	bool stopping;
};

int xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv, unsigned families,
		    const struct xt_resolver_callbacks *callbacks)
{
	struct xt_resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return XT_E_NOMEM;
	resolver->callbacks = *callbacks;
	resolver->uv = uv;
	resolver->families = families;
	*out = resolver;
	return 0;
}

static void resolver_release(struct xt_resolver *resolver)
{
	struct xt_resolver_callbacks callbacks = resolver->callbacks;
	struct name *next;

	if (!resolver->stopping || resolver->open > 0)
		return;
	for (struct name *name = resolver->names; name; name = next) {
		next = name->next;
		free(name);
	}
	free(resolver);
	callbacks.closed(callbacks.ctx);
}

/* false: the address is not of a wanted family. */
static bool address_read(struct xt_endpoint *out, const struct sockaddr *address, unsigned families)
{
	if (address->sa_family == AF_INET && (families & 1)) {
		const struct sockaddr_in *in = (const void *)address;
		out->ip.family = 4;
		memcpy(out->ip.b, &in->sin_addr, 4);
		return true;
	}
	if (address->sa_family == AF_INET6 && (families & 2)) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		out->ip.family = 6;
		memcpy(out->ip.b, &in6->sin6_addr, 16);
		out->scope = in6->sin6_scope_id;
		return true;
	}
	return false;
}

static void name_query(struct name *name);

static void on_timer(uv_timer_t *timer)
{
	name_query(timer->data);
}

static void name_retry(struct name *name, const char *why)
{
	struct xt_resolver *resolver = name->resolver;

	name->again_s = name->again_s ? name->again_s * 2 : AGAIN_FIRST_S;
	if (name->again_s > AGAIN_LAST_S)
		name->again_s = AGAIN_LAST_S;
	uv_timer_start(&name->timer, on_timer, name->again_s * UINT64_C(1000), 0);
	resolver->callbacks.failed(resolver->callbacks.ctx, &name->peer, name->host, why,
				   name->again_s);
}

static const char *failure_text(int status)
{
	switch (status) {
	case UV_EAI_NONAME:
	case UV_EAI_NODATA:
		return "no such host";
	case UV_EAI_AGAIN:
		return "no answer from a name server";
	default:
		return uv_strerror(status);
	}
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct name *name = request->data;
	struct xt_resolver *resolver = name->resolver;
	struct xt_endpoint endpoint = {.port = name->port};
	struct addrinfo *entry = list;

	name->querying = false;
	resolver->open--;
	if (resolver->stopping) {
		uv_freeaddrinfo(list);
		resolver_release(resolver);
		return;
	}
	while (entry && !address_read(&endpoint, entry->ai_addr, resolver->families))
		entry = entry->ai_next;
	uv_freeaddrinfo(list);
	if (status < 0)
		name_retry(name, failure_text(status));
	else if (!entry)
		name_retry(name, "no address of a family that this host has");
	else
		resolver->callbacks.found(resolver->callbacks.ctx, &name->peer, name->host,
					  &endpoint);
}

static void name_query(struct name *name)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	int rc;

	rc =
	    uv_getaddrinfo(name->resolver->uv, &name->request, on_answer, name->host, NULL, &hints);
	if (rc < 0) {
		name_retry(name, uv_strerror(rc));
		return;
	}
	name->querying = true;
	name->resolver->open++;
}

int xt_resolver_add(struct xt_resolver *resolver, const struct xt_public *peer, const char *host,
		    uint16_t port)
{
	size_t len = strlen(host) + 1;
	struct name *name = calloc(1, sizeof(*name) + len);

	if (!name)
		return XT_E_NOMEM;
	name->resolver = resolver;
	name->peer = *peer;
	name->port = port;
	memcpy(name->host, host, len);
	name->request.data = name;
	uv_timer_init(resolver->uv, &name->timer);
	name->timer.data = name;
	resolver->open++;
	name->next = resolver->names;
	resolver->names = name;
	name_query(name);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct name *name = handle->data;
	struct xt_resolver *resolver = name->resolver;

	resolver->open--;
	resolver_release(resolver);
}

void xt_resolver_stop(struct xt_resolver *resolver)
{
	struct name *name;

	resolver->stopping = true;
	for (name = resolver->names; name; name = name->next) {
		uv_timer_stop(&name->timer);
		uv_close((uv_handle_t *)&name->timer, on_closed);
		if (name->querying) /* a running one cannot be cancelled: its answer is awaited */
			(void)uv_cancel((uv_req_t *)&name->request);
	}
	resolver_release(resolver);
}
