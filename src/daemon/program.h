/* SPDX-License-Identifier: MIT */
/* Which file a process runs. */
#ifndef XT_DAEMON_PROGRAM_H
#define XT_DAEMON_PROGRAM_H

#include <stddef.h>

/* A word that is another one after the file was replaced; "" if it is not known. */
void xt_program_id(char *out, size_t cap);

#endif
