/* SPDX-License-Identifier: MIT */
/* What a shell may put in place of a word of the command line: conf/completions. */
#ifndef XT_CLI_COMPLETE_H
#define XT_CLI_COMPLETE_H

#include "cli/args.h"

/* The first word after xtunnel that asks for it. */
#define XT_COMPLETE_VERB "__complete"

/* Print on stdout what begins with the last of the n words that follow `xtunnel`: a line for each,
 * "WORD<TAB>description". A line ":files" or ":dirs" says that names of files or directories fit as
 * well. Prints no error, and asks running instances with an observer's rights only. */
void xt_complete(const struct xt_verb *table, int n, char **words);

#endif
