/* SPDX-License-Identifier: MIT */
/* The version of the program and those of its libraries. */
#ifndef XT_CLI_VERSION_H
#define XT_CLI_VERSION_H

#include <stdio.h>

void xt_version_print(FILE *out);

#endif
