/* SPDX-License-Identifier: MIT */
/* The loaded libraries of macOS, by its dynamic linker. */
#include <mach-o/dyld.h>
#include <stdlib.h>
#include <string.h>

#include "platform/library.h"

bool xt_library_file(const char *prefix, char out[XT_LIBRARY_FILE])
{
	for (uint32_t i = 0; i < _dyld_image_count(); i++) {
		const char *path = _dyld_get_image_name(i);
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (slash && strncmp(slash + 1, prefix, strlen(prefix)) == 0 &&
		    strlen(slash + 1) < XT_LIBRARY_FILE) {
			strcpy(out, slash + 1);
			return true;
		}
	}
	return false;
}

/* Pages of code are shared with every program that has the library in use. */
void xt_library_trim(const char *prefix)
{
	(void)prefix;
}
