/* SPDX-License-Identifier: MIT */
/* Shared libraries by dlopen. */
#include <dlfcn.h>

#include "platform/library.h"

void *xt_library_load(const char *file)
{
	return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

void *xt_library_symbol(void *library, const char *name)
{
	return dlsym(library, name);
}

void xt_library_unload(void *library)
{
	(void)dlclose(library);
}
