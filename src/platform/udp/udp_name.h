/* SPDX-License-Identifier: MIT */
/* Socket addresses of datagrams, of either family. */
#ifndef XT_PLATFORM_UDP_NAME_H
#define XT_PLATFORM_UDP_NAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <xtunnel/types.h>

union udp_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* An address that the kernel returned. false: of another family, and out is left alone. */
static inline bool udp_name_get(struct xt_endpoint *out, const union udp_name *name)
{
	if (name->any.sa_family == AF_INET) {
		out->ip.family = 4;
		memcpy(out->ip.b, &name->v4.sin_addr, 4);
		out->port = ntohs(name->v4.sin_port);
		return true;
	}
	if (name->any.sa_family == AF_INET6) {
		out->ip.family = 6;
		memcpy(out->ip.b, &name->v6.sin6_addr, 16);
		out->port = ntohs(name->v6.sin6_port);
		out->scope = name->v6.sin6_scope_id;
		return true;
	}
	return false;
}

/* Returns its length. */
static inline socklen_t udp_name_put(union udp_name *name, const struct xt_endpoint *to)
{
	memset(name, 0, sizeof(*name));
	if (to->ip.family == 4) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons(to->port);
		memcpy(&name->v4.sin_addr, to->ip.b, 4);
		return sizeof(name->v4);
	}
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_port = htons(to->port);
	name->v6.sin6_scope_id = to->scope;
	memcpy(&name->v6.sin6_addr, to->ip.b, 16);
	return sizeof(name->v6);
}

#endif
