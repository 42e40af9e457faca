/* SPDX-License-Identifier: MIT */
/* What a process says of itself to the system, and waiting for one that is no child. */
#ifndef XT_PLATFORM_PROCESS_H
#define XT_PLATFORM_PROCESS_H

/* A descriptor that becomes readable when that process ends. -errno (-ESRCH: it has ended);
 * -ENOSYS: the system has none. */
int xt_process_watch(long pid);

/* The name in lists of processes, of which the system may show 15 bytes only. */
void xt_process_name(const char *name);

/* No core dump of this process, and no tracer of the same user, as far as the system has a way. */
void xt_process_hide(void);

#endif
