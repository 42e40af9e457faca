/* SPDX-License-Identifier: MIT */
/* The HTTP server: libmicrohttpd without a thread of its own, on the loop. */
#ifndef XT_EXPORTER_HTTP_UV_H
#define XT_EXPORTER_HTTP_UV_H

#include <uv.h>

#include "exporter/http_rules.h"
#include "exporter/microhttpd.h"
#include "exporter/page.h"

/* Bounds for a client: connections at a time, bytes of a request, seconds until it is complete and
 * until its answer is read. */
#define XT_HTTP_CONNECTIONS 64u
#define XT_HTTP_REQUEST	    16384u
#define XT_HTTP_REQUEST_S   10u
#define XT_HTTP_ANSWER_S    60u

struct xt_http;

/* All is borrowed, and outlives the server. */
struct xt_http_options {
	uv_loop_t *loop;
	const struct xt_mhd *mhd;
	const struct xt_page *page;
	struct xt_http_rules rules;
	const char *version;
	int fd; /* that listens; taken over */
};

/* -errno or XT_E_*; fd is the caller's then. */
int xt_http_open(struct xt_http **out, const struct xt_http_options *options);
/* Close all connections. Requests that wait are dropped; freed in a later iteration of the loop,
 * when the collection under way has ended. */
void xt_http_close(struct xt_http *http);

#endif
