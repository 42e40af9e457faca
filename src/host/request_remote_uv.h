/* SPDX-License-Identifier: MIT */
/* Requests over a channel: the side that asks. What carries them out is another process. */
#ifndef XT_HOST_REQUEST_REMOTE_UV_H
#define XT_HOST_REQUEST_REMOTE_UV_H

#include <uv.h>

#include "host/request.h"

/* Kinds of messages beside those of requests and their answers, which are enum xt_request_kind. */
enum {
	XT_MESSAGE_CANCEL = 0x1000, /* to the host: xt_request_cancel; 4 bytes: the kind */
	XT_MESSAGE_EVENT,	    /* from the host: a struct xt_host_event */
};

/* Bytes of a message: a configuration of 100,000 peers, and records of as many. */
#define XT_MESSAGE_MAX (128u << 20)

/* fd       of a channel (host/channel_uv.h) to a process that carries requests out; taken, also
 *          when it fails
 * options  as for xt_requests_open; listen and the other functions of the host are not used
 * gone     the other process has ended: nothing is answered any more
 * XT_E_NOMEM, -errno. The requests are used and closed like others. */
int xt_requests_connect(struct xt_requests **out, struct uv_loop_s *loop, int fd,
			const struct xt_requests_options *options, void (*gone)(void *ctx),
			void *ctx);

#endif
