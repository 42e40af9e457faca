/* SPDX-License-Identifier: MIT */
/* The terminal: colour, standard streams. */
#include "cli/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"

bool xt_term_color(FILE *stream)
{
	const char *mode = getenv("WG_COLOR_MODE"), *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (mode && strcmp(mode, "always") == 0)
		return true;
	if ((mode && strcmp(mode, "never") == 0) || (none && *none))
		return false;
	return term && strcmp(term, "dumb") != 0 && isatty(fileno(stream));
}

static int output_error; /* of the first flush of stdout that failed */

/* The error of a write that stdio made on its own is lost, but a pipe still says that its reader
 * has left. */
static int output_error_find(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) ? EPIPE : EIO;
}

bool xt_term_flush(void)
{
	int error = fflush(stdout) == 0 ? 0 : errno;

	if (!error && !ferror(stdout))
		return true;
	if (!output_error)
		output_error = error ? error : output_error_find();
	return false;
}

int xt_term_finish(int status)
{
	if (xt_term_flush() || output_error == EPIPE) /* EPIPE: the reader has left on purpose */
		return status;
	return xt_fail(status ? status : 1, "standard output: %s", strerror(output_error));
}

void xt_term_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Read only: a write to an output that the caller closed must fail. */
		int mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
			return;
	}
}
