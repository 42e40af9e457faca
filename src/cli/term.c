/* SPDX-License-Identifier: MIT */
/* The terminal: colour, standard streams. */
#include "cli/term.h"

#include <errno.h>
#include <fcntl.h>
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

int xt_term_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE) /* the reader closed the pipe on purpose */
		return status;
	return xt_fail(status ? status : 1, "standard output: %s", strerror(errno));
}

void xt_term_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
