/* SPDX-License-Identifier: MIT */
/* `xtunnel service`: instances as services of Windows. */
#ifndef XT_CLI_CMD_SERVICE_WINDOWS_H
#define XT_CLI_CMD_SERVICE_WINDOWS_H

#include <stdbool.h>

/* true: the arguments are of this verb, which is done: exit with *status. */
bool xt_service_verb(int argc, char **argv, int *status);

#endif
