/* SPDX-License-Identifier: MIT */
/* A stream whose text is read when it is closed. */
#ifndef XT_PLATFORM_TEXT_STREAM_H
#define XT_PLATFORM_TEXT_STREAM_H

#include <stddef.h>
#include <stdio.h>

struct xt_text_stream {
	FILE *file; /* to be written to, not to be closed */
	char *text; /* the rest is the stream's */
	size_t len;
};

/* 0 or -errno. */
int xt_text_stream_open(struct xt_text_stream *stream);
/* *text: with a NUL behind its len bytes, to be freed; NULL after an error. 0 or -errno. */
int xt_text_stream_close(struct xt_text_stream *stream, char **text, size_t *len);

#endif
