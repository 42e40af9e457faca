/* What is said to people. */
#include "cli/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 2, 0))) static void say(const char *head, const char *format,
						      va_list list)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, list);
	for (char *p = line; *p; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
			*p = '?';
	}
	fprintf(stderr, "%s%s\n", head, line);
}

void xt_say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say("xtunnel: ", format, list);
	va_end(list);
}

int xt_fail(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say("xtunnel: ", format, list);
	va_end(list);
	return status;
}

void xt_hint(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say("  ", format, list);
	va_end(list);
}

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
	if (errno == EPIPE) /* the reader has seen enough */
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
