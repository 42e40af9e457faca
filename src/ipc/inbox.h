/* What a client has sent and nobody has handled yet. It may hold keys: all that is given back is
 * wiped. */
#ifndef XT_IPC_INBOX_H
#define XT_IPC_INBOX_H

#include <stdbool.h>
#include <stddef.h>

struct xt_inbox {
	char *buf;
	size_t len, cap;
};

/* Room for at least one more byte, at most max in all. false: full, or no memory. */
bool xt_inbox_room(struct xt_inbox *inbox, size_t max);
void xt_inbox_take(struct xt_inbox *inbox, size_t n); /* the first n bytes are done with */
void xt_inbox_clear(struct xt_inbox *inbox);

#endif
