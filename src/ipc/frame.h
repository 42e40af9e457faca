/* SPDX-License-Identifier: MIT */
/* Where a request ends in the bytes that a client sent. Pure. */
#ifndef XT_IPC_FRAME_H
#define XT_IPC_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* A line of the configuration protocol is at most 110 bytes; one above this bound is refused before
 * its end has come. */
#define XT_FRAME_UAPI_LINE_MAX 8192u
#define XT_FRAME_TOO_LONG      SIZE_MAX

enum xt_framing {
	XT_FRAME_LINE, /* one line; the server removes its '\n' */
	XT_FRAME_UAPI, /* "set=1" with the lines up to and including an empty one; "get=1" with
			* one more byte; anything else at once, as far as received */
};

/* Length of the first request with its end mark; 0: not complete; XT_FRAME_TOO_LONG: XT_FRAME_UAPI
 * with a line above the bound. *scanned: bytes that earlier
 * calls have searched, 0 for a new request; since then bytes may only have been appended. */
size_t xt_frame(enum xt_framing framing, const char *buf, size_t len, size_t *scanned);

#endif
