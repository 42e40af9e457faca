/* SPDX-License-Identifier: MIT */
/* Shared libraries loaded at run time, so that a package does not depend on them. */
#ifndef XT_PLATFORM_LIBRARY_H
#define XT_PLATFORM_LIBRARY_H

/* file: a name that the dynamic linker finds. NULL: there is none. */
void *xt_library_load(const char *file);
void *xt_library_symbol(void *library, const char *name); /* NULL: there is none */
void xt_library_unload(void *library);
/* Drop the pages of code of the loaded libraries whose file name begins with prefix. The system
 * reads a page again when it runs: the start of a library touches far more of it than is used
 * later. */
void xt_library_trim(const char *prefix);

#endif
