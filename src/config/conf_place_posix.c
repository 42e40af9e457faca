/* SPDX-License-Identifier: MIT */
/* The directories of configuration files that wg-quick(8) has too. */
#include "config/conf_place.h"

#include <stdio.h>

#include "base/bytes.h"

bool xt_conf_place(unsigned i, char *out, size_t cap)
{
	static const char *const places[] = {"/etc/xtunnel", "/etc/wireguard"};

	if (i >= XT_LEN(places))
		return false;
	snprintf(out, cap, "%s", places[i]);
	return true;
}

const char *xt_conf_places_text(void)
{
	return "/etc/xtunnel and /etc/wireguard";
}

bool xt_path_is_absolute(const char *path)
{
	return path[0] == '/';
}
