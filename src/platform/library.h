/* SPDX-License-Identifier: MIT */
/* Shared libraries loaded at run time, so that a package does not depend on them. */
#ifndef XT_PLATFORM_LIBRARY_H
#define XT_PLATFORM_LIBRARY_H

#include <stdbool.h>

/* file: a name that the dynamic linker finds. NULL: there is none. */
void *xt_library_load(const char *file);
void *xt_library_symbol(void *library, const char *name); /* NULL: there is none */
void xt_library_unload(void *library);
/* The name of the file, with its version, of a loaded library whose file name begins with prefix.
 * false: there is none. */
#define XT_LIBRARY_FILE 256
bool xt_library_file(const char *prefix, char out[XT_LIBRARY_FILE]);
/* Drop the pages of code of the loaded libraries whose file name begins with prefix. The system
 * reads a page again when it runs: the start of a library touches far more of it than is used
 * later. */
void xt_library_trim(const char *prefix);

#endif
