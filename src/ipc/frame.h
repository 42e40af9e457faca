/* Where a request ends in what a client sent. Pure. */
#ifndef XT_IPC_FRAME_H
#define XT_IPC_FRAME_H

#include <stddef.h>

enum xt_framing {
	XT_FRAME_LINE, /* a request is one line; handed over without its '\n' */
	XT_FRAME_UAPI, /* "set=1" and lines up to an empty one, handed over with it; "get=1" and
			* the one byte behind it; of anything else what is there, at once */
};

/* Length of the first request with its end mark, or 0: not whole yet. *scanned: how far was looked
 * before, 0 for a new request; buf may have grown since, not changed. */
size_t xt_frame(enum xt_framing framing, const char *buf, size_t len, size_t *scanned);

#endif
