/* SPDX-License-Identifier: MIT */
/* Text to standard error that never makes a running instance wait for its reader. */
#ifndef XT_HOST_STDERR_H
#define XT_HOST_STDERR_H

#include <stdbool.h>
#include <stddef.h>

#define XT_STDERR_BUFFER (1024u * 1024u) /* bytes that wait for the reader at most */

/* From now on a thread writes what xt_output_put gets, from any thread: the lines are queued; what
 * does not fit is dropped and counted, and the count follows as a line of its own as soon as there
 * is room. fork() only before this call, or together with exec. Lines that wait at exit() get half
 * a second. 0 or -errno: writing stays direct. */
int xt_stderr_start(void);
/* Everything that was put has been written or dropped. */
bool xt_stderr_idle(void);
/* Wait for that, for ms at most. */
void xt_stderr_flush(unsigned ms);
/* The present standard error is to be closed once the lines put so far have been written; what is
 * put later is discarded. The caller replaces descriptor 2 itself. No effect before the start. */
void xt_stderr_close(void);
/* Called on the thread that writes, whenever nothing waits any more. Before the start. */
void xt_stderr_on_idle(void (*idle)(void));
/* Lines dropped since the start. */
unsigned long xt_stderr_lost(void);

#endif
