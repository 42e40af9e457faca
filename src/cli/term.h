/* SPDX-License-Identifier: MIT */
/* The terminal: colour, and whether what was printed has arrived. */
#ifndef XT_CLI_TERM_H
#define XT_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/message.h"

/* Colour on this stream: a terminal, no NO_COLOR, no TERM=dumb; WG_COLOR_MODE always|never wins. */
bool xt_term_color(FILE *stream);

/* Flush stdout. false: what was printed did not arrive; a verb that prints until it is interrupted
 * ends then. */
bool xt_term_flush(void);

/* Flush stdout at the end of the program: status, or 1 with a sentence when what was printed did
 * not arrive. A reader that closed its pipe is no error. */
int xt_term_finish(int status);

#endif
