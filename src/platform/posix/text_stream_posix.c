/* SPDX-License-Identifier: MIT */
/* The C library's stream in memory. */
#include "platform/text_stream.h"

#include <errno.h>
#include <stdlib.h>

int xt_text_stream_open(struct xt_text_stream *stream)
{
	*stream = (struct xt_text_stream){0};
	stream->file = open_memstream(&stream->text, &stream->len);
	return stream->file ? 0 : -errno;
}

int xt_text_stream_close(struct xt_text_stream *stream, char **text, size_t *len)
{
	int rc = fclose(stream->file) == 0 ? 0 : -errno;

	*text = stream->text;
	*len = stream->len;
	if (rc == 0)
		return 0;
	free(stream->text);
	*text = NULL;
	return rc;
}
