/* SPDX-License-Identifier: MIT */
/* Requests as messages: a description for each kind, which is used in both directions. */
#include "host/request_wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

#define PEERS_MAX	(1u << 18) /* a struct xt_peer_report is many times its bytes */
#define RECORD_LEAST	(32u + 12 + 7 + 8)
#define REPORT_LEAST	(32u + 32 + 2 + 7 + 8)
#define NAME_OF_HOST	255u
#define IDENTITY_LENGTH 32u

/* memory  what reading allocates for the request */
typedef void request_fields(struct xt_wire *w, struct xt_request *r, void **memory);

static void none_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)w;
	(void)r;
	(void)memory;
}

/* --- sockets and device --- */

static void tun_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_bool(w, &r->tun.offload);
	xt_wire_bool(w, &r->tun.default_mtu);
}

static void udp_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_u16(w, &r->udp.port);
	xt_wire_u32(w, &r->udp.mark);
}

static void mark_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_fd(w, &r->mark.fd[0]);
	xt_wire_fd(w, &r->mark.fd[1]);
	xt_wire_u32(w, &r->mark.mark);
	xt_wire_u32(w, &r->mark.old);
}

static void listen_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	int fd = r->listen.fd > 0 ? r->listen.fd : -1;

	(void)memory;
	XT_WIRE_BELOW(w, r->listen.which, XT_SOCKETS);
	if (r->kind == XT_REQUEST_SOCKET_REMOVE)
		return;
	xt_wire_fd(w, &fd);
	xt_wire_bool(w, &r->listen.removal);
	if (xt_wire_reads(w))
		r->listen.fd = fd > 0 ? fd : 0;
}

/* --- link --- */

static void networks_wire(struct xt_wire *w, struct xt_cidr **v, size_t *n)
{
	*v = xt_wire_array(w, *v, n, sizeof(**v), XT_WIRE_CIDR_LEAST);
	xt_wire_expect(w, *n <= XT_REQUEST_ITEMS_MAX);
	for (size_t i = 0; i < *n; i++) {
		xt_wire_cidr(w, &(*v)[i]);
		xt_wire_expect(w, (*v)[i].ip.family != 0);
	}
}

static void path_mtu_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	struct xt_cidr *networks = (struct xt_cidr *)r->path_mtu.networks;

	networks_wire(w, &networks, &r->path_mtu.n);
	xt_wire_u32(w, &r->path_mtu.mtu);
	r->path_mtu.networks = networks;
	*memory = networks;
}

static void keep_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_bool(w, &r->keep);
}

static void hooks_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	XT_WIRE_BELOW(w, r->hooks.list, XT_HOOKS_POST_DOWN + 1);
	xt_wire_size(w, &r->hooks.from);
	xt_wire_bool(w, &r->hooks.capture);
}

/* --- reports: those members alone that the host needs --- */

/* One to read into. The wire's error when there is no memory. */
static struct xt_report *report_begin(struct xt_wire *w, struct xt_report *report)
{
	if (!xt_wire_reads(w))
		return report;
	report = calloc(1, sizeof(*report));
	if (!report)
		w->in->error = XT_E_NOMEM;
	return report;
}

static void routes_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	r->report = report_begin(w, r->report);
	if (r->report)
		networks_wire(w, &r->report->allowed, &r->report->n_allowed);
}

/* The peer's AllowedIPs are among those of the report, which precede the peers. */
static void save_peer_wire(struct xt_wire *w, struct xt_peer_report *peer, size_t n_allowed)
{
	uint32_t first = (uint32_t)peer->first_allowed, n = (uint32_t)peer->n_allowed;

	xt_wire_bytes(w, peer->key.b, sizeof(peer->key.b));
	xt_wire_bytes(w, peer->psk.b, sizeof(peer->psk.b));
	xt_wire_u16(w, &peer->keepalive_s);
	xt_wire_endpoint(w, &peer->endpoint);
	xt_wire_u32(w, &first);
	xt_wire_u32(w, &n);
	if (!xt_wire_reads(w))
		return;
	xt_wire_expect(w, first <= n_allowed && n <= n_allowed - first);
	if (w->in->error == 0) {
		peer->first_allowed = first;
		peer->n_allowed = n;
	}
}

static void save_report_wire(struct xt_wire *w, struct xt_report *report)
{
	xt_wire_bool(w, &report->has_key);
	xt_wire_bytes(w, report->private_key.b, sizeof(report->private_key.b));
	xt_wire_bytes(w, report->public_key.b, sizeof(report->public_key.b));
	xt_wire_u16(w, &report->listen_port);
	xt_wire_u32(w, &report->fwmark);
	networks_wire(w, &report->allowed, &report->n_allowed);
	report->peers =
	    xt_wire_array(w, report->peers, &report->n_peers, sizeof(*report->peers), REPORT_LEAST);
	xt_wire_expect(w, report->n_peers <= PEERS_MAX);
	for (size_t i = 0; i < report->n_peers; i++)
		save_peer_wire(w, &report->peers[i], report->n_allowed);
}

static void save_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_bool(w, &r->save.unasked);
	xt_wire_u32(w, &r->save.auto_mark);
	r->save.report = report_begin(w, r->save.report);
	if (r->save.report)
		save_report_wire(w, r->save.report);
	r->save.read_back |= xt_wire_reads(w);
}

static void step_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	XT_WIRE_BELOW(w, r->reload.step, XT_RELOAD_STEPS);
	for (size_t i = 0; i < XT_KEYS; i++)
		xt_wire_bool(w, &r->reload.hints.keys[i]);
	xt_wire_bool(w, &r->reload.hints.peers);
}

static void notice_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	XT_WIRE_BELOW(w, r->notice.kind, XT_NOTICE_STOPPING + 1);
	xt_wire_bool(w, &r->notice.counted);
	xt_wire_size(w, &r->notice.up);
	xt_wire_size(w, &r->notice.n);
}

/* --- state directory --- */

/* It becomes the name of a file. */
static bool identity_valid(const char *identity)
{
	return identity && strlen(identity) == IDENTITY_LENGTH &&
	       strspn(identity, "0123456789abcdef") == IDENTITY_LENGTH;
}

static void identity_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	char *identity = (char *)r->identity;

	xt_wire_line(w, &identity, IDENTITY_LENGTH);
	r->identity = identity;
	*memory = identity;
	xt_wire_expect(w, identity_valid(identity));
}

static void bound_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	(void)memory;
	xt_wire_u64(w, &r->bound);
}

static void peers_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	struct xt_peer_memory *v = (struct xt_peer_memory *)r->peers.v;

	xt_records_wire(w, &v, &r->peers.n);
	r->peers.v = v;
	*memory = v;
}

void xt_records_wire(struct xt_wire *w, struct xt_peer_memory **v, size_t *n)
{
	*v = xt_wire_array(w, *v, n, sizeof(**v), RECORD_LEAST);
	xt_wire_expect(w, *n <= XT_REQUEST_ITEMS_MAX);
	for (size_t i = 0; i < *n; i++) {
		struct xt_peer_memory *record = &(*v)[i];

		xt_wire_bytes(w, record->key.b, sizeof(record->key.b));
		xt_wire_bytes(w, record->timestamp, sizeof(record->timestamp));
		xt_wire_endpoint(w, &record->endpoint);
		xt_wire_u64(w, &record->heard_wall_ns);
	}
}

static void resolve_wire(struct xt_wire *w, struct xt_request *r, void **memory)
{
	char *name = (char *)r->resolve.name;

	xt_wire_u32(w, &r->resolve.id);
	xt_wire_line(w, &name, NAME_OF_HOST);
	r->resolve.name = name;
	*memory = name;
	xt_wire_expect(w, name && *name);
	XT_WIRE_BELOW(w, r->resolve.families, 4);
	xt_wire_bool(w, &r->resolve.beside);
	xt_wire_u32(w, &r->resolve.mark);
}

/* --- all of them --- */

static request_fields *const requests[XT_REQUESTS] = {
    [XT_REQUEST_RUN_DIRECTORY] = none_wire, [XT_REQUEST_TUN_OPEN] = tun_wire,
    [XT_REQUEST_TUN_REMOVE] = none_wire,    [XT_REQUEST_STATE] = none_wire,
    [XT_REQUEST_POLICY] = none_wire,	    [XT_REQUEST_KEYLOG] = none_wire,
    [XT_REQUEST_UDP_OPEN] = udp_wire,	    [XT_REQUEST_UDP_MARK] = mark_wire,
    [XT_REQUEST_LISTEN] = listen_wire,	    [XT_REQUEST_SOCKET_REMOVE] = listen_wire,
    [XT_REQUEST_FIREWALL] = none_wire,	    [XT_REQUEST_LINK] = none_wire,
    [XT_REQUEST_LINK_RESTORE] = none_wire,  [XT_REQUEST_ROUTE_MTU] = path_mtu_wire,
    [XT_REQUEST_DNS] = none_wire,	    [XT_REQUEST_UNDO] = none_wire,
    [XT_REQUEST_LINK_UNDO] = keep_wire,	    [XT_REQUEST_ADDRESSES] = none_wire,
    [XT_REQUEST_HOOKS] = hooks_wire,	    [XT_REQUEST_CONF_SAVE] = save_wire,
    [XT_REQUEST_RELOAD_READ] = none_wire,   [XT_REQUEST_RELOAD_STEP] = step_wire,
    [XT_REQUEST_RELOAD_UNDO] = none_wire,   [XT_REQUEST_RELOAD_COMMIT] = none_wire,
    [XT_REQUEST_RELOAD_END] = none_wire,    [XT_REQUEST_ROUTES] = routes_wire,
    [XT_REQUEST_NAME_FILE] = none_wire,	    [XT_REQUEST_BOUND_READ] = identity_wire,
    [XT_REQUEST_BOUND_WRITE] = bound_wire,  [XT_REQUEST_PEERS_WRITE] = peers_wire,
    [XT_REQUEST_RESOLVE] = resolve_wire,    [XT_REQUEST_WATCH] = none_wire,
    [XT_REQUEST_DETACH] = none_wire,	    [XT_REQUEST_NOTIFY] = notice_wire,
    [XT_REQUEST_UPGRADE] = none_wire,	    [XT_REQUEST_UPGRADE_END] = none_wire,
    [XT_REQUEST_TAKE_OVER] = none_wire,
};

static bool kind_known(enum xt_request_kind kind)
{
	return (unsigned)kind < XT_REQUESTS && requests[kind];
}

int xt_request_encode(struct xt_secbuf *out, int *fds, size_t *n_fds,
		      const struct xt_request *request)
{
	struct xt_wire w = {.out = out};
	struct xt_request view = *request;
	void *memory;

	if (!kind_known(request->kind))
		return XT_E_UNSUPPORTED;
	requests[request->kind](&w, &view, &memory);
	memcpy(fds, w.fds, w.n_fds * sizeof(*fds));
	*n_fds = w.n_fds;
	return xt_wire_finish(&w);
}

void xt_request_release(const struct xt_request *request)
{
	if (request->kind == XT_REQUEST_RELOAD_READ || request->kind == XT_REQUEST_ROUTES) {
		xt_report_free(request->report);
	} else if (request->kind == XT_REQUEST_CONF_SAVE) {
		xt_report_free(request->save.report);
		free(request->save.addresses);
	} else if (request->kind == XT_REQUEST_LISTEN && request->listen.fd > 0) {
		close(request->listen.fd);
	}
}

/* After a failure the descriptors stay the caller's. */
static void request_forget(struct xt_request_box *box)
{
	if (box->request.kind == XT_REQUEST_LISTEN)
		box->request.listen.fd = 0;
	xt_request_release(&box->request);
	free(box->memory);
	memset(box, 0, sizeof(*box));
}

int xt_request_decode(struct xt_request_box *out, enum xt_request_kind kind, const void *data,
		      size_t len, int *fds, size_t n_fds)
{
	struct xt_wire_in in = XT_WIRE_IN(data, len);
	struct xt_wire w = {.in = &in, .n_fds = n_fds};
	int rc;

	memset(out, 0, sizeof(*out));
	if (!kind_known(kind) || n_fds > XT_WIRE_FDS)
		return XT_E_INVALID;
	if (n_fds > 0)
		memcpy(w.fds, fds, n_fds * sizeof(*fds));
	out->request.kind = kind;
	requests[kind](&w, &out->request, &out->memory);
	rc = xt_wire_finish(&w);
	if (rc < 0)
		request_forget(out);
	else
		for (size_t i = 0; i < n_fds; i++)
			fds[i] = -1;
	return rc;
}

void xt_request_box_clear(struct xt_request_box *box)
{
	for (size_t i = 0; box->request.kind == XT_REQUEST_UDP_MARK && i < 2; i++)
		if (box->request.mark.fd[i] >= 0)
			close(box->request.mark.fd[i]);
	free(box->memory);
	memset(box, 0, sizeof(*box));
}
