/* SPDX-License-Identifier: MIT */
/* What the monitor and the resolver process of an instance send to each other. Both ends are one
 * program: structures are in the memory's form. */
#ifndef XT_HOST_RESOLVER_PROCESS_H
#define XT_HOST_RESOLVER_PROCESS_H

#include <xtunnel/types.h>

#include "host/resolve_uv.h"

enum xt_resolver_kind {
	/* xt_resolver_head, then the name without NUL, with the sockets of a question beside the
	 * tunnel -> xt_resolver_reply */
	XT_RESOLVER_QUESTION = 1,
};

/* families: as in struct xt_resolver_question. */
struct xt_resolver_head {
	uint32_t families;
};
/* why: "" if there are addresses. */
struct xt_resolver_reply {
	char why[128];
	uint32_t n;
	struct xt_endpoint v[XT_RESOLVER_ADDRESSES];
};

#define XT_RESOLVER_NAME_MAX 255
#define XT_RESOLVER_WINDOW   XT_RESOLVER_THREADS /* questions that the process has at once */

#endif
