/* SPDX-License-Identifier: MIT */
/* Shared libraries by LoadLibrary: beside the program or in the system's folder, never found by a
 * search through the current folder or PATH. */
#include "platform/library.h"

#include <string.h>

#include "platform/windows/system_windows.h"

#define PATH 1024

void *xt_library_load(const char *file)
{
	wchar_t name[PATH], path[PATH];

	if (!xt_win_wide(name, PATH, file) || strpbrk(file, "/\\:") ||
	    !xt_win_beside(path, PATH, name))
		return NULL;
	if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
		return LoadLibraryExW(
		    path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
	return LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

void *xt_library_symbol(void *library, const char *name)
{
	FARPROC found = GetProcAddress(library, name);
	void *symbol;

	memcpy(&symbol, &found, sizeof(symbol));
	return symbol;
}

void xt_library_unload(void *library)
{
	(void)FreeLibrary(library);
}

bool xt_library_file(const char *prefix, char out[XT_LIBRARY_FILE])
{
	(void)prefix;
	(void)out;
	return false;
}

/* Windows shares and trims the pages of libraries itself. */
void xt_library_trim(const char *prefix)
{
	(void)prefix;
}
