/* SPDX-License-Identifier: MIT */
/* Requests and replies as bytes and descriptors of a message. The message has the kind beside them.
 * Lengths are exact, and so is the number of descriptors.
 *
 * A few things are the host's to know, so they do not pass: the descriptor of TUN_OPEN's request,
 * of CONF_SAVE all but the values of the device (host/save.h), of RELOAD_READ and ROUTES all of the
 * report but the allowed IPs of ROUTES. */
#ifndef XT_HOST_REQUEST_WIRE_H
#define XT_HOST_REQUEST_WIRE_H

#include "host/request.h"
#include "host/wire.h"

/* Networks of one message, peers of one, and so on: far more than an instance has. */
#define XT_REQUEST_ITEMS_MAX (1u << 20)

/* What a request or a reply points to, and its descriptors, are its box's. A zeroed box may be
 * cleared.
 * request  valid until clear. What xt_request takes over is not cleared: a request that is not
 *          carried out is released first */
struct xt_request_box {
	struct xt_request request;
	void *memory;
};

/* reply    as the function of a request gets it: what is the receiver's then is not cleared. Also
 *          reply.reload, once it was set to NULL.
 * tun_fd   TUN_OPEN: the descriptor, the receiver's; reply.tun.v is NULL until it makes the device
 *          of it (xt_tun_open)
 * name     TUN_OPEN: of the interface */
struct xt_reply_box {
	struct xt_reply reply;
	int tun_fd;
	char name[16];
	struct xt_reload *reload;
	void *memory;
	char *text, *remedy;
};

/* out is appended to; fds has room for XT_WIRE_FDS and gets descriptors that stay the caller's. 0;
 * XT_E_NOMEM, XT_E_FULL, XT_E_UNSUPPORTED (the kind has no description): nothing is to be sent. */
int xt_request_encode(struct xt_secbuf *out, int *fds, size_t *n_fds,
		      const struct xt_request *request);
int xt_reply_encode(struct xt_secbuf *out, int *fds, size_t *n_fds, enum xt_request_kind kind,
		    const struct xt_reply *reply);
/* kind may be any number. 0: the descriptors are the box's, and fds are set to -1. XT_E_INVALID:
 * it is no such request or reply; XT_E_NOMEM: the box is empty, fds stay the caller's. */
int xt_request_decode(struct xt_request_box *out, enum xt_request_kind kind, const void *data,
		      size_t len, int *fds, size_t n_fds);
int xt_reply_decode(struct xt_reply_box *out, enum xt_request_kind kind, const void *data,
		    size_t len, int *fds, size_t n_fds);
void xt_request_box_clear(struct xt_request_box *box);
void xt_reply_box_clear(struct xt_reply_box *box);

/* Free what the carrier of a request takes over (after it was encoded, or when it was refused), and
 * what the receiver of a reply does (after it was sent on); but for the TUN device. */
void xt_request_release(const struct xt_request *request);
void xt_reply_release(enum xt_request_kind kind, const struct xt_reply *reply);

/* Records of peers, as part of a message. */
void xt_records_wire(struct xt_wire *w, struct xt_peer_memory **v, size_t *n);

int xt_host_event_encode(struct xt_secbuf *out, const struct xt_host_event *event);
int xt_host_event_decode(struct xt_host_event *out, const void *data, size_t len);

#endif
