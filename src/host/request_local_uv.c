/* SPDX-License-Identifier: MIT */
/* Where an instance is one process no other one carries its requests out. */
#include "host/request_remote_uv.h"

#include <xtunnel/error.h>

int xt_requests_connect(struct xt_requests **out, struct uv_loop_s *loop, int fd,
			const struct xt_requests_options *options, void (*gone)(void *ctx),
			void *ctx)
{
	(void)out;
	(void)loop;
	(void)fd;
	(void)options;
	(void)gone;
	(void)ctx;
	return XT_E_UNSUPPORTED;
}
