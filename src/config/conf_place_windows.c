/* SPDX-License-Identifier: MIT */
/* %ProgramData%\xtunnel. Paths have / between their parts, which Windows takes as well: the
 * program's arguments are converted (cli/arguments_windows.c). */
#include "config/conf_place.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/windows/places_windows.h"

bool xt_conf_place(unsigned i, char *out, size_t cap)
{
	return i == 0 && xt_win_data_dir(out, cap, "");
}

const char *xt_conf_places_text(void)
{
	return "%ProgramData%\\xtunnel";
}

bool xt_path_is_absolute(const char *path)
{
	return path[0] == '/' || (path[0] && path[1] == ':' && path[2] == '/');
}
