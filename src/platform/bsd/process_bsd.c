/* SPDX-License-Identifier: MIT */
/* Processes of FreeBSD and OpenBSD. A queue of kernel events is a descriptor that can be waited for
 * like any other. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
/* sys/types.h comes first. */
#include <sys/event.h>
#include <unistd.h>

#include "platform/fd.h"
#include "platform/process.h"

int xt_process_watch(long pid)
{
	struct kevent event;
	int rc, queue = kqueue(); /* no program inherits one */

	if (queue < 0)
		return -errno;
	EV_SET(&event, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
	if (kevent(queue, &event, 1, NULL, 0, NULL) == 0)
		return queue;
	rc = -errno;
	close(queue);
	return rc;
}

void xt_process_name(const char *name)
{
	setproctitle("%s", name);
}

/* Both systems keep other users' processes from tracing this one; of the same user only on OpenBSD
 * (kern.global_ptrace). */
void xt_process_hide(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}
