/* SPDX-License-Identifier: MIT */
/* Arguments and consoles of Windows in UTF-8, and the program as a service. */
#include "cli/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "cli/cmd_service_windows.h"
#include "daemon/exit.h"
#include "platform/windows/system_windows.h"

#include <shellapi.h>

#define CTRL_BREAK 21 /* SIGBREAK of the C library */

const char xt_start_verb[] = "run";

/* SIGHUP: the console is closed. A service is ended in another way. */
const int xt_end_signals[XT_END_SIGNALS] = {SIGINT, CTRL_BREAK, SIGHUP, SIGTERM};

void xt_rights_hint(const char *verb)
{
	xt_hint("xtunnel %s takes an administrator: start the console by \"Run as administrator\"",
		verb);
}

/* A path has / between its parts in this program. A \ has no other meaning in an argument: neither
 * names of interfaces and peers nor keys and addresses hold one. */
static void slashes_set(char *text)
{
	for (; *text; text++)
		if (*text == '\\')
			*text = '/';
}

/* The C library's have been through the code page of the process. They live as long as it. */
static bool arguments_read(int *argc, char ***argv)
{
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argc);
	char **out = wide ? calloc((size_t)*argc + 1, sizeof(*out)) : NULL;

	for (int i = 0; out && i < *argc; i++) {
		size_t len = 3 * wcslen(wide[i]) + 1;

		out[i] = malloc(len);
		if (!out[i] || !xt_win_utf8(out[i], len, wide[i]))
			return false;
		slashes_set(out[i]);
	}
	LocalFree(wide);
	*argv = out;
	return out != NULL;
}

/* A line end is one byte, as on every other system: keys and JSON are compared byte by byte. What
 * is written to standard error is there at once, also in a file. */
static void streams_open(void)
{
	(void)setvbuf(stderr, NULL, _IONBF, 0);
	for (int fd = 0; fd <= 2; fd++)
		(void)_setmode(fd, _O_BINARY);
	(void)SetConsoleOutputCP(CP_UTF8);
	(void)SetConsoleCP(CP_UTF8);
}

bool xt_startup(int *argc, char ***argv, int *status)
{
	streams_open();
	if (!arguments_read(argc, argv)) {
		*status = xt_fail(XT_EXIT_USAGE, "the command line is not well-formed Unicode");
		return false;
	}
	return !xt_service_verb(*argc, *argv, status);
}

/* A pipe whose reader has left. */
int xt_term_output_error(void)
{
	return EPIPE;
}
