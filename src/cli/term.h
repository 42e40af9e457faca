/* The terminal: colour and the standard streams. */
#ifndef XT_CLI_TERM_H
#define XT_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/message.h"

/* Colour on this stream: a terminal, no NO_COLOR, no TERM=dumb; WG_COLOR_MODE always|never wins. */
bool xt_term_color(FILE *stream);

/* Descriptors 0 to 2 that the caller left closed become /dev/null, so that no socket of ours gets
 * such a number and hears what is said. Before anything else is opened. */
void xt_term_open(void);

/* Flushes stdout: status, or 1 with a sentence when what was printed did not arrive. */
int xt_term_finish(int status);

#endif
