/* SPDX-License-Identifier: MIT */
/* Standard streams of Unix. */
#include "cli/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/message.h"

const char xt_start_verb[] = "up";
const int xt_end_signals[XT_END_SIGNALS] = {SIGTERM, SIGINT};

void xt_rights_hint(const char *verb)
{
	xt_hint("run it as root: sudo xtunnel %s ...", verb);
}

/* The error of a write that stdio made on its own is lost, but a pipe still says that its reader
 * has left. */
int xt_term_output_error(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) ? EPIPE : EIO;
}

/* Open /dev/null for those of the descriptors 0 to 2 that the caller left closed, so that no socket
 * gets such a number and receives messages. Writes to a closed stdout go on failing. */
static void streams_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Read only: a write to an output that the caller closed must fail. */
		int mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
			return;
	}
}

bool xt_startup(int *argc, char ***argv, int *status)
{
	(void)argc;
	(void)argv;
	(void)status;
	signal(SIGPIPE, SIG_IGN);
	streams_open();
	return true;
}
