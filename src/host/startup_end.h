/* SPDX-License-Identifier: MIT */
/* The end of a phase that the start of an instance counts: base/startup.h. */
#ifndef XT_HOST_STARTUP_END_H
#define XT_HOST_STARTUP_END_H

/* The phase is over, and messages may follow: wait until its line is off the terminal, at most for
 * XT_STARTUP_CLEAR_MS. */
#define XT_STARTUP_CLEAR_MS 300
void xt_startup_end(void);

#endif
