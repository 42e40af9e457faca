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

/* The signals by which a user or the system ends a verb that waits; 0: no more. */
#define XT_END_SIGNALS 4
extern const int xt_end_signals[XT_END_SIGNALS];

/* Print how to run the verb with the rights that it lacked. */
void xt_rights_hint(const char *verb);

/* The errno of a write to standard output that stdio made on its own, whose error is lost. */
int xt_term_output_error(void);

#endif
