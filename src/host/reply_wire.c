/* SPDX-License-Identifier: MIT */
/* Replies as messages, and what the host reports unasked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "host/conf_wire.h"
#include "host/request_wire.h"

#define TEXT_MAX     1024u
#define FINDINGS_MAX (1u << 20)
#define PATH_MAX_LEN 4096u

/* Of a reply without error, unless the row says always. */
typedef void reply_fields(struct xt_wire *w, struct xt_reply_box *box);

static void none_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	(void)w;
	(void)box;
}

/* --- descriptors --- */

static void tun_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	xt_wire_bool(w, &box->reply.tun.existed);
	xt_wire_bool(w, &box->reply.tun.persistent);
	xt_wire_text(w, box->name, sizeof(box->name));
	xt_wire_fd(w, &box->tun_fd);
	xt_wire_expect(w, box->tun_fd >= 0);
}

static void fd_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	xt_wire_fd(w, &box->reply.fd);
}

static void udp_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_udp_sockets *udp = &box->reply.udp;

	xt_wire_fd(w, &udp->fd[0]);
	xt_wire_fd(w, &udp->fd[1]);
	xt_wire_u16(w, &udp->port);
	xt_wire_expect(w, udp->fd[0] >= 0 || udp->fd[1] >= 0);
}

static void watch_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_reply *r = &box->reply;

	xt_wire_fd(w, &r->watch.fd);
	xt_wire_int(w, &r->watch.nsid);
	xt_wire_unsigned(w, &r->watch.ifindex);
	xt_wire_bool(w, &r->watch.up);
	xt_wire_u32(w, &r->watch.mtu);
	xt_wire_text(w, r->watch.name, sizeof(r->watch.name));
	xt_wire_expect(w, r->watch.fd >= 0);
}

/* --- values --- */

static void policy_fields(struct xt_wire *w, struct xt_link_policy *policy)
{
	xt_wire_u32(w, &policy->table);
	xt_wire_u32(w, &policy->priority[0]);
	xt_wire_u32(w, &policy->priority[1]);
}

static void policy_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	policy_fields(w, &box->reply.policy);
}

static void mtu_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	xt_wire_u32(w, &box->reply.mtu);
}

static void remedy_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	char *remedy = (char *)box->reply.remedy;

	xt_wire_string(w, &remedy, TEXT_MAX);
	box->reply.remedy = remedy;
	box->remedy = remedy;
}

static void addresses_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_reply *r = &box->reply;

	r->addresses.v = xt_wire_array(w, r->addresses.v, &r->addresses.n, sizeof(*r->addresses.v),
				       XT_WIRE_CIDR_LEAST + 1);
	for (size_t i = 0; i < r->addresses.n; i++) {
		xt_wire_cidr(w, &r->addresses.v[i].cidr);
		xt_wire_ip(w, &r->addresses.v[i].peer);
	}
}

static void hooks_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_hooks_result *hooks = &box->reply.hooks;
	uint64_t status = (uint64_t)hooks->status;
	uint16_t len = (uint16_t)strnlen(hooks->output, sizeof(hooks->output) - 1);

	xt_wire_unsigned(w, &hooks->line);
	xt_wire_size(w, &hooks->at);
	xt_wire_int(w, &hooks->error);
	xt_wire_u64(w, &status);
	hooks->status = (int64_t)status;
	xt_wire_int(w, &hooks->signal);
	xt_wire_u16(w, &len);
	xt_wire_expect(w, len < sizeof(hooks->output));
	if (!xt_wire_reads(w) || w->in->error == 0)
		xt_wire_bytes(w, hooks->output, len);
}

static void defaults_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	XT_WIRE_BELOW(w, box->reply.routes.defaults, 4);
}

static void bound_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_reply *r = &box->reply;

	xt_wire_u64(w, &r->bound.floor);
	xt_wire_bool(w, &r->bound.stored);
	xt_records_wire(w, &r->bound.peers, &r->bound.n_peers);
}

static void resolved_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_reply *r = &box->reply;
	struct xt_endpoint *v = (struct xt_endpoint *)r->resolved.v;

	xt_wire_u32(w, &r->resolved.id);
	v = xt_wire_array(w, v, &r->resolved.n, sizeof(*v), 7);
	for (size_t i = 0; i < r->resolved.n; i++)
		xt_wire_endpoint(w, &v[i]);
	r->resolved.v = v;
	box->memory = v;
}

/* --- a file that was read --- */

static void reload_fields(struct xt_wire *w, struct xt_reload *reload)
{
	xt_wire_bool(w, &reload->accepted);
	xt_conf_wire(w, &reload->file);
	policy_fields(w, &reload->policy);
	xt_wire_u32(w, &reload->mark);
	xt_wire_bool(w, &reload->without_ipv6);
	xt_wire_string(w, &reload->findings, FINDINGS_MAX);
	xt_wire_string(w, &reload->path, PATH_MAX_LEN);
}

static void reload_wire(struct xt_wire *w, struct xt_reply_box *box)
{
	struct xt_reload *reload = box->reply.reload;
	bool present = reload != NULL;

	xt_wire_bool(w, &present);
	if (xt_wire_reads(w)) {
		reload = present ? calloc(1, sizeof(*reload)) : NULL;
		if (present && !reload)
			w->in->error = XT_E_NOMEM;
		box->reply.reload = box->reload = reload;
	}
	if (reload)
		reload_fields(w, reload);
}

/* --- all of them --- */

/* always  the fields are there with an error too */
static const struct row {
	reply_fields *fields;
	bool always;
} rows[XT_REQUESTS] = {
    [XT_REQUEST_RUN_DIRECTORY] = {remedy_wire, true},
    [XT_REQUEST_TUN_OPEN] = {tun_wire, false},
    [XT_REQUEST_TUN_REMOVE] = {none_wire, false},
    [XT_REQUEST_STATE] = {none_wire, false},
    [XT_REQUEST_POLICY] = {policy_wire, false},
    [XT_REQUEST_KEYLOG] = {fd_wire, false},
    [XT_REQUEST_UDP_OPEN] = {udp_wire, false},
    [XT_REQUEST_UDP_MARK] = {none_wire, false},
    [XT_REQUEST_LISTEN] = {fd_wire, false},
    [XT_REQUEST_SOCKET_REMOVE] = {none_wire, false},
    [XT_REQUEST_FIREWALL] = {none_wire, false},
    [XT_REQUEST_LINK] = {mtu_wire, false},
    [XT_REQUEST_LINK_RESTORE] = {none_wire, false},
    [XT_REQUEST_ROUTE_MTU] = {none_wire, false},
    [XT_REQUEST_DNS] = {none_wire, false},
    [XT_REQUEST_UNDO] = {none_wire, false},
    [XT_REQUEST_LINK_UNDO] = {none_wire, false},
    [XT_REQUEST_ADDRESSES] = {addresses_wire, false},
    [XT_REQUEST_HOOKS] = {hooks_wire, true},
    [XT_REQUEST_CONF_SAVE] = {none_wire, false},
    [XT_REQUEST_RELOAD_READ] = {reload_wire, true},
    [XT_REQUEST_RELOAD_STEP] = {none_wire, false},
    [XT_REQUEST_RELOAD_UNDO] = {none_wire, false},
    [XT_REQUEST_RELOAD_COMMIT] = {mtu_wire, false},
    [XT_REQUEST_RELOAD_END] = {none_wire, false},
    [XT_REQUEST_ROUTES] = {defaults_wire, true},
    [XT_REQUEST_DETACH] = {none_wire, false},
    [XT_REQUEST_NAME_FILE] = {none_wire, false},
    [XT_REQUEST_NOTIFY] = {none_wire, false},
    [XT_REQUEST_BOUND_READ] = {bound_wire, true},
    [XT_REQUEST_BOUND_WRITE] = {none_wire, false},
    [XT_REQUEST_PEERS_WRITE] = {none_wire, false},
    [XT_REQUEST_RESOLVE] = {resolved_wire, true},
    [XT_REQUEST_WATCH] = {watch_wire, false},
    [XT_REQUEST_UPGRADE] = {fd_wire, false},
    [XT_REQUEST_UPGRADE_END] = {none_wire, false},
    [XT_REQUEST_TAKE_OVER] = {none_wire, false},
};

static bool kind_known(enum xt_request_kind kind)
{
	return (unsigned)kind < XT_REQUESTS && rows[kind].fields;
}

static void reply_wire(struct xt_wire *w, struct xt_reply_box *box, enum xt_request_kind kind)
{
	char *text = (char *)box->reply.text;

	xt_wire_int(w, &box->reply.error);
	xt_wire_expect(w, box->reply.error <= 0);
	xt_wire_string(w, &text, TEXT_MAX);
	box->reply.text = box->text = text;
	if (box->reply.error == 0 || rows[kind].always)
		rows[kind].fields(w, box);
}

int xt_reply_encode(struct xt_secbuf *out, int *fds, size_t *n_fds, enum xt_request_kind kind,
		    const struct xt_reply *reply)
{
	struct xt_wire w = {.out = out};
	struct xt_reply_box view = {.reply = *reply, .tun_fd = -1};

	if (!kind_known(kind))
		return XT_E_UNSUPPORTED;
	if (kind == XT_REQUEST_TUN_OPEN && reply->error == 0) {
		view.tun_fd = xt_tun_fd(reply->tun.v);
		memcpy(view.name, reply->tun.v->name, sizeof(view.name));
	}
	reply_wire(&w, &view, kind);
	memcpy(fds, w.fds, w.n_fds * sizeof(*fds));
	*n_fds = w.n_fds;
	return xt_wire_finish(&w);
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void xt_reply_release(enum xt_request_kind kind, const struct xt_reply *reply)
{
	if (kind == XT_REQUEST_BOUND_READ)
		free(reply->bound.peers);
	if (reply->error < 0)
		return;
	if (kind == XT_REQUEST_ADDRESSES)
		free(reply->addresses.v);
	if (kind == XT_REQUEST_KEYLOG || kind == XT_REQUEST_LISTEN || kind == XT_REQUEST_UPGRADE)
		fd_close(reply->fd);
	if (kind == XT_REQUEST_WATCH)
		fd_close(reply->watch.fd);
	if (kind == XT_REQUEST_UDP_OPEN) {
		fd_close(reply->udp.fd[0]);
		fd_close(reply->udp.fd[1]);
	}
}

void xt_reply_box_clear(struct xt_reply_box *box)
{
	if (box->reload && box->reply.reload == box->reload) {
		xt_reload_clear(box->reload, NULL);
		free(box->reload);
	}
	free(box->memory);
	free(box->text);
	free(box->remedy);
	memset(box, 0, sizeof(*box));
	box->tun_fd = -1;
}

/* After a failure: what would be the receiver's, but the descriptors. */
static void reply_forget(struct xt_reply_box *box, enum xt_request_kind kind)
{
	if (kind == XT_REQUEST_BOUND_READ)
		free(box->reply.bound.peers);
	if (kind == XT_REQUEST_ADDRESSES && box->reply.error == 0)
		free(box->reply.addresses.v);
	xt_reply_box_clear(box);
}

int xt_reply_decode(struct xt_reply_box *out, enum xt_request_kind kind, const void *data,
		    size_t len, int *fds, size_t n_fds)
{
	struct xt_wire_in in = XT_WIRE_IN(data, len);
	struct xt_wire w = {.in = &in, .n_fds = n_fds};
	int rc;

	memset(out, 0, sizeof(*out));
	out->tun_fd = -1;
	if (!kind_known(kind) || n_fds > XT_WIRE_FDS)
		return XT_E_INVALID;
	if (n_fds > 0)
		memcpy(w.fds, fds, n_fds * sizeof(*fds));
	reply_wire(&w, out, kind);
	rc = xt_wire_finish(&w);
	if (rc < 0)
		reply_forget(out, kind);
	else
		for (size_t i = 0; i < n_fds; i++)
			fds[i] = -1;
	return rc;
}

/* --- events --- */

static void event_wire(struct xt_wire *w, struct xt_host_event *event)
{
	XT_WIRE_BELOW(w, event->kind, XT_HOST_STATUS + 1);
	XT_WIRE_BELOW(w, event->lost.which, XT_SOCKETS);
	xt_wire_unsigned(w, &event->lost.attempt);
}

int xt_host_event_encode(struct xt_secbuf *out, const struct xt_host_event *event)
{
	struct xt_wire w = {.out = out};
	struct xt_host_event view = *event;

	event_wire(&w, &view);
	return xt_wire_finish(&w);
}

int xt_host_event_decode(struct xt_host_event *out, const void *data, size_t len)
{
	struct xt_wire_in in = XT_WIRE_IN(data, len);
	struct xt_wire w = {.in = &in};

	memset(out, 0, sizeof(*out));
	event_wire(&w, out);
	return xt_wire_finish(&w);
}
