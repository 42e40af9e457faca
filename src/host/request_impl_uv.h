/* SPDX-License-Identifier: MIT */
/* The inside of struct xt_requests, for the files that carry requests out. */
#ifndef XT_HOST_REQUEST_IMPL_UV_H
#define XT_HOST_REQUEST_IMPL_UV_H

#include <uv.h>

#include "host/dns_query.h"
#include "host/hooks_uv.h"
#include "host/host_uv.h"
#include "host/identity_uv.h"
#include "host/reload_uv.h"
#include "host/request.h"
#include "host/resolve_uv.h"
#include "host/socket_watch_uv.h"

/* A handler returns 0, an error, or LATER: the answer comes from the loop. */
#define LATER 1
typedef int xt_request_handler(struct xt_requests *requests, const struct xt_request *request,
			       struct xt_reply *reply);

struct pending {
	xt_request_done *done;
	void *ctx;
};

/* What carries requests to another process (request_remote_uv.c). */
struct xt_requests_carrier {
	void (*ask)(void *ctx, const struct xt_request *request, xt_request_done *done,
		    void *done_ctx);
	void (*cancel)(void *ctx, enum xt_request_kind kind);
	void (*close)(void *ctx);
};

/* carrier  NULL: this process carries requests out. Otherwise the rest is unused */
struct xt_requests {
	const struct xt_requests_carrier *carrier;
	void *carrier_ctx;
	uv_loop_t *loop;
	const struct xt_conf *conf;
	struct xt_requests_options options;
	char run_directory[XT_REQUEST_PATH_MAX]; /* "": there is none */
	struct xt_socket_watch *sockets[XT_SOCKETS];
	struct pending pending[XT_REQUESTS];
	enum xt_request_kind host_kind; /* which of FIREWALL, DNS, UNDO runs */
	struct xt_host *host;
	bool marked; /* the interface is, for owner_uid */
	uint32_t owner_uid;
	int tun_fd; /* a duplicate, until the link is undone; -1: none */
	struct xt_link_policy policy;
	struct xt_link *link;
	bool routing; /* ROUTES is open: a worker thread changes the link */
	struct xt_hooks_run *hooks;
	struct xt_identity *identity; /* NULL: not needed yet */
	struct xt_resolver *resolver;
	struct xt_dns_servers servers; /* of the first look-up */
	struct xt_reload_run *reload;
	enum xt_request_kind reload_kind; /* which of its requests is open */
	struct xt_upgrade *upgrade;	  /* request_upgrade_uv.c; NULL: none */
	bool handed_over, taken;	  /* to another process; from the one before */
	char *bound_waits;		  /* BOUND_READ, until it is taken; malloc'ed */
	char text[320], remedy[160];	  /* of the present reply */
};

static inline void request_answer(struct xt_requests *requests, enum xt_request_kind kind,
				  const struct xt_reply *reply)
{
	struct pending pending = requests->pending[kind];

	if (pending.done)
		pending.done(pending.ctx, reply);
}

/* request_sockets_uv.c. directory: the run directory, NULL: there is none. close: remove the files
 * of sockets, and watch no more. */
xt_request_handler xt_request_directory_make, xt_request_listen, xt_request_socket_remove;
const char *xt_request_directory(const struct xt_requests *requests);
void xt_request_sockets_close(struct xt_requests *requests);
/* request_hooks_uv.c */
xt_request_handler xt_request_hooks;
/* request_ready_uv.c */
xt_request_handler xt_request_detach, xt_request_name_file, xt_request_notify;
/* request_reload_uv.c */
xt_request_handler xt_request_reload_read, xt_request_reload_go, xt_request_reload_end;
/* request_identity_uv.c. resume: the files may be read now: answer a BOUND_READ that waits. */
xt_request_handler xt_request_bound_read, xt_request_bound_write, xt_request_peers_write;
void xt_request_bound_resume(struct xt_requests *requests);
/* request_upgrade_uv.c. close: forget the upgrade, and what another process has. */
struct xt_upgrade;
xt_request_handler xt_request_upgrade, xt_request_upgrade_end, xt_request_take_over;
void xt_request_upgrade_close(struct xt_requests *requests);
/* request_routes_uv.c */
xt_request_handler xt_request_routes;

#endif
