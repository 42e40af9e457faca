/* SPDX-License-Identifier: MIT */
/* Where a request ends: lines, and the two forms of the configuration protocol. */
#include "ipc/frame.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

/* Length of a get, or of bytes that are neither get nor set. 0: a set, or undecided. */
static size_t uapi_short_frame(const char *buf, size_t len)
{
	static const char get[] = "get=1\n", set[] = "set=1\n";
	const size_t n = sizeof(get) - 1;
	size_t have = XT_MIN(len, n);

	if (memcmp(buf, set, have) == 0)
		return 0;
	if (memcmp(buf, get, have) != 0)
		return len;
	return len > n ? n + 1 : 0;
}

/* Is the line that holds the byte before at, and ends before end, above the bound? */
static bool line_is_too_long(const char *buf, size_t at, size_t end)
{
	size_t back = XT_MIN(at, XT_FRAME_UAPI_LINE_MAX + 1);
	const char *newline = back ? xt_text_last(buf + at - back, '\n', back) : NULL;
	size_t from = newline ? (size_t)(newline - buf) + 1 : at - back;

	return end - from > XT_FRAME_UAPI_LINE_MAX;
}

size_t xt_frame(enum xt_framing framing, const char *buf, size_t len, size_t *scanned)
{
	bool blank = framing == XT_FRAME_UAPI;
	size_t n = blank && len ? uapi_short_frame(buf, len) : 0;

	if (n)
		return n;
	while (*scanned < len) {
		const char *newline = memchr(buf + *scanned, '\n', len - *scanned);
		size_t end = newline ? (size_t)(newline - buf) : len;

		if (blank && line_is_too_long(buf, *scanned, end))
			return XT_FRAME_TOO_LONG;
		if (!newline) {
			*scanned = len;
			return 0;
		}
		*scanned = end; /* a second call returns the same length */
		if (!blank || (end > 0 && buf[end - 1] == '\n'))
			return end + 1;
		*scanned = end + 1;
	}
	return 0;
}
