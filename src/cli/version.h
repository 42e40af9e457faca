/* SPDX-License-Identifier: MIT */
/* The version of the program and those of its libraries. */
#ifndef XT_CLI_VERSION_H
#define XT_CLI_VERSION_H

#include <stdbool.h>
#include <stdio.h>

/* As lines of text, or as one JSON object: version-1 in docs/schema. */
void xt_version_print(FILE *out, bool json);

#endif
