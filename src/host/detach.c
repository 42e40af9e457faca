/* SPDX-License-Identifier: MIT */
/* The end of starting: the byte for the parent process, and the standard streams. */
#include "host/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/log_relay.h"
#include "host/log_sink.h"
#include "host/stderr.h"

#define FLUSH_MS    200 /* a reader that has stopped does not get its last lines */
#define RELAY_READS 16

/* The parent process ends with the byte, so the lines until then go first. */
static bool ready_signal(int ready)
{
	bool delivered;

	(void)xt_log_flush(FLUSH_MS);
	delivered = write(ready, "R", 1) == 1;
	close(ready);
	return delivered;
}

void xt_streams_close(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	xt_stderr_close();
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

int xt_detach(int ready, bool quiet)
{
	bool delivered;

	/* What another process sent before it asked for this. */
	for (int i = 0; i < RELAY_READS; i++)
		(void)xt_log_relay_read();
	delivered = ready < 0 || ready_signal(ready);
	/* Until here no packet waits for a reader of standard error, and lines keep their order
	 * with those of the parent process. /dev/null never blocks. */
	if (quiet) {
		xt_streams_close();
		xt_log_sink_detach();
	} else {
		(void)xt_stderr_start();
	}
	return delivered ? 0 : -EPIPE;
}
