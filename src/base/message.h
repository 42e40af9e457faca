/* SPDX-License-Identifier: MIT */
/* Sentences for the person at the terminal, on standard error; of an instance whose log goes
 * elsewhere (base/log.h), with it. */
#ifndef XT_BASE_MESSAGE_H
#define XT_BASE_MESSAGE_H

#include <stddef.h>

#include "base/log.h"
#include "base/printf.h"

/* Print "xtunnel: ", the sentence and a line end. What is not printable (xt_text_clean) appears
 * as '?'. */
void xt_message(const char *format, ...) XT_PRINTF(1, 2);
/* As xt_message; returns status, so that a verb can end by `return xt_fail(XT_EXIT_USAGE, ...);` */
int xt_fail(int status, const char *format, ...) XT_PRINTF(2, 3);
/* Print whole lines as they are; to a log that goes elsewhere, each is a message of that level. */
void xt_message_lines(enum xt_log_level level, const char *text, size_t len);
/* Print an indented line that names the next step. */
void xt_hint(const char *format, ...) XT_PRINTF(1, 2);

#endif
