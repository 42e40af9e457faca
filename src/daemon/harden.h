/* SPDX-License-Identifier: MIT */
/* What keeps keys inside of this process. */
#ifndef XT_DAEMON_HARDEN_H
#define XT_DAEMON_HARDEN_H

/* No core dump, and no tracer of the same user. Before a key is read or made. */
void xt_process_harden(void);

#endif
