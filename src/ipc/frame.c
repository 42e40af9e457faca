/* Where a request ends: lines, and the configuration protocol's two forms. */
#include "ipc/frame.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

/* "get=1" and the byte that must be a line end; what is neither get nor set, as it is. 0: "set=1",
 * or not known yet. */
static size_t frame_uapi(const char *buf, size_t len)
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

size_t xt_frame(enum xt_framing framing, const char *buf, size_t len, size_t *scanned)
{
	bool blank = framing == XT_FRAME_UAPI;
	size_t n = blank && len ? frame_uapi(buf, len) : 0;

	if (n)
		return n;
	while (*scanned < len) {
		const char *newline = memchr(buf + *scanned, '\n', len - *scanned);

		if (!newline) {
			*scanned = len;
			return 0;
		}
		size_t at = (size_t)(newline - buf);
		*scanned = at; /* whoever asks again gets the same answer */
		if (!blank || (at > 0 && buf[at - 1] == '\n'))
			return at + 1;
		*scanned = at + 1;
	}
	return 0;
}
