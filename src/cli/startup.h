/* SPDX-License-Identifier: MIT */
/* What a system asks of a program before its arguments are looked at, and of its standard streams
 * (startup_posix.c, startup_windows.c). */
#ifndef XT_CLI_STARTUP_H
#define XT_CLI_STARTUP_H

#include <stdbool.h>

/* Arguments in UTF-8, standard streams open and binary. false: the system has had this process do
 * something else, which is done: exit with *status. */
bool xt_startup(int *argc, char ***argv, int *status);

/* The verb that starts an instance by its name, for hints: where there is no `up`, it is `run`. */
extern const char xt_start_verb[];

/* The errno of a write to standard output that stdio made on its own, whose error is lost. */
int xt_term_output_error(void);

#endif
