/* A buffer that grows by moving and forgets what it held. */
#include "ipc/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

#define FIRST 1024
#define KEEP  (64u << 10)

/* No realloc: requests hold keys. */
bool xt_inbox_room(struct xt_inbox *inbox, size_t max)
{
	size_t cap = inbox->cap ? XT_MIN(inbox->cap * 2, max) : XT_MIN((size_t)FIRST, max);
	char *buf;

	if (inbox->len < inbox->cap)
		return true;
	buf = cap > inbox->cap ? malloc(cap) : NULL;
	if (!buf)
		return false;
	struct xt_inbox old = *inbox;
	if (old.len)
		memcpy(buf, old.buf, old.len);
	*inbox = (struct xt_inbox){buf, old.len, cap};
	xt_inbox_clear(&old);
	return true;
}

void xt_inbox_take(struct xt_inbox *inbox, size_t n)
{
	inbox->len -= n;
	memmove(inbox->buf, inbox->buf + n, inbox->len);
	xt_wipe(inbox->buf + inbox->len, n);
	if (inbox->len == 0 && inbox->cap > KEEP)
		xt_inbox_clear(inbox);
}

void xt_inbox_clear(struct xt_inbox *inbox)
{
	if (inbox->buf)
		xt_wipe(inbox->buf, inbox->cap);
	free(inbox->buf);
	*inbox = (struct xt_inbox){0};
}
