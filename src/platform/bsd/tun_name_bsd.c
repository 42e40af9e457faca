/* SPDX-License-Identifier: MIT */
/* Names of TUN interfaces: a word, and a number without leading zeros. */
#include <string.h>

#include "platform/bsd/tun_bsd.h"

#define UNIT_MAX 32766 /* the largest number of a device that all three systems take */

bool tun_bsd_unit(const char *name, const char *prefix, int *unit)
{
	size_t len = strlen(prefix);
	long number = 0;

	if (strncmp(name, prefix, len) != 0)
		return false;
	name += len;
	*unit = TUN_BSD_ANY;
	if (!*name)
		return true;
	if (name[0] == '0' && name[1])
		return false; /* "tun07" is no name of an interface */
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return false;
		number = number * 10 + (*name - '0');
		if (number > UNIT_MAX)
			return false;
	}
	*unit = (int)number;
	return true;
}
