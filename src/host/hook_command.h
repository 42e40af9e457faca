/* SPDX-License-Identifier: MIT */
/* How a command of the configuration file is given to a shell: a hook or PrivateKeyCommand. */
#ifndef XT_HOST_HOOK_COMMAND_H
#define XT_HOST_HOOK_COMMAND_H

#include <stdbool.h>

/* command with the interface's name for each %i, to be freed; NULL: no memory. */
char *xt_hook_expand(const char *command, const char *name);

/* The arguments of bash, or of sh where there is no bash, end with NULL and point to command. */
#define XT_HOOK_ARGS 9
void xt_hook_args(const char *args[XT_HOOK_ARGS], bool bash, const char *command);

#endif
