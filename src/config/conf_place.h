/* SPDX-License-Identifier: MIT */
/* Where configuration files are, and what a path looks like (conf_place_posix.c,
 * conf_place_windows.c). */
#ifndef XT_CONFIG_CONF_PLACE_H
#define XT_CONFIG_CONF_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* The directories of NAME.conf, best first: i = 0, 1 ... false: no more. */
bool xt_conf_place(unsigned i, char *out, size_t cap);
/* The same as words of a message: "/etc/xtunnel and /etc/wireguard". */
const char *xt_conf_places_text(void);

/* path is not relative to a directory. */
bool xt_path_is_absolute(const char *path);

#endif
