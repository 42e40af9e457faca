/* SPDX-License-Identifier: MIT */
/* Pings sent by the instance, requested at the control socket and answered line by line. */
#ifndef XT_DAEMON_PINGER_UV_H
#define XT_DAEMON_PINGER_UV_H

#include <jansson.h>
#include <uv.h>

#include "ipc/control_uv.h"
#include "tunnel/loop_uv.h"
#include "tunnel/tunnel.h"

struct xt_pinger;

/* done is called once, perhaps before the call returns; the report is the receiver's. */
typedef void xt_pinger_reported(void *ctx, int error, struct xt_report *report);
typedef void xt_pinger_report(void *ctx, xt_pinger_reported *done, void *done_ctx);

/* Why a peer does not answer: an object with "code" and "sentence", the caller's; NULL: not known.
 */
typedef json_t *xt_pinger_why(const void *ctx, const struct xt_public *peer);

/* tunnel and loop are borrowed until stop; report(ctx, …) makes a report of the tunnel. XT_E_NOMEM.
 */
int xt_pinger_new(struct xt_pinger **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  struct xt_loop *loop, xt_pinger_report *report, xt_pinger_why *why, void *ctx);

/* msg  {"do":"ping","peer":TEXT,"count":N,"size":N,"interval_ms":N,"timeout_ms":N,"why":BOOL}; peer
 *      is a Name, a public key or its beginning, or an inner address; count 0: without end
 * answers: {"peer":…,"address":…,"size":N}, then for each {"seq":N,"rtt_us":N,"size":N} (with
 * "duplicate":true where it is one) or {"seq":N,"lost":true}, at the end {"end":true}. With why,
 * what the callback of that name returns, after 5 s of silence and at an end without any reply.
 * 0, also when an error was answered. */
int xt_pinger_start(struct xt_pinger *pinger, struct xt_control_request *request,
		    const json_t *msg);
/* The client of request has gone. */
void xt_pinger_cancel(struct xt_pinger *pinger, struct xt_control_request *request);
/* true: it answers one of ours. */
bool xt_pinger_pong(struct xt_pinger *pinger, const struct xt_pong *pong);
/* Ends all; frees once the loop has run on. NULL is fine. */
void xt_pinger_stop(struct xt_pinger *pinger);

#endif
