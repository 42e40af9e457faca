/* SPDX-License-Identifier: MIT */
/* The terminal: colour, standard streams. */
#include "cli/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "cli/startup.h"

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

bool xt_term_flush(void)
{
	int error = fflush(stdout) == 0 ? 0 : errno;

	if (!error && !ferror(stdout))
		return true;
	if (!output_error)
		output_error = error ? error : xt_term_output_error();
	return false;
}

int xt_term_finish(int status)
{
	if (xt_term_flush() || output_error == EPIPE) /* EPIPE: the reader has left on purpose */
		return status;
	return xt_fail(status ? status : 1, "standard output: %s", strerror(output_error));
}
