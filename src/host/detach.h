/* SPDX-License-Identifier: MIT */
/* An instance that is ready leaves the program that started it. */
#ifndef XT_HOST_DETACH_H
#define XT_HOST_DETACH_H

#include <stdbool.h>

/* Everything printed so far is written first, for a moment at most. Then standard error never makes
 * the instance wait any more.
 * ready  -1, or gets one byte and is closed
 * quiet  standard output and error become /dev/null; otherwise a thread writes standard error
 * -EPIPE: the byte was not delivered */
int xt_detach(int ready, bool quiet);

/* Standard output and error become /dev/null. */
void xt_streams_close(void);

#endif
